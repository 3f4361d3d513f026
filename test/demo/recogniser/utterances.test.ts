import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Utterances, type Utterance } from '../../../src/demo/recogniser/utterances.ts';
import { join, silence, tone } from '../tone.ts';

const RATE = { sampleRateHz: 16_000 };

test('a pause of 600 ms ends an utterance and a shorter one does not', () => {
  const audio = join(
    tone({ ...RATE, lengthMs: 400 }),
    silence({ ...RATE, lengthMs: 500 }),
    tone({ ...RATE, lengthMs: 300 }),
    silence({ ...RATE, lengthMs: 620 }),
    tone({ ...RATE, lengthMs: 200 }),
  );

  const heard = hear([audio]);

  expect(heard.map(timesOf)).toEqual([
    [0, 1200],
    [1820, 2020],
  ]);
});

test('speech without a pause is cut at 8 s at the latest, at its quietest place', () => {
  const audio = join(
    tone({ ...RATE, lengthMs: 7000 }),
    silence({ ...RATE, lengthMs: 100 }),
    tone({ ...RATE, lengthMs: 3000 }),
  );

  const heard = hear([audio]);

  expect(heard.map(timesOf)).toEqual([
    [0, 7000],
    [7100, 10_100],
  ]);
});

test('a click and silence are nothing said', () => {
  const audio = join(
    silence({ ...RATE, lengthMs: 900 }),
    tone({ ...RATE, lengthMs: 40 }),
    silence({ ...RATE, lengthMs: 900 }),
  );

  expect(hear([audio])).toEqual([]);
});

test('how the audio is divided into messages never changes what is heard', () => {
  const audio = join(
    silence({ ...RATE, lengthMs: 350 }),
    tone({ ...RATE, lengthMs: 300 }),
    silence({ ...RATE, lengthMs: 700 }),
    tone({ ...RATE, lengthMs: 260 }),
  );
  const whole = hear([audio]).map(digestOf);

  fc.assert(
    fc.property(fc.array(fc.integer({ min: 100, max: 9000 }), { minLength: 1, maxLength: 20 }), (sizes) => {
      expect(hear(divide(audio, sizes)).map(digestOf)).toEqual(whole);
    }),
    { numRuns: 25 },
  );
});

function hear(parts: readonly Int16Array[]): Utterance[] {
  const utterances = new Utterances(RATE.sampleRateHz);
  const ended = parts.flatMap((part) => utterances.push(part));
  const last = utterances.finish();
  return last ? [...ended, last] : ended;
}

function timesOf({ startMs, endMs }: Utterance): [number, number] {
  return [startMs, endMs];
}

function digestOf(utterance: Utterance): string {
  const { samples, ...times } = utterance;
  return JSON.stringify(times) + createHash('sha256').update(samples).digest('hex');
}

function divide(audio: Int16Array, sizes: readonly number[]): Int16Array[] {
  const parts: Int16Array[] = [];
  for (let at = 0, turn = 0; at < audio.length; turn += 1) {
    const size = sizes[turn % sizes.length]!;
    parts.push(audio.slice(at, at + size));
    at += size;
  }
  return parts;
}
