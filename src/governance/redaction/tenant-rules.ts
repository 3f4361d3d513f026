/**
 * What a tenant adds to detection: patterns, phrases that are always hidden, and phrases that never are. Compiled once
 * for all legs that are redacted alike.
 */

import { checkedPattern } from '../../base/linear-pattern.ts';
import type { RedactionSettings } from '../../model/redaction-settings.ts';
import { allowing } from './detect/allowed.ts';
import { deniedDetector } from './detect/denied.ts';
import type { Detector } from './detect/detector.ts';
import { patternDetector } from './detect/patterns.ts';
import { Phrases } from './phrases.ts';
import type { Token } from './speech/token.ts';

type Rules = Pick<RedactionSettings, 'patterns' | 'allow' | 'deny' | 'holdWords'>;

export interface TenantRules {
  /** The detectors of one leg: these, less what is allowed, and those of the tenant. */
  readonly applyTo: (detectors: readonly Detector[]) => readonly Detector[];
  /** Whether a word that everybody says may mean something here. */
  readonly watches: (token: Token) => boolean;
}

/** A memory for programs, not for speech: tenants whose calls a worker has at a time. */
const MAX_KEPT = 64;
const kept = new Map<string, TenantRules>();
/** Those who ask again with the same settings need not be told from others by what is in them. */
const known = new WeakMap<Rules, TenantRules>();

/** Throws if a pattern was not checked before. */
export function tenantRules(settings: Rules): TenantRules {
  const rules = known.get(settings) ?? keep(settings);
  known.set(settings, rules);
  return rules;
}

function keep(settings: Rules): TenantRules {
  const { patterns, allow, deny, holdWords } = settings;
  const key = JSON.stringify([patterns, allow, deny, holdWords]);
  const rules = kept.get(key) ?? compile(settings);
  const [oldest] = kept.keys();
  if (kept.size >= MAX_KEPT && !kept.has(key) && oldest !== undefined) kept.delete(oldest);
  kept.set(key, rules);
  return rules;
}

function compile({ patterns, allow, deny, holdWords }: Rules): TenantRules {
  const typed = patterns.map(({ type, pattern }) => ({ type, pattern: checkedPattern(pattern) }));
  const denied = new Phrases(deny);
  const allowed = new Phrases(allow);
  const own = [
    ...(typed.length > 0 ? [patternDetector(typed, holdWords)] : []),
    ...(deny.length > 0 ? [deniedDetector(denied)] : []),
  ];
  return {
    applyTo: (detectors) => [...(allow.length > 0 ? [allowing(detectors, allowed)] : detectors), ...own],
    watches: (token) => typed.length > 0 || denied.hasWord(token) || allowed.hasWord(token),
  };
}
