/**
 * Changes a stream's sample rate to 8 or 16 kHz. The one door to the resampling package; its memory is not
 * collected, so what is created must be closed.
 */

import loadSpeex, { type SpeexModule } from '@echogarden/speex-resampler-wasm';
import { assert } from '../../base/assert.ts';
import type { SampleRateHz } from '../../protocol/codec/codec.ts';

export interface Resampler {
  /** As many ms out as went in. The filter delays content by about 5 ms; positions ignore that. */
  resample(pcm: Int16Array): Int16Array;
  close(): void;
}

export interface Rates {
  readonly fromHz: SampleRateHz;
  readonly toHz: 8000 | 16000;
}

export type CreateResampler = (rates: Rates) => Resampler;

const QUALITY = 5;
/** A tap frame is at most 4 KiB, twice that many samples of G.722; longer input is done in parts. */
const MAX_INPUT_SAMPLES = 8192;
const SAMPLE_BYTES = 2;

/** Loads the module once per worker; afterwards a resampler is made without waiting. */
export async function loadResampler(): Promise<CreateResampler> {
  const speex = await loadSpeex();
  return (rates) => (rates.fromHz === rates.toHz ? passThrough : new SpeexResampler(speex, rates));
}

const passThrough: Resampler = { resample: (pcm) => pcm, close: () => undefined };

class SpeexResampler implements Resampler {
  readonly #speex: SpeexModule;
  readonly #state: number;
  /** One allocation: two lengths, the input, the output. */
  readonly #lengths: number;
  readonly #input: number;
  readonly #output: number;
  readonly #maxOutput: number;
  #isClosed = false;

  constructor(speex: SpeexModule, rates: Rates) {
    this.#speex = speex;
    this.#maxOutput = Math.ceil((MAX_INPUT_SAMPLES * rates.toHz) / rates.fromHz);
    this.#lengths = speex._malloc(8 + (MAX_INPUT_SAMPLES + this.#maxOutput) * SAMPLE_BYTES);
    assert(this.#lengths !== 0, 'the resampler has no memory left');
    this.#input = this.#lengths + 8;
    this.#output = this.#input + MAX_INPUT_SAMPLES * SAMPLE_BYTES;
    this.#state = speex._speex_resampler_init(1, rates.fromHz, rates.toHz, QUALITY, this.#lengths);
    assert(this.#state !== 0, 'the resampler refused its rates');
  }

  resample(pcm: Int16Array): Int16Array {
    assert(!this.#isClosed, 'a closed resampler was used');
    if (pcm.length <= MAX_INPUT_SAMPLES) return this.#process(pcm);
    const parts: number[] = [];
    for (let at = 0; at < pcm.length; at += MAX_INPUT_SAMPLES) {
      parts.push(...this.#process(pcm.subarray(at, at + MAX_INPUT_SAMPLES)));
    }
    return Int16Array.from(parts);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#speex._speex_resampler_destroy(this.#state);
    this.#speex._free(this.#lengths);
  }

  #process(pcm: Int16Array): Int16Array {
    const speex = this.#speex;
    speex.HEAP16.set(pcm, this.#input / SAMPLE_BYTES);
    speex.HEAPU32[this.#lengths / 4] = pcm.length;
    speex.HEAPU32[this.#lengths / 4 + 1] = this.#maxOutput;
    const failure = speex._speex_resampler_process_int(
      this.#state,
      0,
      this.#input,
      this.#lengths,
      this.#output,
      this.#lengths + 4,
    );
    assert(failure === 0, 'the resampler failed on bounded input');
    const written = speex.HEAPU32[this.#lengths / 4 + 1] ?? 0;
    return speex.HEAP16.slice(this.#output / SAMPLE_BYTES, this.#output / SAMPLE_BYTES + written);
  }
}
