import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { G722Decoder } from '../../src/protocol/codec/g722-decoder.ts';
import { G722Encoder } from '../../src/protocol/codec/g722-encoder.ts';
import { speechLikeNoise, tone } from '../protocol/codec/tones.ts';
import { requirePeer } from './require-peer.ts';

const PCM = ['-f', 's16le', '-ar', '16000', '-ac', '1'];
const isMissing = requirePeer('ffmpeg') === undefined;

const signals = [
  ['a tone', tone(440, 16_000, 20_000)],
  ['speech-like noise', speechLikeNoise(32_000)],
  ['full-scale noise', Int16Array.from({ length: 16_000 }, (_, i) => (Math.imul(i + 1, 2_654_435_761) >> 16) | 0)],
] as const;

test.skipIf(isMissing).each(signals)('ffmpeg encodes %s into the same G.722 bytes', (_name, pcm) => {
  const theirs = run([...PCM, '-i', 'pipe:0', '-c:a', 'g722', '-f', 'g722', 'pipe:1'], Buffer.from(pcm.buffer));

  expect(Buffer.from(new G722Encoder().encode(pcm)).equals(theirs)).toBe(true);
});

test.skipIf(isMissing)('ffmpeg decodes every kind of byte into the same samples', () => {
  const payload = Buffer.from(Int32Array.from({ length: 5000 }, (_, i) => Math.imul(i + 7, 2_246_822_519)).buffer);

  const theirs = run(['-f', 'g722', '-i', 'pipe:0', '-f', 's16le', 'pipe:1'], payload);

  expect(Buffer.from(new G722Decoder().decode(payload).buffer).equals(theirs)).toBe(true);
});

function run(parameters: readonly string[], input: Buffer): Buffer {
  const result = spawnSync('ffmpeg', ['-loglevel', 'error', ...parameters], { input, maxBuffer: 1 << 24 });
  expect(result.status).toBe(0);
  return result.stdout;
}
