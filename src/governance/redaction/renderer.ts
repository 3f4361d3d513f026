/** Writes settled tokens with placeholders for what is hidden. What a plan says of a type is applied here and nowhere else. */

import { isRemembered } from '../../model/entity-types.ts';
import type { EntitySpan, EntityType, Piece, RedactionPlan } from '../../model/transcript.ts';
import { stricterAction, type RedactionAction } from '../../model/redaction-action.ts';
import type { KnownValue } from './call-values.ts';
import type { Settled, SettledFinding } from './engine.ts';
import { hiddenRanges } from './hidden-ranges.ts';
import { linkableToken, type LinkKey } from './linkable-token.ts';
import type { Token } from './speech/token.ts';

/** Phrases of the tenant's that are never let through. */
const DENIED = 'DENIED';
/** Found and counted, and left where it stands unless the plan says otherwise: hiding it would take the talk's sense. */
const FLAGGED = new Set<EntityType>(['HEALTH']);
/** Of a shorter number the last four digits tell too much. */
const MIN_DIGITS_TO_SHOW_FOUR = 8;

/** One piece, or undefined when there is nothing to say. Pieces of a leg concatenate to its redacted text. */
export function renderPiece(settled: Settled, plan: RedactionPlan, linkKey?: LinkKey): Piece | undefined {
  const { tokens, findings, atMs } = settled;
  const first = tokens[0];
  if (!first) return undefined;
  const entities: EntitySpan[] = [];
  const hidden: Token[] = [];
  let text = '';
  let next = 0;
  let shownFrom = 0;
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (!token) break;
    const finding = findings[next];
    const isFound = finding !== undefined && finding.start <= at;
    if (!isFound) {
      text += token.lead + token.text;
      continue;
    }
    const action = actionFor(finding.type, plan);
    const isFirst = finding.start === at;
    if (isFirst || action === 'allow') text += token.lead;
    const start = text.length;
    if (action === 'allow') {
      text += token.text;
      if (isFirst) shownFrom = start;
    } else {
      hidden.push(token);
      if (isFirst) {
        text += placeholder(finding, action, linkKey);
        entities.push(spanOf(finding, settled, { start, end: text.length }));
      }
    }
    if (at !== finding.end - 1) continue;
    next += 1;
    const isFlagged = action === 'allow' && FLAGGED.has(finding.type);
    if (isFlagged) entities.push(spanOf(finding, settled, { start: shownFrom, end: text.length }));
  }
  const piece = { text, entities, ...timeOf(tokens, first) };
  if (atMs === undefined) return piece;
  return { ...piece, ...(hidden.length > 0 ? { hidden: hiddenRanges(hidden) } : {}), ...delayOf(tokens, atMs) };
}

/**
 * Sensitive authentication data is masked whatever a plan says, unless that hides more than it; and what a tenant wants
 * never let through is never shown.
 */
export function actionFor(type: EntityType, plan: RedactionPlan): RedactionAction {
  const named = Object.hasOwn(plan.actions, type) ? plan.actions[type] : undefined;
  const wished = named ?? (FLAGGED.has(type) ? 'allow' : plan.defaultAction);
  if (type === DENIED) return stricterAction('pseudonym', wished);
  return isRemembered(type) ? wished : stricterAction('mask', wished);
}

/**
 * `[CARD_1]` names a value of the call, `[CARD_k1.…]` one of the tenant, `[CARD]` only its type; `[CARD_1 …1111]` shows
 * its last four digits. What cannot have a name of the tenant's has one of the call's.
 */
export function placeholder({ type, value }: SettledFinding, action: RedactionAction, linkKey?: LinkKey): string {
  if (!value || !NAMES.has(action)) return `[${type}]`;
  if (action === 'linkable_token' && linkKey !== undefined && value.isWhole) {
    const token = linkableToken(type, value.value, linkKey);
    if (token !== undefined) return `[${type}_${token}]`;
  }
  const four = action === 'keep_last_four' ? lastFour(value) : undefined;
  return `[${type}_${value.number}${four === undefined ? '' : ` …${four}`}]`;
}

/** The last four digits of a number that is long enough to show them. */
export function lastFour({ value }: KnownValue): string | undefined {
  const digits = value.replaceAll(/\D/g, '');
  return digits.length >= MIN_DIGITS_TO_SHOW_FOUR ? digits.slice(-4) : undefined;
}

const NAMES = new Set<RedactionAction>(['keep_last_four', 'linkable_token', 'pseudonym']);

/** What is told of a finding: where and how, never what. */
export function spanOf(
  { type, rule, confidence, start, end }: SettledFinding,
  { tokens, atMs }: Settled,
  shown: { readonly start: number; readonly end: number },
): EntitySpan {
  const found = tokens.slice(start, end);
  const [first, last] = [found[0], found.at(-1)];
  if (!first || !last) return { type, ...shown };
  const span = { type, ...shown, source: { start: first.s, end: last.e }, rule, confidence };
  return atMs === undefined ? span : { ...span, ...timeOf(found, first) };
}

function timeOf(tokens: readonly Token[], first: Token): { readonly startMs: number; readonly endMs: number } {
  let { startMs, endMs } = first;
  for (const token of tokens) {
    startMs = Math.min(startMs, token.startMs);
    endMs = Math.max(endMs, token.endMs);
  }
  return { startMs, endMs };
}

function delayOf(tokens: readonly Token[], atMs: number): { readonly heldMs: number; readonly meanHeldMs: number } {
  let longest = 0;
  let total = 0;
  for (const { endMs } of tokens) {
    const heldMs = Math.max(0, atMs - endMs);
    longest = Math.max(longest, heldMs);
    total += heldMs;
  }
  return { heldMs: longest, meanHeldMs: Math.round(total / tokens.length) };
}
