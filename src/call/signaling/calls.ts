/**
 * The live calls: one small record each, from its INVITE to its BYE, refusal or sweep. It tells the anchor and the sink
 * of beginnings and ends; what happens in between is in the journeys.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../base/clock.ts';
import { newId } from '../../base/ids.ts';
import type { CallId, RandomBytes, TenantId } from '../../base/ids.ts';
import type { RoutedTenant } from '../../model/routing.ts';
import type { CallEndReason, CallFact } from '../../model/call.ts';
import type { HopTarget } from '../../protocol/sip/loose-route.ts';
import { SignalingDigest, type SignalingSummary } from '../../protocol/sip/signaling-digest.ts';
import { fromPlain, toPlain } from '../plain-state.ts';
import { noteAsked, type Asked } from './asked.ts';
import type { CallSink } from './call-events.ts';
import type { SignalingLimits } from './limits.ts';
import type { MediaAnchor, MediaFacts } from './media-anchor.ts';

export interface Call {
  readonly id: CallId;
  readonly tenant: RoutedTenant;
  readonly ingress: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly startedWallMs: number;
  readonly startedMonoUs: number;
  /** Answerers by To tag. */
  readonly branches: Map<string, 'early' | 'confirmed' | 'ended'>;
  /** The next hop that each answerer's 2xx came from, by To tag. */
  readonly answeredBy: Map<string, HopTarget>;
  /** Offers that came in responses, by the name they have with the anchor, oldest first: whether they were answered. */
  readonly lateOffers: Map<string, 'open' | 'answered' | 'passed'>;
  /** What its peers were asked lately, by the branch of our Via. */
  readonly asked: Map<string, Asked>;
  /** What was said so far, as one digest. */
  readonly signaling: SignalingDigest;
  state: 'early' | 'confirmed';
  /** The name it is found by without a token; undefined until `rememberCaller`. */
  caller: string | undefined;
  lastActivityUs: number;
  ended: boolean;
  /** As last told to the sink; undefined before that. */
  told: CallFact | undefined;
}

/** How long an INVITE of an earlier life may still ring: its Timer C (RFC 3261 §16.8) died with that. */
const ORPHAN_US = 200_000_000;

export interface CallsOptions {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly anchor: MediaAnchor;
  readonly sink: CallSink;
  readonly limits: SignalingLimits;
}

