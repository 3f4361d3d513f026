/** Facts about a call that cross the border: decoded, bounded, and never SIP or SDP bytes. */

import type { CallId, LegId, StreamId, TenantId } from '../base/ids.ts';
import type { Role, Side } from './tenant.ts';

export type MediaDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export type Encoding = 'PCMU' | 'PCMA' | 'G722' | 'L16' | 'telephone-event' | 'other';

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

/** A signature over SDP that an edit of ours would break: RFC 8224, RFC 4474, RFC 3261 §22.4 and §23. */
export const SIGNED_MEDIA = ['passport_mky', 'rfc4474', 'auth_int', 'smime'] as const;
export type SignedMedia = (typeof SIGNED_MEDIA)[number];

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
  /** `opaque`: its packets pass through us, but not even we can open them. */
  readonly media: 'anchored' | 'opaque' | 'bypass' | 'none';
  /** Why it passes us by, where a signature says what its SDP is. */
  readonly signedMedia?: SignedMedia | undefined;
  readonly legs: readonly LegFact[];
}

/** What was said in a call's signaling, without saying it: for whoever kept the messages. */
export interface SignalingAccount {
  readonly messages: number;
  /** SHA-256 of every message in its order, hexadecimal. */
  readonly digest: string;
  /** In how many messages we edited each line, by its name. */
  readonly edits: Readonly<Record<string, number>>;
}

export type CallEndReason = 'bye' | 'cancelled' | 'refused' | 'timeout' | 'swept' | 'drained' | 'restart';
