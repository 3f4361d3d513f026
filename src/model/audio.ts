/** Words about audio that several folders say: gaps, marks and lease windows on a stream's timeline. */

import type { LeaseId, ProcessorId, StreamId } from '../base/ids.ts';

/** Why audio or text did not get through. Every gap is counted, marked, surfaced and recorded. */
export type GapReason =
  | 'lost'
  | 'late'
  | 'tap_overflow'
  | 'tap_lapsed'
  | 'queue_overflow'
  | 'lease_exhausted'
  | 'undecodable'
  | 'processor_down'
  | 'ledger_unavailable'
  | 'governance_restart'
  | 'audio_worker_restart'
  | 'redaction_unavailable'
  | 'policy'
  | 'policy_unavailable'
  | 'revoked'
  | 'pci'
  | 'not_kept';

/** A hole on a stream's timeline, in ms from the stream's first packet; `processor` when only that one missed it. */
export interface Gap {
  readonly stream: StreamId;
  readonly processor?: ProcessorId | undefined;
  readonly reason: GapReason;
  readonly fromMs: number;
  readonly toMs: number;
}

export type LeaseCloseReason =
  | 'end'
  | 'revoked'
  | 'pci'
  | 'consent'
  | 'policy_change'
  | 'ledger_unavailable'
  | 'processor_down'
  | 'governance_restart'
  | 'audio_worker_restart'
  | 'tap_lapsed'
  | 'quota'
  | 'unused';

/** One processor's recorded window: audio captured before `throughMs` may be sent, up to `maxBytes` in total. */
export interface LeaseWindow {
  readonly lease: LeaseId;
  readonly stream: StreamId;
  readonly processor: ProcessorId;
  readonly fromMs: number;
  readonly throughMs: number;
  /** Cumulative over the lease's life: audio payload handed to the socket, before framing. */
  readonly maxBytes: number;
}

/** What was sent under a lease so far. */
export interface LeaseUse {
  readonly capturedThroughMs: number;
  readonly bytes: number;
}
