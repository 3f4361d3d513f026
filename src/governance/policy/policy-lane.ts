/**
 * One policy worker and its successors: it does one piece of work at a time, and a worker that overspends is ended and
 * replaced. The lane knows time and threads; which work is right for it, and what an ended one means, is the pool's.
 */

import { assert } from '../../base/assert.ts';
import type { Cancel, Clock } from '../../base/clock.ts';
import type { FromPolicyWorker, ToPolicyWorker } from './messages.ts';
import type { PolicyThread, StartThread } from './policy-thread.ts';

/** `overdue`: past its limit on the wall clock, and watched until it answers or has spent its own CPU time. */
export type LaneState = 'stopped' | 'starting' | 'idle' | 'busy' | 'overdue';

export type Reply = Exclude<FromPolicyWorker, { kind: 'ready' }>;

/** Why work ended without a reply: its own CPU time ran out, its thread died, or it neither ran nor answered. */
export type LostReason = 'spent' | 'died' | 'stuck';

export interface Work {
  /** SHA-256 (hex) of the bundle that runs. */
  readonly bundle: string;
  readonly limitMs: number;
  message(task: number): ToPolicyWorker;
  onReply(reply: Reply): void;
  onLost(reason: LostReason): void;
}

export interface LaneEvents {
  /** A new worker is there, holding no bundle yet. */
  onFresh(): void;
  /** It can take work. */
  onIdle(): void;
}

const START_LIMIT_MS = 10_000;
const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 5_000;
/** A thread that neither answers nor gets to spend its limit for so long is lost, not slow. */
const STUCK_AFTER_MS = 20_000;

export class PolicyLane {
  readonly #clock: Clock;
  readonly #startThread: StartThread;
  readonly #events: LaneEvents;
  #state: LaneState = 'stopped';
  #thread: PolicyThread | undefined;
  #work: Work | undefined;
  #task = 0;
  #failedStarts = 0;
  #cancelTimer: Cancel = () => undefined;
  readonly #ending = new Set<Promise<void>>();

  constructor(options: { readonly clock: Clock; readonly startThread: StartThread; readonly events: LaneEvents }) {
    this.#clock = options.clock;
    this.#startThread = options.startThread;
    this.#events = options.events;
  }

  get state(): LaneState {
    return this.#state;
  }

  /** The bundle at work, if any. */
  get running(): string | undefined {
    return this.#work?.bundle;
  }

  start(): void {
    this.#state = 'starting';
    const thread = this.#startThread({
      onMessage: (message) => {
        if (this.#thread === thread) this.#receive(message);
      },
      onExit: () => {
        if (this.#thread === thread) this.#onExit();
      },
    });
    this.#thread = thread;
    this.#setTimer(START_LIMIT_MS, () => this.#retryStart());
  }

  /** Ends the worker; resolves when every thread of this lane has gone. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#work = undefined;
    this.#end();
    await Promise.all(this.#ending);
  }

  /** Gives work to an idle worker. */
  give(work: Work): void {
    assert(this.#state === 'idle', 'a lane does one piece of work at a time');
    this.#state = 'busy';
    this.#work = work;
    this.#task += 1;
    this.#thread?.post(work.message(this.#task));
    this.#setTimer(work.limitMs, () => this.#onOverdue(work));
  }

  /** Posts what needs no reply. */
  tell(message: ToPolicyWorker): void {
    this.#thread?.post(message);
  }

  #receive(message: FromPolicyWorker): void {
    if (message.kind === 'ready') {
      this.#failedStarts = 0;
      this.#rest();
      this.#events.onFresh();
      this.#events.onIdle();
      return;
    }
    const work = this.#work;
    if (work === undefined || message.task !== this.#task) return;
    this.#rest();
    work.onReply(message);
    this.#events.onIdle();
  }

  #rest(): void {
    this.#cancelTimer();
    this.#work = undefined;
    this.#state = 'idle';
  }

  /** The limit has passed on the wall clock. From here on its own CPU time is counted, in steps of the limit. */
  #onOverdue(work: Work): void {
    this.#state = 'overdue';
    const fromUs = this.#thread?.cpuUs();
    let steps = 0;
    const look = (): void => {
      steps += 1;
      const spentUs = spent(this.#thread?.cpuUs(), fromUs, steps * work.limitMs * 1000);
      if (spentUs >= work.limitMs * 1000) this.#lose('spent');
      else if (steps * work.limitMs >= STUCK_AFTER_MS) this.#lose('stuck');
      else this.#setTimer(work.limitMs, look);
    };
    this.#setTimer(work.limitMs, look);
  }

  #lose(reason: LostReason): void {
    const work = this.#work;
    this.#work = undefined;
    this.#end();
    this.start();
    work?.onLost(reason);
  }

  #onExit(): void {
    if (this.#state === 'starting') this.#retryStart();
    else this.#lose('died');
  }

  #retryStart(): void {
    this.#end();
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failedStarts, MAX_RETRY_MS);
    this.#failedStarts += 1;
    this.#setTimer(delayMs, () => this.start());
  }

  #end(): void {
    this.#cancelTimer();
    const thread = this.#thread;
    this.#thread = undefined;
    if (thread === undefined) return;
    const ending = thread.terminate().catch(() => undefined);
    this.#ending.add(ending);
    void ending.then(() => this.#ending.delete(ending));
  }

  #setTimer(delayMs: number, task: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(delayMs, task);
  }
}

/** CPU time since `fromUs`; where the system does not tell, a tenth of the wall time is assumed to be its own. */
function spent(nowUs: number | undefined, fromUs: number | undefined, wallUs: number): number {
  return nowUs === undefined || fromUs === undefined ? wallUs / 10 : nowUs - fromUs;
}
