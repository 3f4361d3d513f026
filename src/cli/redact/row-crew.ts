/**
 * Who answers rows: this thread as long as there are few, and a thread for each processor when there are many. Rows know
 * nothing of each other, so it makes no difference but of time.
 */

import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { RedactFault } from './fault.ts';
import type { LineBatch } from './lines.ts';
import { answerBatch, type BatchAnswer } from './row-batch.ts';
import type { RowOptions } from './rows.ts';

/** Threads take most of a second to start and load their tables, and so does this one: fewer rows are answered here. */
const FEW_ROWS = 250;
const MAX_THREADS = 8;
const MAX_HEAP_MB = 256;
/** All that a row needs is garbage when it is answered: with room for many rows little of it is ever looked at. */
const YOUNG_HEAP_MB = 96;
/** Only what is built can be started as a thread. */
const WORKER = new URL('./worker/main.js', import.meta.url);
const IS_BUILT = import.meta.url.endsWith('.js');

interface Hand {
  readonly worker: Worker;
  /** Oldest first: a thread answers in order. */
  readonly waiting: {
    readonly resolve: (answer: BatchAnswer) => void;
    readonly reject: (fault: RedactFault) => void;
  }[];
}

export class RowCrew {
  readonly #options: RowOptions;
  readonly #source: string;
  readonly #size: number;
  readonly #hands: Hand[] = [];
  #rows = 0;

  constructor(source: string, options: RowOptions) {
    this.#source = source;
    this.#options = options;
    // Detectors of somebody's own are functions, and stay where they are.
    const isBound = options.detectors !== undefined || !IS_BUILT;
    this.#size = isBound ? 1 : Math.min(availableParallelism(), MAX_THREADS);
  }

  /** How many batches to give at once: each thread finds its next when it has done one. */
  get width(): number {
    return 2 * Math.max(this.#hands.length, 1);
  }

  async answer(batch: LineBatch): Promise<BatchAnswer> {
    this.#rows += batch.lines.length;
    if (this.#size < 2 || this.#rows <= FEW_ROWS) return answerBatch(batch, this.#options);
    if (this.#hands.length === 0) this.#hireAll();
    const hand = this.#hands.reduce((least, one) => (one.waiting.length < least.waiting.length ? one : least));
    return await new Promise((resolve, reject) => {
      hand.waiting.push({ resolve, reject });
      hand.worker.postMessage(batch);
    });
  }

  async dismiss(): Promise<void> {
    await Promise.all(this.#hands.map(({ worker }) => worker.terminate()));
  }

  #hireAll(): void {
    // Every processor has its own rows: threads that help one another collect garbage only wait for each other.
    setFlagsFromString('--single-threaded-gc');
    while (this.#hands.length < this.#size) this.#hands.push(this.#hire());
  }

  /** It gets nothing of ours to read or write: what it throws may quote a row. */
  #hire(): Hand {
    const worker = new Worker(WORKER, {
      name: 'earshot-redact',
      workerData: this.#options,
      env: {},
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
    });
    worker.stdout.resume();
    worker.stderr.resume();
    const hand: Hand = { worker, waiting: [] };
    worker.on('message', (answer: BatchAnswer) => hand.waiting.shift()?.resolve(answer));
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      const fault = new RedactFault('FAILED', `${this.#source}: a thread that redacts has ended`);
      for (const { reject } of hand.waiting.splice(0)) reject(fault);
    });
    return hand;
  }
}
