/**
 * Between governance's main thread and its audio workers: every message, as two closed unions. No audio crosses here,
 * but recognised text does, and an endpoint's credential: neither is ever logged.
 */

import type { CallId, LeaseId, LegId, ProcessorId, StreamId, TapId } from '../../base/ids.ts';
import type { MetricSample } from '../../base/metrics.ts';
import type { Gap, LeaseCloseReason, LeaseUse, LeaseWindow } from '../../model/audio.ts';
import type { PayloadFact } from '../../model/call.ts';
import type { Segment } from '../../model/transcript.ts';
import type { ConnectionEnd, ProcessorEndpoint } from '../../processors/processor.ts';

/** Protocols of processors that hear audio. */
export type AudioProtocol = 'vosk';

/** A tap this worker will see frames of. Sent before the tap is opened, and again when the payload map changes. */
export interface ExpectedStream {
  readonly tap: TapId;
  readonly stream: StreamId;
  readonly call: CallId;
  readonly leg: LegId;
  readonly payloads: readonly PayloadFact[];
}

/** One processor's hearing of one tapped stream. Sent only once the lease is durable. */
export interface FeedOrder {
  readonly tap: TapId;
  readonly window: LeaseWindow;
  readonly protocol: AudioProtocol;
  readonly endpoint: ProcessorEndpoint;
}

export type ToAudioWorker =
  /** `mediaWorker` is the index whose tap socket this is; a second one for the same index replaces the first. */
  | { readonly kind: 'tap.connect'; readonly mediaWorker: number; readonly socketPath: string }
  | { readonly kind: 'tap.disconnect'; readonly mediaWorker: number }
  | { readonly kind: 'stream.expect'; readonly expected: ExpectedStream }
  | { readonly kind: 'stream.forget'; readonly tap: TapId }
  | { readonly kind: 'feed.open'; readonly order: FeedOrder }
  | { readonly kind: 'feed.extend'; readonly lease: LeaseId; readonly throughMs: number; readonly maxBytes: number }
  | { readonly kind: 'feed.close'; readonly lease: LeaseId; readonly reason: LeaseCloseReason }
  | { readonly kind: 'stop' };

export type TapEnded = 'end' | 'disconnected' | 'forgotten';

export type FromAudioWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'tap.began'; readonly tap: TapId; readonly stream: StreamId; readonly streamStartUs: number }
  | { readonly kind: 'tap.ended'; readonly tap: TapId; readonly stream: StreamId; readonly reason: TapEnded }
  /** Every half second while it moves. */
  | { readonly kind: 'stream.position'; readonly tap: TapId; readonly stream: StreamId; readonly positionMs: number }
  /** The sender began anew `count` times since the last such message; between the positions nobody can say. */
  | {
      readonly kind: 'stream.restarted';
      readonly stream: StreamId;
      readonly fromMs: number;
      readonly toMs: number;
      readonly count: number;
    }
  | { readonly kind: 'feed.opened'; readonly lease: LeaseId }
  /** Every half second while it moves. */
  | { readonly kind: 'feed.progress'; readonly lease: LeaseId; readonly use: LeaseUse; readonly waitingMs: number }
  /** The account is final: not one byte follows. */
  | {
      readonly kind: 'feed.closed';
      readonly lease: LeaseId;
      readonly stream: StreamId;
      readonly processor: ProcessorId;
      readonly reason: LeaseCloseReason;
      readonly use: LeaseUse;
    }
  /** After `feed.closed`: no segment follows either. */
  | { readonly kind: 'feed.finished'; readonly lease: LeaseId }
  /** The processor is given up; the lease is still open and should be closed. */
  | { readonly kind: 'feed.down'; readonly lease: LeaseId; readonly reason: ConnectionEnd }
  | { readonly kind: 'segment'; readonly lease: LeaseId; readonly segment: Segment }
  /** `count` holes of one reason, gathered for up to half a second. */
  | { readonly kind: 'gap'; readonly gap: Gap; readonly count: number }
  | { readonly kind: 'metrics'; readonly samples: readonly MetricSample[] };

/** What a worker says of its streams and feeds; the rest concerns only its own life. */
export type AudioEvent = Exclude<FromAudioWorker, { readonly kind: 'ready' | 'stopped' | 'metrics' }>;
