import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PayloadDecoder } from '../../../src/governance/audio/payload-decoder.ts';
import type { PayloadFact } from '../../../src/model/call.ts';

const MAP: readonly PayloadFact[] = [
  { payloadType: 0, encoding: 'PCMU', clockRateHz: 8000 },
  { payloadType: 9, encoding: 'G722', clockRateHz: 8000 },
  { payloadType: 101, encoding: 'telephone-event', clockRateHz: 8000 },
  { payloadType: 11, encoding: 'L16', clockRateHz: 44_100 },
  { payloadType: 96, encoding: 'L16', clockRateHz: 16_000 },
  { payloadType: 111, encoding: 'other', clockRateHz: 48_000 },
];
const PAYLOAD = new Uint8Array(160).fill(0xff);

test('payloads are decoded by the map, at the rate of their codec', () => {
  const decoder = new PayloadDecoder(MAP);

  expect(decoder.decode(0, PAYLOAD)).toMatchObject({ kind: 'audio', sampleRateHz: 8000, pcm: new Int16Array(160) });
  expect(decoder.decode(9, PAYLOAD)).toMatchObject({ kind: 'audio', sampleRateHz: 16_000, clockRateHz: 8000 });
});

test('linear samples have the rate and the clock of their map, and half a sample is none', () => {
  const decoder = new PayloadDecoder([...MAP, { payloadType: 97, encoding: 'L16', clockRateHz: 48_000 }]);
  const wire = Uint8Array.of(0x01, 0x00, 0xff, 0xff);

  for (const [payloadType, rateHz] of [
    [11, 44_100],
    [96, 16_000],
  ] as const) {
    const decoded = decoder.decode(payloadType, wire);

    expect(decoded).toEqual({ kind: 'audio', sampleRateHz: rateHz, clockRateHz: rateHz, pcm: Int16Array.of(256, -1) });
  }
  expect(decoder.decode(96, Uint8Array.of(1))).toEqual({ kind: 'no_audio' });
  expect(decoder.decode(97, wire)).toEqual({ kind: 'undecodable', clockRateHz: 48_000 });
});

test('a codec we do not have is undecodable, with the clock its map gives it', () => {
  expect(new PayloadDecoder(MAP).decode(111, PAYLOAD)).toEqual({ kind: 'undecodable', clockRateHz: 48_000 });
});

test('a payload type that the map does not name is not guessed at, however well known', () => {
  expect(new PayloadDecoder(MAP).decode(8, PAYLOAD)).toEqual({ kind: 'undecodable', clockRateHz: 8000 });
});

test('keypad digits, comfort noise and empty packets are never audio', () => {
  const decoder = new PayloadDecoder(MAP);

  expect(decoder.decode(101, PAYLOAD)).toEqual({ kind: 'no_audio' });
  expect(decoder.decode(13, PAYLOAD)).toEqual({ kind: 'no_audio' });
  expect(decoder.decode(0, new Uint8Array(0))).toEqual({ kind: 'no_audio' });
});

test('a new map replaces the old one', () => {
  const decoder = new PayloadDecoder(MAP);

  decoder.setPayloads([{ payloadType: 8, encoding: 'PCMA', clockRateHz: 8000 }]);

  expect(decoder.decode(8, PAYLOAD).kind).toBe('audio');
  expect(decoder.decode(0, PAYLOAD).kind).toBe('undecodable');
});

test('no bytes under any payload type make it fail', () => {
  const decoder = new PayloadDecoder(MAP);
  fc.assert(
    fc.property(fc.nat({ max: 255 }), fc.uint8Array({ maxLength: 400 }), (payloadType, payload) => {
      const decoded = decoder.decode(payloadType, payload);

      if (decoded.kind === 'audio') expect(decoded.pcm.length).toBeGreaterThan(0);
    }),
  );
});
