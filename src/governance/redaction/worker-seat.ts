/**
 * One place for a redaction worker: keeps a thread in it, gives every job a deadline, serves tenants in turn, and
 * replaces a thread that ended or spins. It knows nothing of calls; what it cannot answer in time it says is lost.
 */

import type { Cancel, Clock } from '../../base/clock.ts';
import { unreachable } from '../../base/assert.ts';
import { FairQueue } from '../../base/fair-queue.ts';
import type { CallId, TenantId } from '../../base/ids.ts';
import type { Closing, Job, JobResult, Preface, RedactionReply } from './messages.ts';
import type { RedactionThread, StartThread } from './redaction-thread.ts';

export type Lost = 'deadline' | 'overflow' | 'failed' | 'worker_down';
export type JobOutcome =
  { readonly kind: 'done'; readonly result: JobResult } | { readonly kind: 'lost'; readonly why: Lost };

/** A job to be, and what the thread must be told right before it: asked for when it goes out, so it may not. */
export interface Order {
  readonly makeJob: (id: number) => Job;
  readonly preface?: (() => readonly Preface[]) | undefined;
}

export interface SeatOptions {
  readonly start: StartThread;
  readonly clock: Clock;
  /** CPU time in ms of a thread by its kernel id. */
  readonly cpuMs: (threadId: number) => number | undefined;
  readonly deadlineMs: number;
  /** The thread is gone and with it everything it held; by whose job, where it ended at one or spun in one. */
  readonly onLost: (by: TenantId | undefined) => void;
}

/**
 * Jobs the thread holds at once, late ones included, and of one tenant a single one: a heavy job takes half a deadline, so
 * that two of them ahead would cost somebody else his.
 */
const WINDOW = 4;
/** Jobs that wait, of one tenant and of all: more than the deadline could serve. */
const MAX_WAITING_PER_TENANT = 64;
const MAX_WAITING = 512;

/** A thread that has not answered for this long is replaced even if it used no CPU. */
const LONGEST_STALL_MS = 5000;
/** A thread that ends this soon after its start is not started again at once. */
const SHORT_LIFE_MS = 10_000;
const RESTART_PAUSE_MS = 1000;

interface Pending {
  readonly owner: TenantId;
  readonly resolve: (outcome: JobOutcome) => void;
  cancelDeadline: Cancel;
}

/** A job, or the end of a call, which keeps its place among them. */
type Waiting =
  | { readonly kind: 'job'; readonly job: Job; readonly preface: Order['preface']; readonly pending: Pending }
  | { readonly kind: 'closing'; readonly owner: TenantId; readonly closing: Closing };

type WaitingJob = Extract<Waiting, { kind: 'job' }>;

interface Late {
  readonly owner: TenantId;
}

export class WorkerSeat {
  readonly #options: SeatOptions;
  #thread: RedactionThread | undefined;
  #threadId: number | undefined;
  #isReady = false;
  #startedUs = 0;
  #restarts = 0;
  #nextId = 0;
  readonly #waiting = new FairQueue<TenantId, Waiting>({ perKey: MAX_WAITING_PER_TENANT, total: MAX_WAITING });
  /** What is run only when there is nothing else to do, and which of it is for whom. */
  readonly #idle = new FairQueue<TenantId, WaitingJob>({ perKey: MAX_WAITING_PER_TENANT, total: MAX_WAITING });
  readonly #idleOf = new WeakMap<object, WaitingJob>();
  /** What the thread holds, oldest first; past their deadline jobs stay until it answers, as the proof that it lives. */
  readonly #jobs = new Map<number, Pending | Late>();
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

