/**
 * What governance knows of the calls that live now: small records, one per call, stream and feed. Behaviour is in the
 * journeys; these only remember.
 */

import type { CallId, LeaseId, LegId, ProcessorId, StreamId, TapId } from '../../base/ids.ts';
import type { GapReason, LeaseUse } from '../../model/audio.ts';
import type { CallFact, LegFact, StreamFact } from '../../model/call.ts';
import type { Grant, TextGrant } from '../../model/grant.ts';
import type { Revision, Tenant } from '../../model/tenant.ts';
import type { Segment } from '../../model/transcript.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { History } from '../conversation/history.ts';
import type { SpentLease } from './pci-exposure.ts';
import type { CallPci } from './pci-state.ts';
import type { RefusalTally } from './refusal-tally.ts';
import type { SerialWork } from './serial-work.ts';
import { Silenced } from './silenced.ts';

/** One processor's hearing of one stream, from its lease being recorded to its account being recorded. */
export interface Feed {
  readonly lease: LeaseId;
  readonly grant: Grant;
  readonly fromMs: number;
  throughMs: number;
  maxBytes: number;
  renewals: number;
  /** A renewal on its way into the ledger: until it is known there, nobody can say what the lease covers. */
  renewing: Promise<void> | undefined;
  /** Whether the ledger did not take the last renewal. */
  wasRefused: boolean;
  use: LeaseUse;
  state: 'open' | 'closing';
}

/** Why and since where a processor does not hear a stream it may hear, and when to try again. */
export interface Silence {
  readonly fromMs: number;
  readonly reason: GapReason;
  /** Attempts to end it that came to nothing. */
  readonly failures: number;
  readonly retryAtUs: number;
}

export interface LiveStream {
  readonly stream: StreamId;
  readonly leg: LegId;
  fact: StreamFact;
  /** One tap per stream, whatever the number of processors. */
  tap: TapId | undefined;
  /** Newest position on the stream's timeline the audio worker told of. */
  positionMs: number;
  /** How far that was ahead of our clock: by the packet it ends with, and by what the first one came late. */
  leadMs: number;
  readonly feeds: Map<ProcessorId, Feed>;
  /** Processors that are or were asked about: once, unless there is a silence to end. */
  readonly asked: Map<ProcessorId, 'asking' | 'answered'>;
  readonly silences: Map<ProcessorId, Silence>;
  /** Where text readers that were silenced may read on: what was said before is not theirs, whenever it is released. */
  readonly readableFromMs: Map<ProcessorId, number>;
  /** The newest leases that are over, and what was sent under them. */
  readonly spent: SpentLease[];
}

/** Questions under way about a leg's readers, and who read it before the first of them. */
export interface AskedAnew {
  readonly questions: number;
  readonly former: readonly TextGrant[];
}

/** The redaction of one leg, as far as it is run from here. */
export interface LegRedaction {
  /** When one was last shown. */
  previewedUs: number;
  /** The newest partial result that waits for its turn. */
  waiting: Segment | undefined;
}

export interface LiveCall {
  readonly call: CallId;
  /** As the configuration in force has it; a tenant that is gone from there has no processors any more. */
  tenant: Tenant;
  revision: Revision;
  /** How often what governs its hearing has become another: an answer from before that is not acted upon. */
  governedAnew: number;
  fact: CallFact;
  readonly streams: Map<StreamId, LiveStream>;
  /** Text grants by leg; a leg with none is not redacted because nobody may read it. */
  readonly textGrants: Map<LegId, readonly TextGrant[]>;
  /** Legs whose redaction has begun. */
  readonly redaction: Map<LegId, LegRedaction>;
  /** Legs of which words went by unredacted: what comes next is redacted as after a gap. */
  readonly behind: Set<LegId>;
  /** Legs about whose readers policy is being asked anew: what they say meanwhile waits. */
  readonly askedAnew: Map<LegId, AskedAnew>;
  /** Whether card data is being taken, and when it was. */
  readonly pci: CallPci;
  /** Whether speech before we knew of the call went unheard. */
  readonly isResumed: boolean;
  readonly conversation: Conversation;
  readonly history: History;
  /** Segments in the order they were recognised. */
  readonly segments: SerialWork;
  /** Releases in order, for each processor on its own: a slow one holds up nobody else. */
  readonly releases: Map<ProcessorId, SerialWork>;
  /** Leases whose account is settled and whose processor may still have last words. */
  readonly finishing: Set<LeaseId>;
  readonly heard: Map<ProcessorId, { leases: number; bytes: number }>;
  readonly refusals: RefusalTally;
  /** Processors that were refused because nobody can open the call's media. */
  readonly opaqueRefused: Set<ProcessorId>;
  /** Whether it is on record that its SDP was under a signature. */
  isSignatureRecorded: boolean;
  /** Questions and leases on their way, for which a processor's hearing waits. */
  arrangements: number;
  /** Aborted when nothing more may be released: what is still asked is cancelled, what still waits is a gap. */
  readonly over: AbortController;
  end: { readonly reason: string; readonly atUs: number } | undefined;
}

