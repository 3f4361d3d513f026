/**
 * Where policies run: what we shipped, what tenants brought, and what once overspent each have workers of their own.
 * It holds the deadline of every question and never rejects; which bundle a tenant has is not known here.
 */

import type { Cancel, Clock } from '../../base/clock.ts';
import { FairQueue } from '../../base/fair-queue.ts';
import type { TenantId } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { Entrypoint } from '../../model/decision.ts';
import { unheard, type Answer } from './answer.ts';
import type { Bundle } from './bundle.ts';
import type { LostReason } from './policy-lane.ts';
import { PolicyStation, type LoadFault, type StationKind } from './policy-station.ts';
import type { StartThread } from './policy-thread.ts';
import { Strikes } from './strikes.ts';

export interface Question {
  /** Whose question it is: tenants are answered in turn, whatever bundle they share. */
  readonly tenant: TenantId;
  /** SHA-256 (hex) of the bundle to ask. */
  readonly bundle: string;
  readonly entrypoint: Entrypoint;
  /** Canonical JSON of the input. */
  readonly input: Uint8Array;
}

export interface Answered {
  readonly answer: Answer;
  /** Microseconds in the policy; in waiting, where it gave no answer. */
  readonly tookUs: number;
}

export type AdmitFault = LoadFault | 'LOAD_QUARANTINED' | 'LOAD_TOO_MANY';

/** Questions that wait for a worker, of one tenant and of all. More is more than the deadline could serve. */
const MAX_WAITING_PER_TENANT = 64;
const MAX_WAITING = 1024;
/** Bundles held at once, each with at most 16 MiB of memory in each of its workers. */
const MAX_BUNDLES = 64;
const LOAD_WAIT_MS = 60_000;

interface Admitted {
  readonly bundle: Bundle;
  readonly isTrusted: boolean;
  users: number;
  readonly loaded: Promise<AdmitFault | undefined>;
}

interface Waiting {
  readonly question: Question;
  readonly startedUs: number;
  readonly settle: (answer: Answer, tookUs?: number) => void;
}

export class PolicyPool {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #metrics: Metrics;
  readonly #deadlineMs: number;
  readonly #stations: readonly PolicyStation[];
  readonly #admitted = new Map<string, Admitted>();
  readonly #strikes = new Strikes();
  readonly #waiting = new FairQueue<TenantId, Waiting>({ perKey: MAX_WAITING_PER_TENANT, total: MAX_WAITING });
  #isStopped = false;

