/** WAV files of PCM16 mono, read strictly and written plainly. Every other format is refused, never guessed at. */

import { asBuffer } from '../base/bytes.ts';
import { DemoError } from './error.ts';

export interface Wav {
  readonly sampleRateHz: number;
  readonly samples: Int16Array;
}

const MAX_WAV_BYTES = 64 * 1024 * 1024;
const MAX_CHUNKS = 32;
const PCM = 1;

/*
 *  0      4        8      12           16        20
 *  | RIFF | size   | WAVE | chunk name | length  | body, padded to even | next chunk ...
 *  "fmt " body: format(2) channels(2) rate(4) bytes/s(4) block(2) bits(2)
 */

/** Reads a whole file. Throws `WAV_INVALID` unless it is exactly one well-formed PCM16 mono recording. */
export function readWav(bytes: Uint8Array): Wav {
  const file = asBuffer(bytes);
  if (file.length < 12 || file.length > MAX_WAV_BYTES) throw invalid('size is out of range');
  if (name(file, 0) !== 'RIFF' || name(file, 8) !== 'WAVE') throw invalid('is not RIFF WAVE');
  if (file.readUInt32LE(4) !== file.length - 8) throw invalid('length does not match its header');
  let sampleRateHz: number | undefined;
  let samples: Int16Array | undefined;
  for (const chunk of chunksOf(file)) {
    if (chunk.name === 'fmt ') {
      if (sampleRateHz !== undefined) throw invalid('has two format chunks');
      sampleRateHz = readFormat(chunk.body);
    } else if (chunk.name === 'data') {
      if (sampleRateHz === undefined) throw invalid('has data before its format');
      if (samples) throw invalid('has two data chunks');
      samples = bytesToSamples(chunk.body);
    }
  }
  if (sampleRateHz === undefined || !samples) throw invalid('lacks format or data');
  return { sampleRateHz, samples };
}

/** Writes the shortest file that says the same: 44 bytes of header, then the samples. */
export function writeWav(wav: Wav): Buffer {
  const pcm = samplesToBytes(wav.samples);
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + pcm.length, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(PCM, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(wav.sampleRateHz, 24);
  header.writeUInt32LE(wav.sampleRateHz * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(pcm.length, 40);
  return Buffer.concat([header, pcm]);
}

/** PCM S16LE bytes as samples; an odd length is refused. */
export function bytesToSamples(bytes: Uint8Array): Int16Array {
  if (bytes.length % 2 !== 0) throw invalid('ends inside a sample');
  const buffer = asBuffer(bytes);
  const samples = new Int16Array(bytes.length / 2);
  for (let at = 0; at < samples.length; at += 1) samples[at] = buffer.readInt16LE(at * 2);
  return samples;
}

export function samplesToBytes(samples: Int16Array): Buffer {
  const bytes = Buffer.alloc(samples.length * 2);
  samples.forEach((sample, at) => bytes.writeInt16LE(sample, at * 2));
  return bytes;
}

interface Chunk {
  readonly name: string;
  readonly body: Buffer;
}

function chunksOf(file: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  let at = 12;
  while (at < file.length) {
    if (chunks.length === MAX_CHUNKS) throw invalid('has too many chunks');
    if (at + 8 > file.length) throw invalid('ends inside a chunk header');
    const length = file.readUInt32LE(at + 4);
    const end = at + 8 + length;
    if (end > file.length) throw invalid('ends inside a chunk');
    chunks.push({ name: name(file, at), body: file.subarray(at + 8, end) });
    at = end + (length % 2);
  }
  if (at !== file.length) throw invalid('lacks the padding of its last chunk');
  return chunks;
}

function readFormat(body: Buffer): number {
  if (body.length !== 16) throw invalid('has a format chunk of another kind');
  const rate = body.readUInt32LE(4);
  const isPcm16Mono = body.readUInt16LE(0) === PCM && body.readUInt16LE(2) === 1 && body.readUInt16LE(14) === 16;
  if (!isPcm16Mono) throw invalid('is not PCM16 mono');
  if (rate < 8000 || rate > 48_000) throw invalid('has an unusual sample rate');
  if (body.readUInt32LE(8) !== rate * 2 || body.readUInt16LE(12) !== 2) throw invalid('contradicts itself');
  return rate;
}

function name(file: Buffer, at: number): string {
  return file.toString('latin1', at, at + 4);
}

function invalid(reason: string): DemoError {
  return new DemoError('WAV_INVALID', `the WAV file ${reason}`);
}
