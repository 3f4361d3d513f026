import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PayloadDecoder } from '../../../src/governance/audio/payload-decoder.ts';
import type { PayloadFact } from '../../../src/model/call.ts';

const MAP: readonly PayloadFact[] = [
  { payloadType: 0, encoding: 'PCMU', clockRateHz: 8000 },
  { payloadType: 9, encoding: 'G722', clockRateHz: 8000 },
  { payloadType: 101, encoding: 'telephone-event', clockRateHz: 8000 },
  { payloadType: 111, encoding: 'other', clockRateHz: 48_000 },
];
const PAYLOAD = new Uint8Array(160).fill(0xff);

test('payloads are decoded by the map, at the rate of their codec', () => {
  const decoder = new PayloadDecoder(MAP);

  expect(decoder.decode(0, PAYLOAD)).toMatchObject({ kind: 'audio', sampleRateHz: 8000, pcm: new Int16Array(160) });
  expect(decoder.decode(9, PAYLOAD)).toMatchObject({ kind: 'audio', sampleRateHz: 16_000, clockRateHz: 8000 });
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
