/** Chooses the engine this machine can offer: the real one when it works, else one that knows the demo's recordings. */

import { loadRecording, SENTENCES, type Recording } from '../speech.ts';
import type { RecogniserKind, SpeechEngine } from './engine.ts';
import { createPocketsphinxEngine, hasPocketsphinx, type PocketsphinxOptions } from './pocketsphinx.ts';
import { createRecordingsEngine, type KnownUtterance } from './scripted.ts';

const RECORDINGS: readonly Recording[] = ['agent-greeting', 'customer', 'agent-closing'];

/** `pocketsphinx` when it is installed with its model and answers; otherwise `scripted`. */
export async function findRecogniser(options: PocketsphinxOptions): Promise<RecogniserKind> {
  return (await hasPocketsphinx(options)) ? 'pocketsphinx' : 'scripted';
}

/** An engine of that kind for the demo's call. */
export function createEngine(kind: RecogniserKind, options: PocketsphinxOptions): Promise<SpeechEngine> {
  return kind === 'pocketsphinx' ? createPocketsphinxEngine(options) : Promise.resolve(createDemoEngine());
}

/** The scripted engine that knows every sentence of the committed recordings. */
export function createDemoEngine(): SpeechEngine {
  return createRecordingsEngine(RECORDINGS.flatMap(knownUtterances), 16_000);
}

function knownUtterances(recording: Recording): KnownUtterance[] {
  const { samples, sampleRateHz } = loadRecording(recording);
  return SENTENCES[recording].map(({ text, startMs, endMs }) => ({
    text,
    samples: samples.subarray((startMs * sampleRateHz) / 1000, (endMs * sampleRateHz) / 1000),
  }));
}
