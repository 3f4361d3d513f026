/**
 * What the main thread and a media worker say to each other: plain values, structured-cloned, both ends ours. Keys travel
 * here inside a `SessionState`; packets never do.
 */

import type { CallId, StreamId, TapId } from '../../base/ids.ts';
import type { LogLevel } from '../../base/log.ts';
import type { MetricSample } from '../../base/metrics.ts';
import type { TapEnd, TapRefusal } from '../../link/messages.ts';
import type { Side } from '../../model/tenant.ts';
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
  readonly logLevel: LogLevel;
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
  | { readonly kind: 'ready' }
  | { readonly kind: 'pair.ready'; readonly pair: MediaPair }
  /** Every port of the range is in use, here or by others; said once until one is ready again. */
  | { readonly kind: 'pairs.exhausted'; readonly interface: string }
  | TapReport
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

/** `received` from that side and accepted, `sent` to it, and `dropped` of what arrived from it (RTCP and strays too). */
export interface SideStats {
  readonly received: number;
  readonly sent: number;
  readonly dropped: number;
}
