/**
 * Two engines that recognise nothing. One says its lines when the audio time of each has passed; the other knows the
 * demo's own recordings by their loudness over time. Both are labelled `scripted` wherever their text is shown.
 */

import { spreadWords, type Heard, type Hearing, type RecogniserKind, type SpeechEngine } from './engine.ts';
import { Utterances, type Utterance } from './utterances.ts';

export interface ScriptedLine {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

export interface KnownUtterance {
  readonly text: string;
  readonly samples: Int16Array;
}

const SCRIPTED: { readonly kind: RecogniserKind; readonly sampleRatesHz: readonly number[] } = {
  kind: 'scripted',
  sampleRatesHz: [8000, 16_000],
};
const ENVELOPE_BINS = 48;
const MAX_LENGTH_DIFFERENCE_MS = 200;
const MIN_LIKENESS = 0.9;

/** Says each line once the audio given passes its end. `linesFor` gets the number of the connection, from 0. */
export function createScriptedEngine(linesFor: (connection: number) => readonly ScriptedLine[]): SpeechEngine {
  let connections = 0;
  return {
    ...SCRIPTED,
    open: (sampleRateHz, onHeard) => followScript(linesFor(connections++), sampleRateHz, onHeard),
    settled: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}

/** Says the known text whose recording is most like the utterance; an utterance like none of them is passed over. */
export function createRecordingsEngine(recordings: readonly KnownUtterance[], sampleRateHz: number): SpeechEngine {
  const known = recordings.map(({ text, samples }) => ({
    text,
    lengthMs: (samples.length * 1000) / sampleRateHz,
    envelope: envelopeOf(samples),
  }));
  const match = (utterance: Utterance, rateHz: number): string | undefined => {
    const samples = spokenPart(utterance, rateHz);
    const envelope = envelopeOf(samples);
    const lengthMs = (samples.length * 1000) / rateHz;
    const ranked = known
      .filter((one) => Math.abs(one.lengthMs - lengthMs) <= MAX_LENGTH_DIFFERENCE_MS)
      .map((one) => ({ text: one.text, likeness: likeness(one.envelope, envelope) }))
      .sort((a, b) => b.likeness - a.likeness);
    return ranked[0] && ranked[0].likeness >= MIN_LIKENESS ? ranked[0].text : undefined;
  };
  return {
    ...SCRIPTED,
    open: (rateHz, onHeard) => matchUtterances(rateHz, match, onHeard),
    settled: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}

function followScript(lines: readonly ScriptedLine[], sampleRateHz: number, onHeard: (heard: Heard) => void): Hearing {
  const waiting = [...lines].sort((a, b) => a.endMs - b.endMs);
  let sampleCount = 0;
  return {
    push(samples) {
      sampleCount += samples.length;
      const nowMs = (sampleCount * 1000) / sampleRateHz;
      for (let next = waiting[0]; next && next.endMs <= nowMs; next = waiting[0]) {
        waiting.shift();
        onHeard({ text: next.text, words: spreadWords(next.text, next.startMs, next.endMs) });
      }
    },
    finish: () => Promise.resolve(),
    close: () => waiting.splice(0),
  };
}

function matchUtterances(
  rateHz: number,
  match: (utterance: Utterance, rateHz: number) => string | undefined,
  onHeard: (heard: Heard) => void,
): Hearing {
  const utterances = new Utterances(rateHz);
  const say = (utterance: Utterance): void => {
    const text = match(utterance, rateHz);
    if (text !== undefined) onHeard({ text, words: spreadWords(text, utterance.startMs, utterance.endMs) });
  };
  return {
    push: (samples) => utterances.push(samples).forEach(say),
    finish() {
      const last = utterances.finish();
      if (last) say(last);
      return Promise.resolve();
    },
    close: () => undefined,
  };
}

function spokenPart({ samples, offsetMs, startMs, endMs }: Utterance, rateHz: number): Int16Array {
  const at = (ms: number): number => Math.round(((ms - offsetMs) * rateHz) / 1000);
  return samples.subarray(at(startMs), at(endMs));
}

/** Loudness over time in equal parts, as a vector of length 1 about its mean: neither gain nor length matters. */
function envelopeOf(samples: Int16Array): number[] {
  const bins = new Array<number>(ENVELOPE_BINS).fill(0);
  samples.forEach((sample, at) => {
    const bin = Math.floor((at * ENVELOPE_BINS) / samples.length);
    bins[bin] = (bins[bin] ?? 0) + Math.abs(sample);
  });
  const mean = bins.reduce((sum, value) => sum + value, 0) / ENVELOPE_BINS;
  const centred = bins.map((value) => value - mean);
  const norm = Math.hypot(...centred) || 1;
  return centred.map((value) => value / norm);
}

function likeness(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}
