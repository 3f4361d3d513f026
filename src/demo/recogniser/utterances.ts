/** Cuts one stream of PCM16 into utterances at pauses, by energy alone. It never holds more than the longest utterance. */

export interface Utterance {
  /** Where speech was heard, in ms of the audio given so far. */
  readonly startMs: number;
  readonly endMs: number;
  /** Where `samples` begins: up to `MARGIN_FRAMES` before `startMs`. */
  readonly offsetMs: number;
  readonly samples: Int16Array;
}

const FRAME_MS = 20;
const PAUSE_FRAMES = 600 / FRAME_MS;
const MAX_FRAMES = 8000 / FRAME_MS;
/** How far back a forced cut looks for the quietest frame, so that it does not fall into a word. */
const CUT_SEARCH_FRAMES = 2000 / FRAME_MS;
const MARGIN_FRAMES = 200 / FRAME_MS;
const MIN_SPEECH_FRAMES = 100 / FRAME_MS;
/** RMS above which a frame counts as speech; coded silence of G.711 and G.722 stays below 20. */
const SPEECH_RMS = 200;

interface Frame {
  readonly samples: Int16Array;
  readonly rms: number;
}

export class Utterances {
  readonly #frameSamples: number;
  #rest = new Int16Array(0);
  #frames: Frame[] = [];
  /** Index in the whole stream of the first frame in `#frames`. */
  #firstFrame = 0;

  constructor(sampleRateHz: number) {
    this.#frameSamples = (sampleRateHz * FRAME_MS) / 1000;
  }

  /** Takes the next samples; returns the utterances that ended in them, in order. */
  push(samples: Int16Array): Utterance[] {
    const heard = new Int16Array(this.#rest.length + samples.length);
    heard.set(this.#rest);
    heard.set(samples, this.#rest.length);
    const ended: Utterance[] = [];
    let at = 0;
    for (; at + this.#frameSamples <= heard.length; at += this.#frameSamples) {
      const utterance = this.#pushFrame(heard.slice(at, at + this.#frameSamples));
      if (utterance) ended.push(utterance);
    }
    this.#rest = heard.slice(at);
    return ended;
  }

  /** No more audio comes: the utterance that was still going on, if any. */
  finish(): Utterance | undefined {
    return this.#take(this.#frames.length);
  }

  #pushFrame(samples: Int16Array): Utterance | undefined {
    this.#frames.push({ samples, rms: rmsOf(samples) });
    const started = this.#frames.findIndex(isSpeech);
    if (started === -1) {
      this.#forget(this.#frames.length - MARGIN_FRAMES);
      return undefined;
    }
    const quiet = this.#frames.length - 1 - this.#frames.findLastIndex(isSpeech);
    if (quiet >= PAUSE_FRAMES) return this.#take(this.#frames.length - quiet + MARGIN_FRAMES);
    if (this.#frames.length >= MAX_FRAMES) return this.#take(quietestCut(this.#frames));
    return undefined;
  }

  /** Cuts off the first `count` frames and returns what was said in them; a click is nothing said. */
  #take(count: number): Utterance | undefined {
    const frames = this.#frames.slice(0, count);
    const first = frames.findIndex(isSpeech);
    const last = frames.findLastIndex(isSpeech);
    const offset = this.#firstFrame;
    this.#forget(count);
    if (first === -1 || last - first + 1 < MIN_SPEECH_FRAMES) return undefined;
    return {
      startMs: (offset + first) * FRAME_MS,
      endMs: (offset + last + 1) * FRAME_MS,
      offsetMs: offset * FRAME_MS,
      samples: joinFrames(frames, this.#frameSamples),
    };
  }

  #forget(count: number): void {
    if (count <= 0) return;
    this.#frames.splice(0, count);
    this.#firstFrame += count;
  }
}

function isSpeech(frame: Frame): boolean {
  return frame.rms > SPEECH_RMS;
}

function rmsOf(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / samples.length);
}

function quietestCut(frames: readonly Frame[]): number {
  const from = frames.length - CUT_SEARCH_FRAMES;
  let best = frames.length;
  let bestRms = Infinity;
  frames.forEach((frame, at) => {
    if (at < from || frame.rms > bestRms) return;
    best = at + 1;
    bestRms = frame.rms;
  });
  return best;
}

function joinFrames(frames: readonly Frame[], frameSamples: number): Int16Array {
  const joined = new Int16Array(frames.length * frameSamples);
  frames.forEach((frame, at) => joined.set(frame.samples, at * frameSamples));
  return joined;
}