export class Calls {
  readonly #options: CallsOptions;
  readonly #calls = new Map<CallId, Call>();
  readonly #byCaller = new Map<string, Call>();
  /** Calls of an earlier life by what that asked, and those of them that rang: when they are given up. */
  readonly #byAsked = new Map<string, Call>();
  readonly #orphans = new Map<Call, number>();
  readonly #ofTenant = new Map<TenantId, number>();

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#calls.size;
  }

  get isFull(): boolean {
    return this.#calls.size >= this.#options.limits.maxCalls;
  }

  /**
   * Whether what is left is for others: the last fifth of all calls is kept from a tenant that holds a fifth already, so
   * that one tenant's flood leaves room for the calls of the rest.
   */
  isShareTaken(tenant: TenantId): boolean {
    const fifth = this.#options.limits.maxCalls / 5;
    return this.#calls.size >= 4 * fifth && (this.#ofTenant.get(tenant) ?? 0) >= fifth;
  }

  begin(tenant: RoutedTenant, ingress: string, labels: Readonly<Record<string, string>> = {}): Call {
    const { clock, random, anchor } = this.#options;
    const call: Call = {
      id: newId('call', random),
      tenant,
      ingress,
      labels,
      startedWallMs: Math.floor(clock.wallMs()),
      startedMonoUs: Math.floor(clock.monoUs()),
      branches: new Map(),
      answeredBy: new Map(),
      lateOffers: new Map(),
      asked: new Map(),
      signaling: new SignalingDigest(),
      state: 'early',
      caller: undefined,
      lastActivityUs: clock.monoUs(),
      ended: false,
      told: undefined,
    };
    this.#calls.set(call.id, call);
    this.#ofTenant.set(tenant.id, (this.#ofTenant.get(tenant.id) ?? 0) + 1);
    anchor.open(call.id, tenant);
    return call;
  }

  ids(): Iterable<CallId> {
    return this.#calls.keys();
  }

  find(id: CallId | undefined): Call | undefined {
    return id === undefined ? undefined : this.#calls.get(id);
  }

  /** From now on `findByCaller` finds it; of several with one name, the newest. */
  rememberCaller(call: Call, caller: string): void {
    call.caller = caller;
    this.#byCaller.set(caller, call);
  }

  /** The living call with that name. */
  findByCaller(caller: string): Call | undefined {
    return this.#byCaller.get(caller);
  }

  /** A request of that call was sent under that branch. */
  noteAsked(call: Call, branch: string, asked: Asked): void {
    noteAsked(call.asked, branch, asked);
    this.#options.sink.callMoved?.(call.id);
  }

  /** The living call of which an earlier life of this process asked that. */
  findAsked(branch: string): { readonly call: Call; readonly asked: Asked } | undefined {
    const call = this.#byAsked.get(branch);
    const asked = call?.asked.get(branch);
    return call && asked && { call, asked };
  }

  /** Tells the sink what the call is now, if that differs from what it was told. */
  tell(call: Call): void {
    if (call.ended) return;
    const { sink } = this.#options;
    sink.callMoved?.(call.id);
    const facts = this.#options.anchor.describe(call.id);
    const { told } = call;
    if (told?.state === call.state && isSameMedia(told, facts)) return;
    const fact = this.#describe(call, facts);
    call.told = fact;
    if (told) sink.callChanged(fact);
    else sink.callStarted(fact);
  }

  /** Notes an answerer. False when there are too many to tell apart. */
  noteBranch(call: Call, tag: string): boolean {
    if (call.branches.has(tag)) return true;
    if (call.branches.size >= this.#options.limits.maxBranches) return false;
    call.branches.set(tag, 'early');
    return true;
  }

  /** A 2xx came from that answerer. */
  confirmBranch(call: Call, tag: string): void {
    if (this.noteBranch(call, tag) && call.branches.get(tag) === 'early') call.branches.set(tag, 'confirmed');
    call.state = 'confirmed';
  }

  /** One answerer's dialog is over. The call ends with its last confirmed one; an early call waits for its INVITE. */
  endBranch(call: Call, tag: string, reason: CallEndReason): void {
    if (call.branches.has(tag)) call.branches.set(tag, 'ended');
    const states = [...call.branches.values()];
    if (call.state === 'confirmed' && !states.includes('confirmed')) this.end(call, reason);
  }

  end(call: Call, reason: CallEndReason): void {
    if (call.ended) return;
    call.ended = true;
    if (this.#calls.delete(call.id)) this.#leave(call.tenant.id);
    if (call.caller !== undefined && this.#byCaller.get(call.caller) === call) this.#byCaller.delete(call.caller);
    for (const branch of call.asked.keys()) this.#byAsked.delete(branch);
    this.#orphans.delete(call);
    const { anchor, sink } = this.#options;
    anchor.end(call.id);
    sink.callMoved?.(call.id);
    if (call.told) sink.callEnded(call.id, call.tenant.id, reason, call.signaling.summary());
  }

  /** A living call as data; undefined when it is over. Its tenant's match rules, needed no more, are left out. */
  state(id: CallId): unknown {
    const call = this.#calls.get(id);
    if (!call) return undefined;
    const match = { sources: [], domains: [], dids: [], headers: [] };
    return toPlain({ ...call, tenant: { ...call.tenant, match }, signaling: call.signaling.summary() });
  }

  /** Goes on with a call of an earlier life, from what `state` said; the anchor has it already. The sink is told anew. */
  restore(state: unknown): void {
    const { signaling, ...rest } = fromPlain(state) as Omit<Call, 'signaling'> & {
      readonly signaling: SignalingSummary;
    };
    const call: Call = {
      ...rest,
      signaling: new SignalingDigest(signaling),
      lastActivityUs: this.#options.clock.monoUs(),
      told: undefined,
    };
    this.#calls.set(call.id, call);
    if (call.caller !== undefined) this.#byCaller.set(call.caller, call);
    for (const branch of call.asked.keys()) this.#byAsked.set(branch, call);
    if (call.state === 'early') this.#orphans.set(call, call.lastActivityUs + ORPHAN_US);
    this.#ofTenant.set(call.tenant.id, (this.#ofTenant.get(call.tenant.id) ?? 0) + 1);
    this.tell(call);
  }

  /** There was traffic of this call, in SIP or in media. */
  touch(call: Call): void {
    call.lastActivityUs = this.#options.clock.monoUs();
  }

  /** Ends what was silent for too long: its BYE was lost, or went another way; or its INVITE rang on from an earlier life. */
  sweep(): number {
    const { clock, limits } = this.#options;
    const idleSinceUs = clock.monoUs() - limits.idleCallMs * 1000;
    const isIdle = (call: Call): boolean => call.lastActivityUs <= idleSinceUs || this.#isOrphaned(call);
    const idle = [...this.#calls.values()].filter(isIdle);
    for (const call of idle) this.end(call, 'swept');
    return idle.length;
  }

  /** Every call the sink was told of, as it stands. */
  facts(): CallFact[] {
    return [...this.#calls.values()].filter((call) => call.told !== undefined).map((call) => this.#describe(call));
  }

  /** That one, if the sink was told of it. */
  fact(id: CallId): CallFact | undefined {
    const call = this.#calls.get(id);
    return call?.told && this.#describe(call);
  }

  #describe(call: Call, facts: MediaFacts = this.#options.anchor.describe(call.id)): CallFact {
    return {
      call: call.id,
      tenant: call.tenant.id,
      direction: call.tenant.direction,
      ingress: call.ingress,
      trusted: call.tenant.trusted,
      labels: call.labels,
      startedWallMs: call.startedWallMs,
      startedMonoUs: call.startedMonoUs,
      state: call.state,
      ...facts,
    };
  }

  #isOrphaned(call: Call): boolean {
    const untilUs = this.#orphans.get(call);
    return untilUs !== undefined && call.state === 'early' && untilUs <= this.#options.clock.monoUs();
  }

  #leave(tenant: TenantId): void {
    const left = (this.#ofTenant.get(tenant) ?? 0) - 1;
    if (left > 0) this.#ofTenant.set(tenant, left);
    else this.#ofTenant.delete(tenant);
  }
}

/** Whether media is as it was told; this is asked after every message, and mostly of calls that are. */
function isSameMedia(told: MediaFacts, now: MediaFacts): boolean {
  if (told.media !== now.media || told.signedMedia !== now.signedMedia) return false;
  return told.legs.length === now.legs.length && (now.legs.length === 0 || isDeepStrictEqual(told.legs, now.legs));
}
