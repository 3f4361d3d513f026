/** One media worker over its lives: started, watched, and started again after it died. What it says is the pool's business. */

import type { Clock } from '../../base/clock.ts';
import { CodedError } from '../../base/error.ts';
import type { MetricSample } from '../../base/metrics.ts';
import type { FromWorker, ToWorker, WorkerStart } from './messages.ts';
import type { StartWorker, WorkerHandle } from './worker-thread.ts';

/** Pair ids of one life; the next life starts above them. */
const PAIRS_PER_LIFE = 1_000_000;
const RESPAWN_MS = 500;
const START_MS = 10_000;
const STOP_MS = 2000;

export class MediaWorkerError extends CodedError<'WORKER_FAILED' | 'WORKER_SILENT'> {}

export interface WorkerSlotOptions {
  /** Everything but the pair ids, which depend on the life. */
  readonly start: Omit<WorkerStart, 'firstPair'>;
  readonly startWorker: StartWorker;
  readonly clock: Clock;
  readonly onMessage: (slot: WorkerSlot, message: FromWorker) => void;
  /** The worker died without being asked to; it will be started again. */
  readonly onDown: (slot: WorkerSlot, thrown: unknown) => void;
}

export class WorkerSlot {
  readonly index: number;
  readonly tapSocket: string;
  /** Pairs of this life that calls have. */
  pairsTaken = 0;
  metrics: readonly MetricSample[] = [];
  readonly #options: WorkerSlotOptions;
  #handle: WorkerHandle | undefined;
  #isReady = false;
  #isStopping = false;
  #lives = 0;
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

  #spawn(): void {
    const { start, startWorker } = this.#options;
    const firstPair = (this.#lives * start.workers + start.index) * PAIRS_PER_LIFE;
    this.#lives += 1;
    this.pairsTaken = 0;
    this.#handle = startWorker(
      { ...start, firstPair },
      { onMessage: (message) => this.#onMessage(message), onExit: (thrown) => this.#onExit(thrown) },
    );
  }

  #onMessage(message: FromWorker): void {
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
    this.#options.clock.after(RESPAWN_MS, () => {
      if (!this.#isStopping) this.#spawn();
    });
  }
}