export interface FoundFeed {
  readonly call: LiveCall;
  readonly stream: LiveStream;
  readonly feed: Feed;
}

export class LiveCalls {
  /** What is silenced about them, whatever policy says. */
  readonly silenced = new Silenced();
  readonly #calls = new Map<CallId, LiveCall>();
  readonly #callOfStream = new Map<StreamId, CallId>();
  /** Every feed says several times a second how far it is. */
  readonly #feeds = new Map<LeaseId, FoundFeed>();

  get size(): number {
    return this.#calls.size;
  }

  add(call: LiveCall): void {
    this.#calls.set(call.call, call);
  }

  get(call: CallId): LiveCall | undefined {
    return this.#calls.get(call);
  }

  all(): LiveCall[] {
    return [...this.#calls.values()];
  }

  /** The call and stream of a stream id, when both live. */
  findStream(stream: StreamId): { readonly call: LiveCall; readonly stream: LiveStream } | undefined {
    const id = this.#callOfStream.get(stream);
    const call = id === undefined ? undefined : this.#calls.get(id);
    const live = call?.streams.get(stream);
    return call === undefined || live === undefined ? undefined : { call, stream: live };
  }

  /** The feed of a lease, from `addFeed` to `removeFeed`. */
  findLease(lease: LeaseId): FoundFeed | undefined {
    return this.#feeds.get(lease);
  }

  addFeed(found: FoundFeed): void {
    found.stream.feeds.set(found.feed.grant.processor.id, found.feed);
    this.#feeds.set(found.feed.lease, found);
  }

  /** False when it was removed before. */
  removeFeed({ lease }: Feed): boolean {
    const found = this.#feeds.get(lease);
    found?.stream.feeds.delete(found.feed.grant.processor.id);
    return this.#feeds.delete(lease);
  }

  findTap(tap: TapId): { readonly call: LiveCall; readonly stream: LiveStream } | undefined {
    for (const call of this.#calls.values()) {
      for (const stream of call.streams.values()) if (stream.tap === tap) return { call, stream };
    }
    return undefined;
  }

  /** The call whose processor may still have last words under that lease. */
  findFinishing(lease: LeaseId): LiveCall | undefined {
    return this.all().find(({ finishing }) => finishing.has(lease));
  }

  /** Brings a call's streams in line with its newest fact. */
  updateStreams(call: LiveCall, fact: CallFact): void {
    call.fact = fact;
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
    }
  }

  /** Its feeds must have been removed before. */
  remove(call: LiveCall): void {
    for (const stream of call.streams.keys()) this.#callOfStream.delete(stream);
    this.#calls.delete(call.call);
    this.silenced.forgetCall(call.call);
  }
}

/** Whether the call has ended, whatever is still being said about it. */
export function isOver(call: LiveCall): boolean {
  return call.end !== undefined;
}

/** Who may read the leg, whether or not he is silenced just now. */
export function currentReaders({ textGrants }: LiveCall, leg: LegId): readonly TextGrant[] {
  return textGrants.get(leg) ?? [];
}

function newStream(leg: LegFact, fact: StreamFact): LiveStream {
  return {
    stream: fact.stream,
    leg: leg.leg,
    fact,
    tap: undefined,
    positionMs: 0,
    leadMs: 0,
    feeds: new Map(),
    asked: new Map(),
    silences: new Map(),
    readableFromMs: new Map(),
    spent: [],
  };
}