  constructor(options: {
    readonly clock: Clock;
    readonly log: Log;
    readonly metrics: Metrics;
    readonly startThread: StartThread;
    readonly deadlineMs: number;
  }) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#metrics = options.metrics;
    this.#deadlineMs = options.deadlineMs;
    const events = { onChange: () => this.#pump(), onStrike: this.#onStrike.bind(this) };
    // Two for tenants: while one is taken by a policy that does not end, the other serves everybody else.
    const kinds: readonly StationKind[] = ['trusted', 'tenant', 'tenant', 'probation'];
    this.#stations = kinds.map(
      (kind) => new PolicyStation({ kind, clock: options.clock, startThread: options.startThread, events }),
    );
  }

  start(): void {
    for (const station of this.#stations) station.start();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const waiting of this.#waiting.drain()) waiting.settle(unheard('policy_unavailable'));
    await Promise.all(this.#stations.map((station) => station.stop()));
  }

  /** Loads a bundle and warms it before its first question. Counts its users: each `admit` needs a `release`. */
  admit(bundle: Bundle, options: { readonly isTrusted: boolean }): Promise<AdmitFault | undefined> {
    const name = bundle.digest.bundle;
    if (this.#isStopped) return Promise.resolve('LOAD_UNAVAILABLE');
    if (this.#strikes.isQuarantined(name)) return Promise.resolve('LOAD_QUARANTINED');
    const known = this.#admitted.get(name);
    if (known !== undefined) {
      known.users += 1;
      return known.loaded;
    }
    if (this.#admitted.size >= MAX_BUNDLES) return Promise.resolve('LOAD_TOO_MANY');
    const loaded = this.#withinLoadWait(options.isTrusted ? this.#place(bundle, 'trusted') : this.#tryAndPlace(bundle));
    const admitted = { bundle, isTrusted: options.isTrusted, users: 1, loaded };
    this.#admitted.set(name, admitted);
    void loaded.then((fault) => {
      if (fault !== undefined && this.#admitted.get(name) === admitted) this.#forget(name);
    });
    return loaded;
  }

  /** One user fewer; the last one takes the bundle out of every worker. */
  release(name: string): void {
    const known = this.#admitted.get(name);
    if (known === undefined) return;
    known.users -= 1;
    if (known.users === 0) this.#forget(name);
  }

  /** Asks, and answers by the deadline whatever happens. */
  ask(question: Question): Promise<Answered> {
    const startedUs = this.#clock.monoUs();
    const refusal = this.#refusal(question);
    if (refusal !== undefined) return Promise.resolve({ answer: refusal, tookUs: 0 });
    return new Promise((resolve) => {
      let cancel: Cancel = () => undefined;
      const settle = (answer: Answer, tookUs?: number): void => {
        cancel();
        resolve({ answer, tookUs: tookUs ?? this.#clock.monoUs() - startedUs });
      };
      const waiting = { question, startedUs, settle };
      // When this thread itself was busy, the answer may be here, unread: one more turn of the loop lets it in.
      cancel = this.#clock.after(this.#deadlineMs, () => {
        cancel = this.#clock.after(0, () => this.#onDeadline(waiting));
      });
      if (this.#waiting.offer(question.tenant, waiting)) this.#pump();
      else settle(unheard('policy_unavailable'), 0);
    });
  }

  #refusal({ bundle }: Question): Answer | undefined {
    if (this.#strikes.isQuarantined(bundle)) return unheard('policy_quarantined');
    return this.#isStopped ? unheard('policy_unavailable') : undefined;
  }

  #onDeadline(waiting: Waiting): void {
    const { bundle, tenant } = waiting.question;
    const wasTaken = !this.#waiting.remove(tenant, waiting);
    const couldBeAsked = this.#stations.some((station) => station.holds(bundle));
    waiting.settle(unheard(wasTaken || couldBeAsked ? 'policy_deadline' : 'policy_unavailable'));
  }

  /** Gives every idle worker the next tenant's oldest question that is its to answer. */
  #pump(): void {
    for (const station of this.#stations) {
      if (!station.isIdle) continue;
      const next = this.#waiting.take((waiting) => this.#isFor(station, waiting.question.bundle));
      if (next !== undefined) this.#run(station, next);
    }
  }

  /** A bundle runs on one worker at a time: one that does not end takes no more than that from everybody else. */
  #isFor(station: PolicyStation, bundle: string): boolean {
    return station.holds(bundle) && !this.#stations.some((other) => other.running === bundle);
  }

  #run(station: PolicyStation, { question, settle }: Waiting): void {
    const { bundle, entrypoint, input } = question;
    station.run({
      bundle,
      limitMs: this.#deadlineMs,
      message: (task) => ({ kind: 'evaluate', task, bundle, entrypoint, input }),
      onReply: (reply) => {
        if (reply.kind === 'evaluated') settle(reply.answer, reply.tookUs);
        else settle(unheard('policy_error'));
      },
      onLost: (reason) => settle(unheard(reason === 'died' ? 'policy_error' : 'policy_deadline')),
    });
  }

  /** Proves itself on probation first: what does not end there is never given to the others; with strikes, it stays. */
  async #tryAndPlace(bundle: Bundle): Promise<LoadFault | undefined> {
    const name = bundle.digest.bundle;
    const fault = await this.#place(bundle, 'probation');
    if (fault !== undefined || this.#strikes.count(name) > 0) return fault;
    this.#dismiss(name, 'probation');
    return this.#place(bundle, 'tenant');
  }

  /** Loads on each worker of a kind, one after the other, so that one of them serves meanwhile. */
  async #place(bundle: Bundle, kind: StationKind): Promise<LoadFault | undefined> {
    for (const station of this.#stations.filter((one) => one.kind === kind)) {
      const fault = await station.assign(bundle);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  #withinLoadWait(load: Promise<LoadFault | undefined>): Promise<LoadFault | undefined> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(LOAD_WAIT_MS, () => resolve('LOAD_UNAVAILABLE'));
      void load.then((fault) => {
        cancel();
        resolve(fault);
      });
    });
  }

  #onStrike(name: string, reason: LostReason): void {
    const count = this.#strikes.add(name);
    const known = this.#admitted.get(name);
    this.#log.warn({ bundle: name, reason, strikes: count }, 'a policy cost its worker its life');
    this.#metrics.counter('earshot_policy_worker_lost_total', { reason }).add();
    if (this.#strikes.isQuarantined(name)) this.#quarantine(name);
    else if (known !== undefined) void this.#placeAgain(known);
  }

  /** After a strike: what tenants brought runs where only its like can suffer from it. */
  async #placeAgain(known: Admitted): Promise<void> {
    const name = known.bundle.digest.bundle;
    if (!known.isTrusted) this.#dismiss(name, 'tenant');
    const fault = await this.#place(known.bundle, known.isTrusted ? 'trusted' : 'probation');
    const isWanted = this.#admitted.get(name) === known && !this.#isStopped && !this.#strikes.isQuarantined(name);
    if (fault !== undefined && isWanted) this.#onStrike(name, 'died');
  }

  #quarantine(name: string): void {
    this.#metrics.counter('earshot_policy_quarantined_total').add();
    for (const kind of ['trusted', 'tenant', 'probation'] as const) this.#dismiss(name, kind);
    const refused = this.#waiting.drain((waiting) => waiting.question.bundle === name);
    for (const waiting of refused) waiting.settle(unheard('policy_quarantined'));
  }

  #dismiss(name: string, kind: StationKind): void {
    for (const station of this.#stations) if (station.kind === kind) station.dismiss(name);
  }

  #forget(name: string): void {
    this.#admitted.delete(name);
    for (const kind of ['trusted', 'tenant', 'probation'] as const) this.#dismiss(name, kind);
  }
}
