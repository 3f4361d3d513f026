/** One place in the pool: the audio worker that fills it now, and, when that one dies, the next after a pause. */

import { unreachable } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { errorCode } from '../../base/error.ts';
import type { Log } from '../../base/log.ts';
import type { MetricSample } from '../../base/metrics.ts';
import type { AudioEvent, FromAudioWorker, ToAudioWorker } from './messages.ts';
import type { AudioWorkerThread, SpawnAudioWorker } from './spawn-audio-worker.ts';

export interface AudioSlotOptions {
  readonly index: number;
  readonly spawn: SpawnAudioWorker;
  readonly clock: Clock;
  readonly log: Log;
  onEvent(event: AudioEvent): void;
  onDied(slot: AudioSlot): void;
  onBack(slot: AudioSlot): void;
}

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 8000;
/** A worker that lived this long did not die of what killed the one before. */
const STABLE_MS = 60_000;

export class AudioSlot {
  readonly #options: AudioSlotOptions;
  #thread: AudioWorkerThread | undefined;
  #startedUs = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #deaths = 0;
  #isStopping = false;
  #samples: readonly MetricSample[] = [];
  #onReady: () => void = () => undefined;
  #onGone: () => void = () => undefined;

  constructor(options: AudioSlotOptions) {
    this.#options = options;
  }

  get metrics(): MetricSample[] {
    const labels = { audio_worker: String(this.#options.index) };
    const deaths: MetricSample = {
      name: 'earshot_audio_worker_deaths_total',
      kind: 'counter',
      labels: {},
      value: this.#deaths,
    };
    return [...this.#samples, deaths].map((sample) => ({ ...sample, labels: { ...sample.labels, ...labels } }));
  }

  /** Resolves when the worker says that it is ready. */
  start(): Promise<void> {
    const ready = new Promise<void>((resolve) => (this.#onReady = resolve));
    this.#spawn();
    return ready;
  }

  /** Resolves when the worker has ended by itself. */
  stop(): Promise<void> {
    this.#isStopping = true;
    if (!this.#thread) return Promise.resolve();
    const gone = new Promise<void>((resolve) => (this.#onGone = resolve));
    this.#thread.post({ kind: 'stop' });
    return gone;
  }

  kill(): void {
    this.#isStopping = true;
    this.#thread?.kill();
  }

  /** False while there is no worker to take it. */
  post(message: ToAudioWorker): boolean {
    this.#thread?.post(message);
    return this.#thread !== undefined;
  }

  #spawn(): void {
    const { index, spawn, clock } = this.#options;
    this.#startedUs = clock.monoUs();
    this.#thread = spawn(index, {
      onMessage: (message) => this.#onMessage(message),
      onExit: (error) => this.#onExit(error),
    });
  }

  #onMessage(message: FromAudioWorker): void {
    switch (message.kind) {
      case 'ready':
        if (this.#deaths > 0) this.#options.onBack(this);
        this.#onReady();
        return;
      case 'metrics':
        this.#samples = message.samples;
        return;
      case 'stopped':
        return;
      case 'tap.began':
      case 'tap.ended':
      case 'stream.position':
      case 'stream.restarted':
      case 'feed.opened':
      case 'feed.progress':
      case 'feed.closed':
      case 'feed.finished':
      case 'feed.down':
      case 'segment':
      case 'gap':
        this.#options.onEvent(message);
        return;
      default:
        unreachable(message);
    }
  }

  #onExit(error: unknown): void {
    const { clock, index, log } = this.#options;
    this.#thread = undefined;
    this.#samples = [];
    this.#onGone();
    if (this.#isStopping) return;
    this.#deaths += 1;
    log.error({ audioWorker: index, code: errorCode(error), error }, 'an audio worker died and will be replaced');
    this.#options.onDied(this);
    if (clock.monoUs() - this.#startedUs >= STABLE_MS * 1000) this.#pauseMs = FIRST_PAUSE_MS;
    clock.after(this.#pauseMs, () => {
      if (!this.#isStopping) this.#spawn();
    });
    this.#pauseMs = Math.min(this.#pauseMs * 2, MAX_PAUSE_MS);
  }
}
