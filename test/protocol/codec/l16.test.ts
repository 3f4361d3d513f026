import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createL16Decoder, createL16Encoder, isSampleRate } from '../../../src/protocol/codec/codec.ts';
import { decodeL16, encodeL16 } from '../../../src/protocol/codec/l16.ts';

test('samples are two bytes each, the high one first, signed', () => {
  const wire = Uint8Array.of(0x00, 0x00, 0x00, 0x01, 0x7f, 0xff, 0x80, 0x00, 0xff, 0xff, 0x12, 0x34);

  expect([...decodeL16(wire)]).toEqual([0, 1, 32767, -32768, -1, 0x1234]);
  expect(encodeL16(decodeL16(wire))).toEqual(wire);
});

test('half a sample at the end is left out, and nothing is nothing', () => {
  expect([...decodeL16(Uint8Array.of(0x01, 0x02, 0x03))]).toEqual([0x0102]);
  expect(decodeL16(Uint8Array.of(0x7f)).length).toBe(0);
  expect(decodeL16(new Uint8Array(0)).length).toBe(0);
});

test('what is encoded comes back as it was, from any place in a buffer', () => {
  fc.assert(
    fc.property(fc.int16Array({ maxLength: 400 }), fc.nat(7), (pcm, offset) => {
      const packet = Buffer.alloc(offset + pcm.length * 2);
      packet.set(encodeL16(pcm), offset);

      expect(decodeL16(packet.subarray(offset))).toEqual(pcm);
    }),
  );
});

test('a decoder says the rate it was made for, and there is none for rates we do not resample', () => {
  for (const rate of [8000, 16_000, 44_100] as const) {
    expect(createL16Decoder(rate).sampleRateHz).toBe(rate);
    expect(createL16Encoder(rate).sampleRateHz).toBe(rate);
  }
  expect([0, 11_025, 48_000, 96_000].filter(isSampleRate)).toEqual([]);
});
