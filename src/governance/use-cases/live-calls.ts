/**
 * What governance knows of the calls that live now: small records, one per call, stream and feed. Behaviour is in the
 * journeys; these only remember.
 */

import type { CallId, LeaseId, LegId, ProcessorId, StreamId, TapId } from '../../base/ids.ts';
import type { LeaseUse } from '../../model/audio.ts';
import type { CallFact, LegFact, StreamFact } from '../../model/call.ts';
import type { Grant } from '../../model/grant.ts';
import type { Revision, Tenant } from '../../model/tenant.ts';

/** One processor's hearing of one stream, from its lease being recorded to its account being recorded. */
export interface Feed {
  readonly lease: LeaseId;
  readonly grant: Grant;
  readonly fromMs: number;
  throughMs: number;
  maxBytes: number;
  renewals: number;
  isRenewing: boolean;
  use: LeaseUse;
  state: 'open' | 'closing';
}

export interface LiveStream {
  readonly stream: StreamId;
  readonly leg: LegId;
  fact: StreamFact;
  /** One tap per stream, whatever the number of processors. */
  tap: TapId | undefined;
  /** Newest position on the stream's timeline the audio worker told of. */
  positionMs: number;
  readonly feeds: Map<ProcessorId, Feed>;
  /** Processors a decision was asked for and not yet acted on, so that it is asked once. */
  readonly asked: Set<ProcessorId>;
  /** Where a processor stopped hearing, and why, until it hears again. */
  readonly silentSince: Map<
    ProcessorId,
    {
      readonly fromMs: number;
      readonly reason:
        'ledger_unavailable' | 'processor_down' | 'tap_lapsed' | 'audio_worker_restart' | 'governance_restart';
    }
  >;
}

export interface LiveCall {
  readonly call: CallId;
  readonly tenant: Tenant;
  /** The configuration the call began under. */
  readonly revision: Revision;
  fact: CallFact;
  readonly streams: Map<StreamId, LiveStream>;
  /** Text grants by leg and processor; a leg with none is not redacted because nobody may read it. */
  readonly textGrants: Map<LegId, readonly Grant[]>;
  /** Whether speech before we knew of the call went unheard. */
  readonly isResumed: boolean;
  readonly heard: Map<ProcessorId, { leases: number; bytes: number }>;
  endReason: string | undefined;
}

export class LiveCalls {
  readonly #calls = new Map<CallId, LiveCall>();
  readonly #callOfStream = new Map<StreamId, CallId>();

  get size(): number {
    return this.#calls.size;
  }

  add(call: LiveCall): void {
    this.#calls.set(call.call, call);
  }

  get(call: CallId): LiveCall | undefined {
    return this.#calls.get(call);
  }

  all(): IterableIterator<LiveCall> {
    return this.#calls.values();
  }

  /** The call and stream of a stream id, when both live. */
  findStream(stream: StreamId): { readonly call: LiveCall; readonly stream: LiveStream } | undefined {
    const id = this.#callOfStream.get(stream);
    const call = id === undefined ? undefined : this.#calls.get(id);
    const live = call?.streams.get(stream);
    return call === undefined || live === undefined ? undefined : { call, stream: live };
  }

  /** The feed of a lease, when it lives. */
  findLease(lease: LeaseId, stream: StreamId): { call: LiveCall; stream: LiveStream; feed: Feed } | undefined {
    const found = this.findStream(stream);
    if (found === undefined) return undefined;
    for (const feed of found.stream.feeds.values()) {
      if (feed.lease === lease) return { ...found, feed };
    }
    return undefined;
  }

  findTap(tap: TapId): { readonly call: LiveCall; readonly stream: LiveStream } | undefined {
    for (const call of this.#calls.values()) {
      for (const stream of call.streams.values()) if (stream.tap === tap) return { call, stream };
    }
    return undefined;
  }

  /** Brings a call's streams in line with its newest fact; returns the streams that are new. */
  updateStreams(call: LiveCall, fact: CallFact): LiveStream[] {
    call.fact = fact;
    const added: LiveStream[] = [];
    for (const leg of fact.legs) {
      if (leg.stream === undefined) continue;
      const known = call.streams.get(leg.stream.stream);
      if (known !== undefined) {
        known.fact = leg.stream;
        continue;
      }
      const stream = newStream(leg, leg.stream);
      call.streams.set(stream.stream, stream);
      this.#callOfStream.set(stream.stream, call.call);
      added.push(stream);
    }
    return added;
  }

  remove(call: LiveCall): void {
    for (const stream of call.streams.keys()) this.#callOfStream.delete(stream);
    this.#calls.delete(call.call);
  }
}

function newStream(leg: LegFact, fact: StreamFact): LiveStream {
  return {
    stream: fact.stream,
    leg: leg.leg,
    fact,
    tap: undefined,
    positionMs: 0,
    feeds: new Map(),
    asked: new Set(),
    silentSince: new Map(),
  };
}
