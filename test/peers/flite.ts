/** A synthetic voice that real recognisers understand: flite's `rms` at 16 kHz. What it says is the caller's choice. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readWav, type Wav } from '../../src/demo/wav.ts';

const RATE_HZ = 16_000;
const LIMIT_MS = 10_000;

/** Sentences, each after a pause that ends an utterance, and silence at the end up to `lengthMs`. */
export function speak(program: string, sentences: readonly string[], lengthMs: number): Wav {
  const pause = new Int16Array(RATE_HZ);
  const spoken = sentences.flatMap((sentence) => [pause, speakOne(program, sentence)]);
  const samples = new Int16Array((lengthMs * RATE_HZ) / 1000);
  let at = 0;
  for (const part of spoken) {
    samples.set(part, at);
    at += part.length;
  }
  return { sampleRateHz: RATE_HZ, samples };
}

/** The same sentence again and again, for `lengthMs`. */
export function repeat(program: string, sentence: string, lengthMs: number): Wav {
  const once = speakOne(program, sentence);
  const samples = new Int16Array((lengthMs * RATE_HZ) / 1000);
  for (let at = 0; at + once.length <= samples.length; at += once.length + RATE_HZ / 2) samples.set(once, at);
  return { sampleRateHz: RATE_HZ, samples };
}

function speakOne(program: string, sentence: string): Int16Array {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-voice-'));
  try {
    const file = join(folder, 'voice.wav');
    execFileSync(program, ['-voice', 'rms', '-t', sentence, '-o', file], { timeout: LIMIT_MS });
    return readWav(readFileSync(file)).samples;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