  /** Passes on that a call is over, in order with the tenant's jobs. It is never refused: calls are bounded. */
  close(owner: TenantId, call: CallId): void {
    if (this.#thread === undefined) return;
    this.#waiting.add(owner, { kind: 'closing', owner, closing: { kind: 'close', call } });
    this.#pump();
  }

  /** Runs one job by the deadline, in the tenant's turn. Never rejects. */
  run(owner: TenantId, order: Order): Promise<JobOutcome> {
    return this.#queue(owner, order, (waiting) => this.#waiting.offer(owner, waiting));
  }

  /**
   * Runs a job that nobody needs: one at a time, when the thread has nothing else to do. A newer one `about` the same takes
   * the place of one that waits.
   */
  runIdle(owner: TenantId, about: object, order: Order): Promise<JobOutcome> {
    this.dropIdle(about);
    return this.#queue(owner, order, (waiting) => {
      const isTaken = this.#idle.offer(owner, waiting);
      if (isTaken) this.#idleOf.set(about, waiting);
      return isTaken;
    });
  }

  /** Whatever waits for idleness about this is not worth running any more. */
  dropIdle(about: object): void {
    const waiting = this.#idleOf.get(about);
    if (waiting === undefined || !this.#idle.remove(waiting.pending.owner, waiting)) return;
    waiting.pending.cancelDeadline();
    waiting.pending.resolve({ kind: 'lost', why: 'overflow' });
  }

  #queue(owner: TenantId, order: Order, offer: (waiting: WaitingJob) => boolean): Promise<JobOutcome> {
    if (!this.#thread || !this.#isReady) return Promise.resolve({ kind: 'lost', why: 'worker_down' });
    this.#nextId += 1;
    const id = this.#nextId;
    return new Promise((resolve) => {
      const pending: Pending = { owner, resolve, cancelDeadline: () => undefined };
      const waiting: WaitingJob = { kind: 'job', job: order.makeJob(id), preface: order.preface, pending };
      if (!offer(waiting)) {
        resolve({ kind: 'lost', why: 'overflow' });
        return;
      }
      pending.cancelDeadline = this.#options.clock.after(this.#options.deadlineMs, () => this.#onDeadline(id, waiting));
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#thread !== undefined && this.#jobs.size < WINDOW) {
      const next = this.#waiting.take((waiting) => !this.#isServing(ownerOf(waiting)));
      if (next === undefined) break;
      if (next.kind === 'closing') this.#thread.post(next.closing);
      else this.#post(this.#thread, next);
    }
    if (this.#thread === undefined || this.#jobs.size > 0) return;
    const idle = this.#idle.take();
    if (idle !== undefined) this.#post(this.#thread, idle);
  }

  #post(thread: RedactionThread, { job, preface, pending }: WaitingJob): void {
    this.#jobs.set(job.id, pending);
    for (const request of preface?.() ?? []) thread.post(request);
    thread.post(job);
  }

  #isServing(tenant: TenantId): boolean {
    return [...this.#jobs.values()].some(({ owner }) => owner === tenant);
  }

  #seat(): void {
    this.#startedUs = this.#options.clock.monoUs();
    const thread = this.#options.start({
      onReply: (reply) => {
        if (this.#thread === thread) this.#onReply(reply);
      },
      onExit: () => {
        if (this.#thread === thread) this.#replace(this.#oldestOwner());
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
      case 'done':
        this.#finish(reply.id, { kind: 'done', result: reply.result });
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
    if (job !== undefined && isPending(job)) {
      job.cancelDeadline();
      job.resolve(outcome);
    }
    this.#pump();
  }

  #onDeadline(id: number, waiting: WaitingJob): void {
    // If this thread was the one held up, the answer is already here, waiting behind the timer.
    this.#thread?.deliverArrived();
    const { owner, resolve } = waiting.pending;
    if (this.#waiting.remove(owner, waiting) || this.#idle.remove(owner, waiting)) {
      resolve({ kind: 'lost', why: 'deadline' });
      return;
    }
    const job = this.#jobs.get(id);
    if (job === undefined || !isPending(job)) return;
    this.#jobs.set(id, { owner });
    resolve({ kind: 'lost', why: 'deadline' });
    if (this.#cancelWatch === undefined) this.#watch();
  }

  /**
   * From a missed deadline on, looks whether the job at work, which is the oldest, goes on eating CPU. One that only waited
   * behind it, or for a CPU, is left alone.
   */
  #watch(): void {
    const { clock, deadlineMs } = this.#options;
    const [atWork] = this.#jobs.keys();
    const fromUs = clock.monoUs();
    const fromCpuMs = this.#cpuMs();
    const look = (): void => {
      this.#cancelWatch = undefined;
      if (atWork === undefined || !this.#jobs.has(atWork)) {
        if ([...this.#jobs.values()].some((job) => !isPending(job))) this.#watch();
        return;
      }
      const cpuMs = this.#cpuMs();
      const usedMs = cpuMs === undefined || fromCpuMs === undefined ? 0 : cpuMs - fromCpuMs;
      const stalledMs = (clock.monoUs() - fromUs) / 1000;
      // A thread that was given no CPU is nobody's fault.
      if (usedMs >= deadlineMs) this.#replace(this.#oldestOwner());
      else if (stalledMs >= LONGEST_STALL_MS) this.#replace(undefined);
      else this.#cancelWatch = clock.after(deadlineMs, look);
    };
    this.#cancelWatch = clock.after(deadlineMs, look);
  }

  #cpuMs(): number | undefined {
    return this.#threadId === undefined ? undefined : this.#options.cpuMs(this.#threadId);
  }

  /** Jobs are answered in order: the oldest one is at work. */
  #oldestOwner(): TenantId | undefined {
    const [oldest] = this.#jobs.values();
    return oldest?.owner;
  }

  #replace(by: TenantId | undefined): void {
    const { clock, onLost } = this.#options;
    const livedMs = (clock.monoUs() - this.#startedUs) / 1000;
    this.#vacate();
    this.#restarts += 1;
    if (livedMs >= SHORT_LIFE_MS) this.#seat();
    else this.#cancelRestart = clock.after(RESTART_PAUSE_MS, () => this.#seat());
    onLost(by);
  }

  #vacate(): void {
    this.#cancelWatch?.();
    this.#cancelWatch = undefined;
    this.#thread?.terminate();
    this.#thread = undefined;
    this.#threadId = undefined;
    this.#isReady = false;
    const waiting = [...this.#waiting.drain(), ...this.#idle.drain()].flatMap((one) =>
      one.kind === 'job' ? [one.pending] : [],
    );
    const jobs = [...this.#jobs.values(), ...waiting];
    this.#jobs.clear();
    for (const job of jobs) {
      if (!isPending(job)) continue;
      job.cancelDeadline();
      job.resolve({ kind: 'lost', why: 'worker_down' });
    }
  }
}

function ownerOf(waiting: Waiting): TenantId {
  return waiting.kind === 'job' ? waiting.pending.owner : waiting.owner;
}

function isPending(job: Pending | Late): job is Pending {
  return 'resolve' in job;
}
