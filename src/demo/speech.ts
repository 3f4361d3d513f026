/** The recordings spoken for this project, and what is said in them. They hold a test card number and nobody's data. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../base/package-root.ts';
import { readWav, type Wav } from './wav.ts';

export type Recording = 'agent-greeting' | 'customer' | 'agent-closing';

/** One sentence of a recording, as it stands in the file: times from its start, in ms. */
export interface Sentence {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** What is said in each recording, for a scripted recogniser and for tests. */
export const SENTENCES: Readonly<Record<Recording, readonly Sentence[]>> = {
  'agent-greeting': [{ text: 'good morning how can i help you today', startMs: 140, endMs: 2540 }],
  customer: [
    { text: 'hello i would like to pay my bill', startMs: 140, endMs: 2600 },
    {
      text: 'my card number is four one one one one one one one one one one one one one one one',
      startMs: 3380,
      endMs: 9120,
    },
    { text: 'that is all for today', startMs: 9900, endMs: 11260 },
  ],
  'agent-closing': [
    { text: 'one moment please', startMs: 140, endMs: 1300 },
    { text: 'your payment has been received', startMs: 2100, endMs: 3820 },
  ],
};

/** Reads one of the committed recordings: 16 kHz, PCM16, mono. */
export function loadRecording(recording: Recording): Wav {
  return readWav(readFileSync(join(packageRoot, 'src', 'demo', 'speech', `${recording}.wav`)));
}
