/**
 * Two answers to one question, the tenant's and the platform's guardrail: both must allow, and of their obligations
 * the stricter holds. Saying nothing about an obligation is no opinion on it.
 */

import type { DecisionCode, Obligations, Reason } from '../../model/decision.ts';
import { stricterAction } from '../../model/redaction-action.ts';
import { stricterPartials, type PartialsMode } from '../../model/redaction-settings.ts';
import { MAX_REASONS, type Answer } from './answer.ts';

export interface Verdict {
  readonly allow: boolean;
  readonly code: DecisionCode;
  readonly reasons: readonly Reason[];
  readonly obligations: Obligations;
}

/** One verdict of two answers. An answer that was not heard denies with its own code, the tenant's first. */
export function mergeAnswers(tenant: Answer, guardrail: Answer): Verdict {
  if (tenant.kind === 'unheard') return deny(tenant.code, []);
  if (guardrail.kind === 'unheard') return deny(guardrail.code, []);
  const reasons = [...guardrail.reasons, ...tenant.reasons].slice(0, MAX_REASONS);
  if (!tenant.allow || !guardrail.allow) return deny('policy_denied', denialsFirst(tenant, guardrail));
  const { region: ours } = tenant.obligations;
  const { region: theirs } = guardrail.obligations;
  if (ours !== undefined && theirs !== undefined && ours !== theirs) return deny('policy_denied', [REGION_CONFLICT]);
  return { allow: true, code: 'allowed', reasons, obligations: strictest(tenant.obligations, guardrail.obligations) };
}

/** No processor is in two regions at once. */
const REGION_CONFLICT: Reason = { rule: 'region_conflict', clause: 'policy and guardrail name different regions' };

type Heard = Extract<Answer, { kind: 'heard' }>;

function deny(code: DecisionCode, reasons: readonly Reason[]): Verdict {
  return { allow: false, code, reasons, obligations: {} };
}

/** Only reasons of those that denied: why the other would have allowed does not explain a denial. */
function denialsFirst(tenant: Heard, guardrail: Heard): Reason[] {
  return [guardrail, tenant].flatMap((one) => (one.allow ? [] : one.reasons)).slice(0, MAX_REASONS);
}

function strictest(tenant: Obligations, guardrail: Obligations): Obligations {
  return dropUndefined({
    max_window_ms: smaller(tenant.max_window_ms, guardrail.max_window_ms),
    max_bytes: smaller(tenant.max_bytes, guardrail.max_bytes),
    mute_on: union(tenant.mute_on, guardrail.mute_on),
    redact: redactBoth(tenant.redact, guardrail.redact),
    partials: fewer(tenant.partials, guardrail.partials),
    restore: common(tenant.restore, guardrail.restore),
    keep_class: guardrail.keep_class ?? tenant.keep_class,
    region: guardrail.region ?? tenant.region,
    tighten: tighter(tenant.tighten, guardrail.tighten),
  });
}

function smaller(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}

function union<Item>(a: readonly Item[] | undefined, b: readonly Item[] | undefined): readonly Item[] | undefined {
  if (a === undefined && b === undefined) return undefined;
  return [...new Set([...(a ?? []), ...(b ?? [])])];
}

/** For each type whatever tells a reader less. */
function redactBoth(a: Obligations['redact'], b: Obligations['redact']): Obligations['redact'] {
  if (a === undefined || b === undefined) return a ?? b;
  const merged = new Map(Object.entries(a));
  for (const [type, action] of Object.entries(b)) {
    const other = merged.get(type);
    merged.set(type, other === undefined ? action : stricterAction(action, other));
  }
  return Object.fromEntries(merged);
}

function fewer(a: PartialsMode | undefined, b: PartialsMode | undefined): PartialsMode | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return stricterPartials(a, b);
}

/** What both would have restored; a policy that says nothing of it leaves it to the other. */
function common(a: readonly string[] | undefined, b: readonly string[] | undefined): readonly string[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.filter((type) => b.includes(type));
}

function tighter(a: Obligations['tighten'], b: Obligations['tighten']): Obligations['tighten'] {
  return a === 'drop' || b === 'drop' ? 'drop' : (a ?? b);
}

function dropUndefined(obligations: Obligations): Obligations {
  return Object.fromEntries(Object.entries(obligations).filter(([, value]) => value !== undefined));
}
