import fc from 'fast-check';
import { expect, test } from 'vitest';
import { G722Decoder } from '../../../src/protocol/codec/g722-decoder.ts';
import { G722Encoder } from '../../../src/protocol/codec/g722-encoder.ts';
import { snrDb, speechLikeNoise, tone } from './tones.ts';

/** Both QMFs together delay by 22 samples. */
const DELAY = 22;

// [signal, samples, bound]: two dB under what was measured; an independent implementation gives the same bytes.
test.each([
  ['300 Hz', tone(300, 16_000), 59],
  ['1 kHz', tone(1000, 16_000), 45],
  ['3 kHz', tone(3000, 16_000), 39],
  ['6 kHz', tone(6000, 16_000), 25],
  ['speech-like noise', speechLikeNoise(32_000), 20],
] as const)('%s survives encoding and decoding', (_name, sent, boundDb) => {
  const heard = new G722Decoder().decode(new G722Encoder().encode(sent));

  expect(heard.length).toBe(sent.length);
  expect(snrDb(sent, heard, DELAY)).toBeGreaterThan(boundDb);
});

test('silence decodes to silence', () => {
  const heard = new G722Decoder().decode(new G722Encoder().encode(new Int16Array(3200)));

  expect(Math.max(...heard.subarray(1600).map(Math.abs))).toBeLessThan(8);
});

test('cutting a stream into packets changes neither its bytes nor its samples', () => {
  const sent = speechLikeNoise(1600);
  const whole = new G722Encoder().encode(sent);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 8 }), (sizes) => {
      const encoder = new G722Encoder();
      const decoder = new G722Decoder();

      const packets = cut(sent, sizes).map((pcm) => encoder.encode(pcm));
      const heard = packets.flatMap((packet) => [...decoder.decode(packet)]);

      expect(Buffer.concat(packets)).toEqual(Buffer.from(whole));
      expect(heard).toEqual([...new G722Decoder().decode(whole)]);
    }),
    { numRuns: 30 },
  );
});

test('any bytes decode, and the decoder finds its way back to speech after them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (noise) => {
      const decoder = new G722Decoder();
      const sent = tone(1000, 16_000);

      const junk = decoder.decode(noise);
      const heard = decoder.decode(new G722Encoder().encode(sent));

      expect(junk.length).toBe(noise.length * 2);
      expect(snrDb(sent.subarray(8000), heard.subarray(8000), DELAY)).toBeGreaterThan(20);
    }),
    { numRuns: 20 },
  );
});

test('one decoder does not hear what another was given', () => {
  const encoded = new G722Encoder().encode(tone(1000, 320));
  const other = new G722Decoder();
  other.decode(Uint8Array.from({ length: 160 }, (_, i) => i));

  expect(new G722Decoder().decode(encoded)).toEqual(new G722Decoder().decode(encoded));
  expect(other.decode(encoded)).not.toEqual(new G722Decoder().decode(encoded));
});

function cut(pcm: Int16Array, sizes: readonly number[]): Int16Array[] {
  const parts: Int16Array[] = [];
  let at = 0;
  for (const size of sizes) {
    parts.push(pcm.subarray(at, at + size));
    at = Math.min(pcm.length, at + size);
  }
  parts.push(pcm.subarray(at));
  return parts;
}
