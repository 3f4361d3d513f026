/** What is to be played and when, as frames of samples: recordings one after another, silence between and after. */

import { assert } from '../../base/assert.ts';

const MAX_CUES = 64;

interface Cue {
  readonly startFrame: number;
  readonly endFrame: number;
  readonly samples: Int16Array;
  readonly onPlayed: () => void;
}

export class Cues {
  readonly #frameSamples: number;
  #cues: Cue[] = [];
  #endFrame = 0;

  constructor(frameSamples: number) {
    this.#frameSamples = frameSamples;
  }

  /** Plays `samples` from frame `startFrame` on, or after what is already waiting; resolves once its last frame was taken. */
  add(samples: Int16Array, startFrame: number): Promise<void> {
    assert(this.#cues.length < MAX_CUES, 'too many recordings wait to be played');
    const start = Math.max(startFrame, this.#endFrame);
    this.#endFrame = start + Math.ceil(samples.length / this.#frameSamples);
    const { promise, resolve } = withResolver();
    this.#cues.push({ startFrame: start, endFrame: this.#endFrame, samples, onPlayed: resolve });
    if (samples.length === 0) this.#settle(start);
    return promise;
  }

  /** The samples of one frame; frames are taken in order. */
  take(frame: number): Int16Array {
    const samples = new Int16Array(this.#frameSamples);
    const cue = this.#cues.find((one) => one.startFrame <= frame && frame < one.endFrame);
    if (cue) {
      const from = (frame - cue.startFrame) * this.#frameSamples;
      samples.set(cue.samples.subarray(from, from + this.#frameSamples));
    }
    this.#settle(frame + 1);
    return samples;
  }

  /** Nothing more is played: whoever waits for the end of a recording waits no longer. */
  clear(): void {
    this.#settle(Infinity);
  }

  #settle(nextFrame: number): void {
    const done = this.#cues.filter((cue) => cue.endFrame <= nextFrame);
    if (done.length === 0) return;
    this.#cues = this.#cues.filter((cue) => cue.endFrame > nextFrame);
    for (const cue of done) cue.onPlayed();
  }
}

function withResolver(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
