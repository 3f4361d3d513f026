/** The policy contract (design of the four entrypoints): what is asked, what may be answered, and how it can fail. */

import type { RedactionAction } from './redaction-action.ts';
import type { PartialsMode } from './redaction-settings.ts';
import type { Hears, Modality, Role, Side } from './tenant.ts';
import type { Encoding } from './call.ts';

export type Entrypoint = 'stream' | 'release' | 'retain' | 'emit';

/** The Rego rule behind each question. */
export const ENTRYPOINT_PATH: Readonly<Record<Entrypoint, string>> = {
  stream: 'earshot/stream/decision',
  release: 'earshot/release/decision',
  retain: 'earshot/retain/decision',
  emit: 'earshot/emit/decision',
};

/** The input document, snake_case because policy authors read it. Parts that do not apply are absent. */
export interface PolicyInput {
  readonly v: 1;
  readonly now_ms: number;
  readonly tenant: string;
  readonly call: {
    readonly id: string;
    readonly direction: 'inbound' | 'outbound';
    readonly ingress: string;
    readonly trusted: boolean;
    readonly jurisdictions: readonly string[];
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly leg?: { readonly side: Side; readonly role: Role };
  readonly stream?: { readonly codec: Encoding; readonly secure: boolean; readonly modality: Modality };
  readonly consent?: {
    readonly state: string;
    readonly method: string;
    readonly parties: string;
    readonly source: string;
  };
  readonly disclosure?: { readonly played: boolean; readonly source: string };
  readonly window?: { readonly pci: boolean };
  readonly processor?: {
    readonly id: string;
    readonly kind: 'transcriber' | 'assistant';
    readonly hears: Hears;
    readonly protocol: string;
    readonly region: string;
    readonly legal_entity: string;
    readonly purpose: string;
    readonly terms: {
      readonly hash: string;
      readonly training: boolean;
      readonly retention_days: number;
      readonly expires_at_ms: number;
    };
    readonly health: 'up' | 'down' | 'unknown';
  };
  readonly release?: {
    readonly entities: Readonly<Record<string, number>>;
    readonly chars: number;
    readonly final: boolean;
    readonly detector: string;
  };
  readonly retain?: { readonly kind: 'audio' | 'transcript' | 'policy_input' | 'salts' };
  readonly subscriber?: { readonly id: string; readonly kind: 'local' | 'webhook' | 'stream' };
}

export interface Reason {
  readonly rule: string;
  readonly clause?: string | undefined;
}

/** Conditions on an allow. An obligation this list does not know is a deny. */
export interface Obligations {
  readonly max_window_ms?: number | undefined;
  readonly max_bytes?: number | undefined;
  readonly mute_on?: readonly 'pci'[] | undefined;
  /** Entity type to action; types not named take the redactor's default (pseudonym). */
  readonly redact?: Readonly<Record<string, RedactionAction>> | undefined;
  /** Of results that may still change; absent is `off`. */
  readonly partials?: PartialsMode | undefined;
  readonly keep_class?: string | undefined;
  readonly region?: string | undefined;
  /** Emit only: types whose values the subscriber may see in place of their pseudonyms. */
  readonly restore?: readonly string[] | undefined;
  /** Release only: send nothing, or send with every word masked. */
  readonly tighten?: 'drop' | 'mask_all' | undefined;
}

/**
 * Why the answer is what it is. Only `allowed` allows; every other code is a deny of its own kind.
 * `policy_denied`: a rule said no. `media_opaque`: nobody could hear it, so no rule was asked. The rest: no rule was
 * heard, so no.
 */
export type DecisionCode =
  | 'allowed'
  | 'policy_denied'
  | 'policy_undefined'
  | 'policy_malformed'
  | 'policy_obligation_unknown'
  | 'policy_error'
  | 'policy_deadline'
  | 'policy_unavailable'
  | 'policy_invalid'
  | 'policy_quarantined'
  | 'media_opaque';

/** Which policy was asked: digests (SHA-256 hex) of bundle file and of its data document. */
export interface PolicyDigest {
  readonly bundle: string;
  readonly data: string;
}

export interface Decision {
  readonly entrypoint: Entrypoint;
  readonly allow: boolean;
  readonly code: DecisionCode;
  readonly reasons: readonly Reason[];
  readonly obligations: Obligations;
  /** Absent when no valid bundle was there to be asked. */
  readonly policy?: PolicyDigest | undefined;
  readonly guardrail?: PolicyDigest | undefined;
  /** HMAC-SHA-256 (hex) of the canonical input under a random salt. */
  readonly inputCommitment: string;
  readonly evaluationUs: number;
}
