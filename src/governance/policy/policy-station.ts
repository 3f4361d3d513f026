/**
 * A lane and what its worker holds: bundles are loaded one at a time, before any question about them is taken.
 * After a worker is replaced, the new one is given the same bundles again.
 */

import type { Clock } from '../../base/clock.ts';
import type { Bundle } from './bundle.ts';
import type { LoadRefusal } from './messages.ts';
import { PolicyLane, type LostReason, type Work } from './policy-lane.ts';
import type { StartThread } from './policy-thread.ts';

/** Who may run here: what we shipped, what tenants brought, or what has yet to prove itself or once failed to. */
export type StationKind = 'trusted' | 'tenant' | 'probation';

export type LoadFault = LoadRefusal | 'LOAD_ENDLESS' | 'LOAD_UNAVAILABLE';

export interface StationEvents {
  /** It may take work or has begun anew; the pool looks what is next. */
  onChange(): void;
  /** A bundle cost the worker its life. */
  onStrike(bundle: string, reason: LostReason): void;
}

interface Load {
  readonly bundle: Bundle;
  /** Absent when nobody waits: a new worker is given what the last one held. */
  readonly done?: (fault: LoadFault | undefined) => void;
}

/** CPU time to compile, check and warm a bundle: about 70 ms for the shipped ones on a slow machine. */
const LOAD_LIMIT_MS = 2_000;

export class PolicyStation {
  readonly kind: StationKind;
  readonly #lane: PolicyLane;
  readonly #events: StationEvents;
  /** Bundles this station is to hold, whichever worker is there. */
  readonly #assigned = new Map<string, Bundle>();
  /** Bundles the present worker holds. */
  readonly #held = new Set<string>();
  #loads: Load[] = [];

  constructor(options: {
    readonly kind: StationKind;
    readonly clock: Clock;
    readonly startThread: StartThread;
    readonly events: StationEvents;
  }) {
    this.kind = options.kind;
    this.#events = options.events;
    this.#lane = new PolicyLane({
      clock: options.clock,
      startThread: options.startThread,
      events: { onFresh: () => this.#reload(), onIdle: () => this.#next() },
    });
  }

  get isIdle(): boolean {
    return this.#lane.state === 'idle' && this.#loads.length === 0;
  }

  /** The bundle at work, if any. */
  get running(): string | undefined {
    return this.#lane.running;
  }

  start(): void {
    this.#lane.start();
  }

  async stop(): Promise<void> {
    const loads = this.#loads;
    this.#loads = [];
    await this.#lane.stop();
    for (const load of loads) load.done?.('LOAD_UNAVAILABLE');
  }

  /** Whether the present worker has loaded `bundle`. */
  holds(bundle: string): boolean {
    return this.#held.has(bundle);
  }

  /** Loads a bundle, for this worker and its successors. Resolves with the fault, or undefined when it is held. */
  assign(bundle: Bundle): Promise<LoadFault | undefined> {
    return new Promise((resolve) => {
      this.#assigned.set(bundle.digest.bundle, bundle);
      this.#loads.push({ bundle, done: resolve });
      this.#next();
    });
  }

  /** Forgets a bundle. */
  dismiss(bundle: string): void {
    this.#assigned.delete(bundle);
    const dropped = this.#loads.filter((load) => load.bundle.digest.bundle === bundle);
    this.#loads = this.#loads.filter((load) => !dropped.includes(load));
    if (this.#held.delete(bundle)) this.#lane.tell({ kind: 'unload', bundle });
    for (const load of dropped) load.done?.('LOAD_UNAVAILABLE');
  }

  /** Runs one evaluation; only when idle. */
  run(work: Work): void {
    this.#lane.give({
      ...work,
      message: (task) => work.message(task),
      onReply: (reply) => work.onReply(reply),
      onLost: (reason) => {
        work.onLost(reason);
        if (reason !== 'stuck') this.#events.onStrike(work.bundle, reason);
      },
    });
  }

  /** A new worker holds nothing: what was assigned is loaded again, after what somebody is waiting for. */
  #reload(): void {
    this.#held.clear();
    const waiting = new Set(this.#loads.map((load) => load.bundle.digest.bundle));
    for (const [name, bundle] of this.#assigned) {
      if (!waiting.has(name)) this.#loads.push({ bundle });
    }
  }

  #next(): void {
    if (this.#lane.state === 'idle') {
      const load = this.#loads[0];
      if (load !== undefined) this.#load(load);
    }
    this.#events.onChange();
  }

  #load(load: Load): void {
    const { digest, wasm, data } = load.bundle;
    this.#lane.give({
      bundle: digest.bundle,
      limitMs: LOAD_LIMIT_MS,
      message: (task) => ({ kind: 'load', task, bundle: digest.bundle, wasm, data }),
      onReply: (reply) => {
        const refusal = reply.kind === 'loaded' ? reply.refusal : undefined;
        if (refusal === undefined) this.#hold(digest.bundle);
        this.#finish(load, refusal);
      },
      onLost: (reason) => this.#finish(load, reason === 'spent' ? 'LOAD_ENDLESS' : 'LOAD_UNAVAILABLE'),
    });
  }

  /** It may have been dismissed while it was being loaded. */
  #hold(bundle: string): void {
    if (this.#assigned.has(bundle)) this.#held.add(bundle);
    else this.#lane.tell({ kind: 'unload', bundle });
  }

  #finish(load: Load, fault: LoadFault | undefined): void {
    const { bundle } = load.bundle.digest;
    this.#loads = this.#loads.filter((one) => one !== load);
    if (fault !== undefined) this.#assigned.delete(bundle);
    if (load.done !== undefined) load.done(fault);
    else if (fault !== undefined) this.#events.onStrike(bundle, fault === 'LOAD_ENDLESS' ? 'spent' : 'died');
  }
}
