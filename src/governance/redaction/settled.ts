/** What detection says of words that can no longer change, before any plan has a say. */

import type { EntityType } from '../../model/transcript.ts';
import type { KnownValue } from './call-values.ts';
import type { Token } from './speech/token.ts';

/** Something hidden, in places of the settled tokens, end exclusive. */
export interface SettledFinding {
  readonly start: number;
  readonly end: number;
  readonly type: EntityType;
  readonly confidence: number;
  readonly rule: string;
  /** What it stands for, unless it is of a type that is never remembered. */
  readonly value: KnownValue | undefined;
}

/** Tokens that can no longer change; the findings lie wholly inside them, in order. */
export interface Settled {
  readonly tokens: readonly Token[];
  readonly findings: readonly SettledFinding[];
  /** How far the leg had been heard when they settled; absent for text that nobody said. */
  readonly atMs?: number | undefined;
}

/** One after the other. */
export function joinSettled(first: Settled, second: Settled): Settled {
  const by = first.tokens.length;
  const later = second.findings.map((one) => ({ ...one, start: one.start + by, end: one.end + by }));
  const atMs = second.atMs ?? first.atMs;
  return { tokens: [...first.tokens, ...second.tokens], findings: [...first.findings, ...later], atMs };
}
