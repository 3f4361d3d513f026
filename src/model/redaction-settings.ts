/** How a tenant wants speech redacted, whoever reads it: what detection looks for, and how long words may be held. */

import type { RedactionAction } from './redaction-action.ts';
import type { EntityType } from './transcript.ts';

/** What becomes of results that may still change: nothing, their settled part, or all of it with every number hidden. */
export const PARTIALS_MODES = ['off', 'masked', 'numbers-masked'] as const;
export type PartialsMode = (typeof PARTIALS_MODES)[number];

/** Of two wishes the one that tells less. */
export function stricterPartials(a: PartialsMode, b: PartialsMode): PartialsMode {
  return PARTIALS_MODES.indexOf(a) <= PARTIALS_MODES.indexOf(b) ? a : b;
}

/** Something the tenant alone knows how to recognise. */
export interface TenantPattern {
  /** What it is called where it is hidden: `MEMBER_NO`. */
  readonly type: EntityType;
  /** Of a regular language (RE2): matched in linear time, ignoring case. */
  readonly pattern: string;
}

/** When card data is being taken, and for how long nothing of the customer is heard. */
export interface PciSettings {
  readonly enabled: boolean;
  /** Longest a window stays open. */
  readonly maxMs: number;
  /** So many keys, one soon after another, open it. */
  readonly dtmfKeys: number;
  /** So long after the last key a window that keys opened closes. */
  readonly afterDtmfMs: number;
}

export interface RedactionSettings {
  /** By type; of these and what policy obliges to, whichever tells less. */
  readonly actions: Readonly<Record<EntityType, RedactionAction>>;
  /** For types neither names. */
  readonly defaultAction: RedactionAction;
  /** Findings less sure than this (0 to 1) are left alone. */
  readonly minConfidence: Readonly<Record<EntityType, number>>;
  /** The most that policy may be given of partial results. */
  readonly partials: PartialsMode;
  /** Words held back whatever they are. */
  readonly holdWords: number;
  /** Longest a word is held. */
  readonly maxHoldMs: number;
  readonly patterns: readonly TenantPattern[];
  /** Words and names that are never personal: the firm's, its products'. They never save a number. */
  readonly allow: readonly string[];
  /** Words and phrases that are always hidden. */
  readonly deny: readonly string[];
  readonly pci: PciSettings;
}

export const DEFAULT_REDACTION: RedactionSettings = {
  actions: {},
  defaultAction: 'pseudonym',
  minConfidence: {},
  partials: 'masked',
  holdWords: 1,
  maxHoldMs: 25_000,
  patterns: [],
  allow: [],
  deny: [],
  pci: { enabled: true, maxMs: 60_000, dtmfKeys: 3, afterDtmfMs: 5000 },
};
