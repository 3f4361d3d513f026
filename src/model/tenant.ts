/** What the declarative document says, once read: tenants, routes, processors and their terms. Immutable. */

import type { ProcessorId, TenantId } from '../base/ids.ts';
import type { LegPolicy } from './leg-policy.ts';
import type { RedactionSettings } from './redaction-settings.ts';

export type Side = 'caller' | 'callee';
export type Role = 'customer' | 'agent' | 'ivr';
export type Hears = 'raw_audio' | 'masked_audio' | 'text';
export type Modality = 'audio' | 'text' | 'dtmf';

/** What becomes of a call's media when no port is ready: leave the SDP alone, or refuse with 503. */
export type OnMediaUnavailable = 'bypass' | 'reject';

/** What becomes of SDP under a signature, which an anchor would break: leave it alone, or refuse with 403. */
export type OnSignedMedia = 'bypass' | 'reject';

/** Whether a tenant's audio is anchored here, or its calls pass as signaling only. */
export type MediaMode = 'anchored' | 'signaling-only';

/** What becomes of further media lines of an anchored call: they pass by as they are, or their packets pass through us. */
export type OtherLines = 'leave' | 'relay';

export const TRANSPORTS = ['udp', 'tcp', 'tls', 'ws', 'wss'] as const;
export type Transport = (typeof TRANSPORTS)[number];

export interface NextHop {
  /** IP literal or hostname. */
  readonly host: string;
  /** Undefined for a name that is to be located by DNS SRV (RFC 3263 §4.2). */
  readonly port?: number | undefined;
  /** Undefined for a name whose transport is to be found by NAPTR as well (RFC 3263 §4.1); only without a port. */
  readonly transport?: Transport | undefined;
}

export interface Consent {
  readonly state: 'granted' | 'denied' | 'unknown';
  readonly method: string;
  readonly parties: 'all' | 'one';
  readonly source: string;
}

export interface Disclosure {
  readonly played: boolean;
  readonly source: string;
}

export interface Terms {
  /** SHA-256 (hex) of the canonical terms without this field: what was agreed, as a name. */
  readonly hash: string;
  readonly training: boolean;
  readonly retentionDays: number;
  /** Wall time in ms after which nothing may be sent under these terms. */
  readonly expiresAtMs: number;
}

export interface Processor {
  readonly id: ProcessorId;
  readonly protocol: 'vosk' | 'openai-chat';
  readonly url: string;
  readonly hears: Hears;
  readonly region: string;
  readonly legalEntity: string;
  readonly purpose: string;
  readonly terms: Terms;
  /** Rate the audio is sent at, for processors that hear audio. */
  readonly sampleRateHz: 8000 | 16000;
  /** Model name for processors that want one. */
  readonly model: string | undefined;
  /** System prompt for text processors. */
  readonly instructions: string | undefined;
  /** Environment variable of the governance process that holds the credential; never the credential itself. */
  readonly credentialEnv: string | undefined;
}

/**
 * Whose call it is. Every kind of criterion that is named must hold; within a kind one match is enough. Sources are
 * always named: what a message says of itself is never the only thing that decides.
 */
export interface Match {
  /** Networks the INVITE came from. */
  readonly sources: readonly string[];
  /** Host of the Request-URI, lower-case. */
  readonly domains: readonly string[];
  /** Beginnings of the user part of the Request-URI, such as `+4930`; visual separators do not count. */
  readonly dids: readonly string[];
  /** Headers with exactly this value, such as X-Tenant. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

export interface Tenant {
  readonly id: TenantId;
  readonly match: Match;
  /** Whether what these peers say about consent and labels counts. */
  readonly trusted: boolean;
  /** Headers of the INVITE that become labels of the call, from trusted peers alone. */
  readonly labels: readonly string[];
  readonly ingress: string;
  readonly egress: string;
  readonly nextHops: readonly NextHop[];
  readonly media: Readonly<Record<Side, LegPolicy>>;
  readonly mediaMode: MediaMode;
  readonly otherLines: OtherLines;
  readonly onMediaUnavailable: OnMediaUnavailable;
  readonly onSignedMedia: OnSignedMedia;
  readonly roles: Readonly<Record<Side, Role>>;
  readonly direction: 'inbound' | 'outbound';
  readonly jurisdictions: readonly string[];
  readonly consent: Consent;
  readonly disclosure: Disclosure;
  readonly processors: readonly ProcessorId[];
  /** SHA-256 of the bundle, kept in the database under it; undefined means the shipped default bundle. */
  readonly policy: { readonly sha256: string } | undefined;
  readonly redaction: RedactionSettings;
  /** Whether redacted transcripts are kept where policy allows it, and for how many days at most. */
  readonly retention: { readonly transcripts: { readonly keep: boolean; readonly days: number } };
}

/** One immutable revision of the declarative document. */
export interface Revision {
  readonly revision: number;
  /** SHA-256 (hex) of the canonical document. */
  readonly digest: string;
  readonly tenants: readonly Tenant[];
  readonly processors: readonly Processor[];
}
