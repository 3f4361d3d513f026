import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createDecoder, createEncoder } from '../../../src/protocol/codec/codec.ts';

const everyCode = Uint8Array.from({ length: 256 }, (_, code) => code);
const everySample = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);

// Digests of the 256 little-endian samples that ffmpeg's and sox's G.711 decoders give for the bytes 0 to 255.
const DECODED_SHA256 = {
  PCMU: '3dab54339e520bb2c924826e3b72a917a2b612e9fd12fc867500f1d983a75827',
  PCMA: 'e04788d110e58ff8c70c93b8480190d973e3b67876b6119abbaec766cc75c174',
} as const;

test.each(['PCMU', 'PCMA'] as const)('%s decodes all 256 codes as other implementations do', (name) => {
  const pcm = createDecoder(name).decode(everyCode);

  expect(createHash('sha256').update(pcm).digest('hex')).toBe(DECODED_SHA256[name]);
});

test('the extremes and the zeros of µ-law are those of G.711', () => {
  const pcm = createDecoder('PCMU').decode(Uint8Array.of(0x00, 0x80, 0x7f, 0xff));

  expect([...pcm]).toEqual([-32124, 32124, 0, 0]);
});

test('the extremes and the smallest steps of A-law are those of G.711', () => {
  const pcm = createDecoder('PCMA').decode(Uint8Array.of(0x2a, 0xaa, 0x55, 0xd5));

  expect([...pcm]).toEqual([-32256, 32256, -8, 8]);
});

test.each(['PCMU', 'PCMA'] as const)('%s quantizes in order, never off by more than half a step', (name) => {
  const levels = [...new Set(createDecoder(name).decode(everyCode))].sort((a, b) => a - b);

  const heard = createDecoder(name).decode(createEncoder(name).encode(everySample));

  const wrong = everySample.filter((sample, i) => {
    const at = levels.indexOf(heard[i]!);
    if (at === 0 || at === levels.length - 1) return false;
    const step = Math.max(heard[i]! - levels[at - 1]!, levels[at + 1]! - heard[i]!);
    return Math.abs(heard[i]! - sample) > step / 2 || heard[i]! < heard[i - 1]!;
  });
  expect([...wrong]).toEqual([]);
});

test.each(['PCMU', 'PCMA'] as const)('%s brings every code back to itself', (name) => {
  const again = createEncoder(name).encode(createDecoder(name).decode(everyCode));

  const changed = [...everyCode].filter((code) => again[code] !== code);
  // µ-law alone has two zeros; the negative one comes back as the positive.
  expect(changed).toEqual(name === 'PCMU' ? [0x7f] : []);
});
