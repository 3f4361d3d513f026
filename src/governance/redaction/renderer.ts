/** Writes settled tokens with placeholders for what is hidden. What a plan says of a type is applied here and nowhere else. */

import type { EntitySpan, EntityType, Piece, RedactionPlan } from '../../model/transcript.ts';
import type { RedactionAction } from '../../model/redaction-action.ts';
import { isRemembered } from './call-values.ts';
import type { Settled, SettledFinding } from './engine.ts';

/** Found and counted, and left where it stands unless the plan says otherwise: hiding it would take the talk's sense. */
const FLAGGED = new Set<EntityType>(['HEALTH']);
/** Of a shorter number the last four digits tell too much. */
const MIN_DIGITS_TO_SHOW_FOUR = 8;

/** One piece, or undefined when there is nothing to say. Pieces of a leg concatenate to its redacted text. */
export function renderPiece({ tokens, findings }: Settled, plan: RedactionPlan): Piece | undefined {
  const first = tokens[0];
  if (!first) return undefined;
  const entities: EntitySpan[] = [];
  let text = '';
  let { startMs, endMs } = first;
  let next = 0;
  let shown: SettledFinding | undefined;
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (!token) break;
    startMs = Math.min(startMs, token.startMs);
    endMs = Math.max(endMs, token.endMs);
    const finding = findings[next];
    const isHidden = finding !== undefined && finding.start <= at;
    if (!isHidden) {
      text += token.lead + token.text;
      continue;
    }
    const action = actionFor(finding.type, plan);
    if (finding.start === at || action === 'allow') text += token.lead;
    const start = text.length;
    if (action === 'allow') {
      text += token.text;
      if (finding.start === at) shown = finding;
    } else if (finding.start === at) {
      text += placeholder(finding, action);
      entities.push({ type: finding.type, start, end: text.length });
    }
    if (at !== finding.end - 1) continue;
    next += 1;
    if (shown && FLAGGED.has(shown.type)) entities.push({ type: shown.type, start, end: text.length });
    shown = undefined;
  }
  return { text, entities, startMs, endMs };
}

/** Sensitive authentication data is masked whatever a plan says. */
export function actionFor(type: EntityType, plan: RedactionPlan): RedactionAction {
  if (!isRemembered(type)) return 'mask';
  const named = Object.hasOwn(plan.actions, type) ? plan.actions[type] : undefined;
  return named ?? (FLAGGED.has(type) ? 'allow' : plan.defaultAction);
}

/** `[CARD_1]` names a value of the call, `[CARD]` only its type; `[CARD_1 …1111]` shows its last four digits. */
export function placeholder({ type, value }: SettledFinding, action: RedactionAction): string {
  if (action === 'mask' || !value) return `[${type}]`;
  const digits = action === 'keep_last_four' ? value.value.replaceAll(/\D/g, '') : '';
  const end = digits.length >= MIN_DIGITS_TO_SHOW_FOUR ? ` …${digits.slice(-4)}` : '';
  return `[${type}_${value.number}${end}]`;
}
