/**
 * What the main thread and a media worker say to each other: plain values, structured-cloned, both ends ours. Keys travel
 * here inside a `SessionState`; packets never do.
 */

import type { CallId, StreamId, TapId } from '../../base/ids.ts';
import type { LogLevel } from '../../base/log.ts';
import type { MetricSample } from '../../base/metrics.ts';
import type { TapEnd, TapRefusal } from '../../link/messages.ts';
import type { Side } from '../../model/tenant.ts';
import type { DtlsCertificate } from '../../protocol/dtls/association.ts';
import type { MediaPair, SessionState } from './session-state.ts';

/** A named side of the node, as far as media needs it. Ports are inclusive. */
export interface MediaInterface {
  readonly name: string;
  readonly bindAddress: string;
  readonly advertisedAddress: string;
  readonly family: 4 | 6;
  readonly portMin: number;
  readonly portMax: number;
}

/** Kinds of UDP ports, cheapest first: batches by io_uring, by recvmmsg and sendmmsg, and node's own. */
export const PACKET_PORT_KINDS = ['io_uring', 'mmsg', 'dgram'] as const;
export type PacketPortKind = (typeof PACKET_PORT_KINDS)[number];

/** What a worker is started with. */
export interface WorkerStart {
  readonly index: number;
  /** Number of workers: each takes every n-th pair of the ranges, so that they never race for a port. */
  readonly workers: number;
  /** First pair id this worker may give out; ids of an earlier life of the same worker are all below. */
  readonly firstPair: number;
  readonly interfaces: readonly MediaInterface[];
  /** Pairs kept bound and unused, per interface. */
  readonly readyPairs: number;
  /** Path of the tap socket, inside a folder that only we may enter. */
  readonly tapSocket: string;
  /** The kind of UDP port to begin with where the cheapest is not wanted; `auto` when not said. */
  readonly packetPort?: PacketPortKind | 'auto';
  readonly logLevel: LogLevel;
  /** Pairs that calls have already, of an earlier life of this worker or of the process: bound first, on the same ports. */
  readonly taken?: readonly MediaPair[] | undefined;
  /** Pairs that calls of other workers have: not to be tried, though with another number of workers they were ours to try. */
  readonly elsewhere?: readonly MediaPair[] | undefined;
  /** Sessions to go on with, on those pairs. */
  readonly restored?: readonly SessionState[] | undefined;
  /** What our side of every DTLS handshake shows; absent when none is to be done. The key is secret. */
  readonly dtlsCertificate?: DtlsCertificate | undefined;
}

export type ToWorker =
  | { readonly kind: 'pair.taken'; readonly pair: number }
  | { readonly kind: 'pair.free'; readonly pair: number }
  | { readonly kind: 'session.apply'; readonly state: SessionState }
  | { readonly kind: 'session.end'; readonly call: CallId }
  | {
      readonly kind: 'tap.open';
      readonly tap: TapId;
      readonly call: CallId;
      readonly stream: StreamId;
      readonly deadlineUs: number;
    }
  | { readonly kind: 'tap.renew'; readonly taps: readonly TapId[]; readonly deadlineUs: number }
  | { readonly kind: 'tap.close'; readonly tap: TapId }
  | { readonly kind: 'stop' };

export type FromWorker =
  /** The reserve has been filled once and the tap socket listens. */
  | { readonly kind: 'ready'; readonly packetPort?: PacketPortKind }
  | { readonly kind: 'pair.ready'; readonly pair: MediaPair }
  /** Every port of the range is in use, here or by others; said once until one is ready again. */
  | { readonly kind: 'pairs.exhausted'; readonly interface: string }
  /** A pair that a call has could not be bound again: its ports are somebody else's now. */
  | { readonly kind: 'pair.lost'; readonly pair: MediaPair }
  | TapReport
  /** A session as it is now, soon after what must outlive the worker changed, and every 5 s while it is heard. */
  | { readonly kind: 'session.state'; readonly state: SessionState }
  /** A session could not be gone on with, for want of its ports or because its state makes no sense. */
  | { readonly kind: 'session.lost'; readonly call: CallId; readonly mLine: number }
  /** A key was pressed: when (CLOCK_MONOTONIC) and how long. Which one never leaves the packet. */
  | {
      readonly kind: 'stream.dtmf';
      readonly call: CallId;
      readonly stream: StreamId;
      readonly atUs: number;
      readonly durationMs: number;
    }
  /** A stream's first packet came: the origin of its timeline, CLOCK_MONOTONIC. */
  | {
      readonly kind: 'stream.started';
      readonly call: CallId;
      readonly stream: StreamId;
      readonly firstArrivalUs: number;
    }
  /** Calls that received authentic media since the last of these. */
  | { readonly kind: 'activity'; readonly calls: readonly CallId[] }
  | { readonly kind: 'session.stats'; readonly stats: SessionStats }
  | {
      readonly kind: 'report';
      readonly sessions: number;
      readonly taps: number;
      readonly metrics: readonly MetricSample[];
    };

export type TapReport =
  | { readonly kind: 'tap.opened'; readonly tap: TapId; readonly stream: StreamId }
  | { readonly kind: 'tap.refused'; readonly tap: TapId; readonly stream: StreamId; readonly reason: TapRefusal }
  | {
      readonly kind: 'tap.ended';
      readonly tap: TapId;
      readonly stream: StreamId;
      readonly reason: TapEnd;
      readonly frames: number;
      readonly dropped: number;
    };

/** Packets of one session so far, RTP only; `final` when the session has ended. */
export interface SessionStats {
  readonly call: CallId;
  readonly mLine: number;
  readonly final: boolean;
  readonly sides: Readonly<Record<Side, SideStats>>;
}

/**
 * `received` from that side and accepted, `sent` to it, and `dropped` of what arrived from it (RTCP and strays too);
 * `lost` on the way to us, and how unevenly the active leg's packets come (RFC 3550 §6.4.1).
 */
export interface SideStats {
  readonly received: number;
  readonly sent: number;
  readonly dropped: number;
  readonly lost: number;
  readonly jitterMs: number;
}
