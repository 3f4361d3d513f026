/** Facts about a call that cross the border: decoded, bounded, and never SIP or SDP bytes. */

import type { CallId, LegId, StreamId, TenantId } from '../base/ids.ts';
import type { Role, Side } from './tenant.ts';

export type MediaDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export type Encoding = 'PCMU' | 'PCMA' | 'G722' | 'telephone-event' | 'other';

/** One row of a stream's payload map (RFC 3551, RFC 4566 rtpmap). */
export interface PayloadFact {
  readonly payloadType: number;
  readonly encoding: Encoding;
  /** RTP clock in Hz; 8000 for G722 though it samples at 16000 (RFC 3551 §4.5.2). */
  readonly clockRateHz: number;
}

/** One leg's audio, as it arrives at us from that leg. */
export interface StreamFact {
  readonly stream: StreamId;
  /** Index of the media worker that carries it, and so of the tap socket its frames come from. */
  readonly worker: number;
  readonly secure: boolean;
  readonly direction: MediaDirection;
  readonly ptimeMs: number;
  readonly payloads: readonly PayloadFact[];
  /** Whether media of this stream is being relayed now. */
  readonly active: boolean;
  /** CLOCK_MONOTONIC of its first packet, the origin of its timeline; absent before it. */
  readonly startedUs?: number | undefined;
}

export interface LegFact {
  readonly leg: LegId;
  readonly side: Side;
  readonly role: Role;
  /** Absent while the leg has no anchored audio. */
  readonly stream?: StreamFact | undefined;
}

export interface CallFact {
  readonly call: CallId;
  readonly tenant: TenantId;
  readonly direction: 'inbound' | 'outbound';
  /** Interface the INVITE came in on, and whether that peer is trusted for labels and consent. */
  readonly ingress: string;
  readonly trusted: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly startedWallMs: number;
  readonly startedMonoUs: number;
  readonly state: 'early' | 'confirmed';
  readonly media: 'anchored' | 'bypass' | 'none';
  readonly legs: readonly LegFact[];
}

export type CallEndReason = 'bye' | 'cancelled' | 'refused' | 'timeout' | 'swept' | 'drained' | 'restart';
