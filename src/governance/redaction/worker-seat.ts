/**
 * One place for a redaction worker: keeps a thread in it, gives every job a deadline, and replaces a thread that ended
 * or spins. It knows nothing of calls; whatever it cannot answer in time it says is lost.
 */

import type { Cancel, Clock } from '../../base/clock.ts';
import { unreachable } from '../../base/assert.ts';
import type { Piece } from '../../model/transcript.ts';
import type { Job, RedactionReply, RedactionRequest } from './messages.ts';
import type { RedactionThread, StartThread } from './redaction-thread.ts';

export type Lost = 'deadline' | 'overflow' | 'failed' | 'worker_down';
export type JobOutcome =
  { readonly kind: 'settled'; readonly pieces: readonly Piece[] } | { readonly kind: 'lost'; readonly why: Lost };

export interface SeatOptions {
  readonly start: StartThread;
  readonly clock: Clock;
  /** CPU time in ms of a thread by its kernel id. */
  readonly cpuMs: (threadId: number) => number | undefined;
  readonly deadlineMs: number;
  /** Jobs given to the thread and not answered, late ones included. */
  readonly capacity: number;
  /** The thread is gone and with it everything it held. */
  readonly onLost: () => void;
}

/** A thread that has not answered for this long is replaced even if it used no CPU. */
const LONGEST_STALL_MS = 5000;
/** A thread that ends this soon after its start is not started again at once. */
const SHORT_LIFE_MS = 10_000;
const RESTART_PAUSE_MS = 1000;

interface Pending {
  readonly resolve: (outcome: JobOutcome) => void;
  readonly cancelDeadline: Cancel;
}

export class WorkerSeat {
  readonly #options: SeatOptions;
  #thread: RedactionThread | undefined;
  #threadId: number | undefined;
  #isReady = false;
  #startedUs = 0;
  #restarts = 0;
  #nextId = 0;
  /** Jobs by id, oldest first; those past their deadline stay until the thread answers, as the proof that it lives. */
  readonly #jobs = new Map<number, Pending | 'late'>();
  #cancelWatch: Cancel | undefined;
  #cancelRestart: Cancel | undefined;
  #onReady: (() => void)[] = [];

  constructor(options: SeatOptions) {
    this.#options = options;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** Starts the thread; resolves when it is warm. */
  start(): Promise<void> {
    const ready = new Promise<void>((resolve) => this.#onReady.push(resolve));
    this.#seat();
    return ready;
  }

  stop(): void {
    this.#cancelRestart?.();
    this.#vacate();
  }

  /** Passes on what needs no answer, in order with the jobs. */
  post(request: Exclude<RedactionRequest, Job>): void {
    this.#thread?.post(request);
  }

  /** Runs one job by the deadline. Never rejects. */
  run(makeJob: (id: number) => Job): Promise<JobOutcome> {
    const thread = this.#thread;
    if (!thread || !this.#isReady) return Promise.resolve({ kind: 'lost', why: 'worker_down' });
    if (this.#jobs.size >= this.#options.capacity) return Promise.resolve({ kind: 'lost', why: 'overflow' });
    this.#nextId += 1;
    const id = this.#nextId;
    return new Promise((resolve) => {
      const cancelDeadline = this.#options.clock.after(this.#options.deadlineMs, () => this.#onDeadline(id));
      this.#jobs.set(id, { resolve, cancelDeadline });
      thread.post(makeJob(id));
    });
  }

  #seat(): void {
    this.#startedUs = this.#options.clock.monoUs();
    const thread = this.#options.start({
      onReply: (reply) => {
        if (this.#thread === thread) this.#onReply(reply);
      },
      onExit: () => {
        if (this.#thread === thread) this.#replace();
      },
    });
    this.#thread = thread;
  }

  #onReply(reply: RedactionReply): void {
    switch (reply.kind) {
      case 'ready':
        this.#threadId = reply.threadId;
        this.#isReady = true;
        for (const resolve of this.#onReady.splice(0)) resolve();
        return;
      case 'settled':
        this.#finish(reply.id, { kind: 'settled', pieces: reply.pieces });
        return;
      case 'failed':
        this.#finish(reply.id, { kind: 'lost', why: 'failed' });
        return;
      default:
        unreachable(reply);
    }
  }

  #finish(id: number, outcome: JobOutcome): void {
    const job = this.#jobs.get(id);
    this.#jobs.delete(id);
    if (job === undefined || job === 'late') return;
    job.cancelDeadline();
    job.resolve(outcome);
  }

  #onDeadline(id: number): void {
    // If this thread was the one held up, the answer is already here, waiting behind the timer.
    this.#thread?.deliverArrived();
    const job = this.#jobs.get(id);
    if (job === undefined || job === 'late') return;
    this.#jobs.set(id, 'late');
    job.resolve({ kind: 'lost', why: 'deadline' });
    if (this.#cancelWatch === undefined) this.#watch(id);
  }

  /** From a missed deadline on, looks whether that job goes on eating CPU; one that only waits for it is left alone. */
  #watch(id: number): void {
    const { clock, deadlineMs } = this.#options;
    const fromUs = clock.monoUs();
    const fromCpuMs = this.#cpuMs();
    const look = (): void => {
      this.#cancelWatch = undefined;
      if (!this.#jobs.has(id)) {
        const nextLate = [...this.#jobs].find(([, job]) => job === 'late');
        if (nextLate) this.#watch(nextLate[0]);
        return;
      }
      const cpuMs = this.#cpuMs();
      const usedMs = cpuMs === undefined || fromCpuMs === undefined ? 0 : cpuMs - fromCpuMs;
      const stalledMs = (clock.monoUs() - fromUs) / 1000;
      if (usedMs >= deadlineMs || stalledMs >= LONGEST_STALL_MS) this.#replace();
      else this.#cancelWatch = clock.after(deadlineMs, look);
    };
    this.#cancelWatch = clock.after(deadlineMs, look);
  }

  #cpuMs(): number | undefined {
    return this.#threadId === undefined ? undefined : this.#options.cpuMs(this.#threadId);
  }

  #replace(): void {
    const { clock, onLost } = this.#options;
    const livedMs = (clock.monoUs() - this.#startedUs) / 1000;
    this.#vacate();
    this.#restarts += 1;
    if (livedMs >= SHORT_LIFE_MS) this.#seat();
    else this.#cancelRestart = clock.after(RESTART_PAUSE_MS, () => this.#seat());
    onLost();
  }

  #vacate(): void {
    this.#cancelWatch?.();
    this.#cancelWatch = undefined;
    this.#thread?.terminate();
    this.#thread = undefined;
    this.#threadId = undefined;
    this.#isReady = false;
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    for (const job of jobs) {
      if (job === 'late') continue;
      job.cancelDeadline();
      job.resolve({ kind: 'lost', why: 'worker_down' });
    }
  }
}
