import { expect, test } from 'vitest';
import { Utterances, type Utterance } from '../../src/demo/recogniser/utterances.ts';
import { loadRecording, SENTENCES, type Recording } from '../../src/demo/speech.ts';

const RECORDINGS: readonly Recording[] = ['agent-greeting', 'customer', 'agent-closing'];

test('the recordings are 16 kHz and small', () => {
  const seconds = RECORDINGS.map((recording) => loadRecording(recording).samples.length / 16_000);

  expect(RECORDINGS.map((recording) => loadRecording(recording).sampleRateHz)).toEqual([16_000, 16_000, 16_000]);
  expect(seconds.every((length) => length < 15)).toBe(true);
  expect(seconds.reduce((sum, length) => sum + length, 0) * 32_000).toBeLessThan(1_000_000);
});

test('each recording falls apart at its pauses into the sentences listed for it', () => {
  for (const recording of RECORDINGS) {
    const heard = utterancesOf(loadRecording(recording).samples);

    expect(heard.map(({ startMs, endMs }) => ({ startMs, endMs }))).toEqual(
      SENTENCES[recording].map(({ startMs, endMs }) => ({ startMs, endMs })),
    );
  }
});

function utterancesOf(samples: Int16Array): Utterance[] {
  const utterances = new Utterances(16_000);
  const ended = utterances.push(samples);
  const last = utterances.finish();
  return last ? [...ended, last] : ended;
}
