/**
 * One media worker over its lives: started, watched, ended when it hangs, and started again after it died. What it says,
 * and what its next life is to go on with, is the pool's business.
 */

import type { Clock } from '../../base/clock.ts';
import { CodedError } from '../../base/error.ts';
import type { MetricSample } from '../../base/metrics.ts';
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts';
import type { StartWorker, WorkerHandle } from './worker-thread.ts';

/** Pair ids of one life; the next life starts above them. */
export const PAIRS_PER_LIFE = 1_000_000;
/** A first death is bad luck, and calls wait: at once. Those that follow soon get longer, up to this. */
const RESPAWN_MS = 500;
const MAX_RESPAWN_MS = 30_000;
const PROVEN_US = 60_000_000;
const START_MS = 10_000;
const STOP_MS = 2000;
/** A worker reports every second. One that does not, forwards nothing either. */
const HUNG_US = 3_000_000;

export class MediaWorkerError extends CodedError<'WORKER_FAILED' | 'WORKER_SILENT'> {}

/** What differs from life to life. */
export type Carried = Pick<WorkerStart, 'firstPair' | 'taken' | 'elsewhere' | 'restored'>;

export interface WorkerSlotOptions {
  readonly start: Omit<WorkerStart, keyof Carried>;
  readonly startWorker: StartWorker;
  readonly clock: Clock;
  /** Pair ids before this one were given by earlier lives of the call plane. */
  readonly firstPair: () => number;
  /** Asked at the start of every life. */
  readonly carried: (slot: WorkerSlot) => Omit<Carried, 'firstPair'>;
  readonly onMessage: (slot: WorkerSlot, message: FromWorker) => void;
  /** The worker died without being asked to; it will be started again. */
  readonly onDown: (slot: WorkerSlot, thrown: unknown) => void;
}

export class WorkerSlot {
  readonly index: number;
  readonly tapSocket: string;
  /** Pairs that calls have. */
  pairsTaken = 0;
  metrics: readonly MetricSample[] = [];
  readonly #options: WorkerSlotOptions;
  #handle: WorkerHandle | undefined;
  #isReady = false;
  #isStopping = false;
  #lives = 0;
  #bornUs = 0;
  #deathsInRow = 0;
  /** When it was last known to live; undefined once it is being ended for having been silent since. */
  #heardUs: number | undefined;
  #onFirstWord: ((outcome: 'ready' | 'gone') => void) | undefined;
  #onGone: (() => void) | undefined;
  /** What the last life died of, if it threw. */
  #thrown: unknown;

  constructor(options: WorkerSlotOptions) {
    this.#options = options;
    this.index = options.start.index;
    this.tapSocket = options.start.tapSocket;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Whether this is not its first life. */
  get isReborn(): boolean {
    return this.#lives > 1;
  }

  /** Resolves once the worker has its reserve and its socket; rejects when it dies or stays silent before. */
  async start(): Promise<void> {
    const outcome = await new Promise<'ready' | 'gone' | 'silent'>((resolve) => {
      this.#onFirstWord = resolve;
      this.#options.clock.after(START_MS, () => resolve('silent'));
      this.#spawn();
    });
    this.#onFirstWord = undefined;
    if (outcome === 'ready') return;
    await this.stop();
    if (outcome === 'gone') {
      throw new MediaWorkerError('WORKER_FAILED', 'a media worker ended while it started', { cause: this.#thrown });
    }
    throw new MediaWorkerError('WORKER_SILENT', 'a media worker did not get ready in time');
  }

  /** Asks the worker to end, and ends it when it does not. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const handle = this.#handle;
    if (!handle) return;
    const gone = new Promise<void>((resolve) => {
      this.#onGone = resolve;
    });
    const cancel = this.#options.clock.after(STOP_MS, () => void handle.terminate());
    handle.post({ kind: 'stop' });
    await gone;
    cancel();
  }

  /** Says something to the worker; what is said to one that is down is lost. */
  post(message: ToWorker): void {
    this.#handle?.post(message);
  }

  /** Ends a worker that has said nothing for too long; true when it just did. Its death then takes its usual course. */
  endIfHung(nowUs: number): boolean {
    if (!this.#handle || this.#heardUs === undefined || this.#isStopping || this.#onFirstWord) return false;
    if (nowUs - this.#heardUs < (this.#isReady ? HUNG_US : START_MS * 1000)) return false;
    this.#heardUs = undefined;
    void this.#handle.terminate();
    return true;
  }

  /** The main thread itself was away until now: silence before proves nothing. */
  forgiveSilence(nowUs: number): void {
    if (this.#heardUs !== undefined) this.#heardUs = nowUs;
  }

  #spawn(): void {
    const { start, startWorker, clock, firstPair, carried } = this.#options;
    const ofLife = firstPair() + (this.#lives * start.workers + start.index) * PAIRS_PER_LIFE;
    this.#lives += 1;
    this.#bornUs = this.#heardUs = clock.monoUs();
    this.#handle = startWorker(
      { ...start, firstPair: ofLife, ...carried(this) },
      { onMessage: (message) => this.#onMessage(message), onExit: (thrown) => this.#onExit(thrown) },
    );
  }

  #onMessage(message: FromWorker): void {
    if (message.kind === 'ready' || message.kind === 'report') {
      if (this.#heardUs !== undefined) this.#heardUs = this.#options.clock.monoUs();
    }
    if (message.kind === 'ready') {
      this.#isReady = true;
      this.#onFirstWord?.('ready');
    }
    this.#options.onMessage(this, message);
  }

  #onExit(thrown: unknown): void {
    this.#handle = undefined;
    this.#isReady = false;
    this.#thrown = thrown;
    this.#onGone?.();
    if (this.#isStopping) return;
    if (this.#onFirstWord) {
      this.#onFirstWord('gone');
      return;
    }
    this.#options.onDown(this, thrown);
    const delayMs = this.#respawnDelayMs();
    if (delayMs === 0) this.#spawn();
    else
      this.#options.clock.after(delayMs, () => {
        if (!this.#isStopping) this.#spawn();
      });
  }

  #respawnDelayMs(): number {
    const { clock } = this.#options;
    if (clock.monoUs() - this.#bornUs >= PROVEN_US) this.#deathsInRow = 0;
    this.#deathsInRow += 1;
    return this.#deathsInRow === 1 ? 0 : Math.min(RESPAWN_MS * 2 ** (this.#deathsInRow - 2), MAX_RESPAWN_MS);
  }
}
