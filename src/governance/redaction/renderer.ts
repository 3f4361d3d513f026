/** Writes settled items with placeholders for what is hidden. It sees values only as a type and a number. */

import type { EntitySpan, Piece, RedactionPlan } from '../../model/transcript.ts';
import type { Finding, Settled } from './scanner.ts';

/** One piece, or undefined when there is nothing to say. Pieces of a leg concatenate to its redacted text. */
export function renderPiece(settled: Settled, plan: RedactionPlan): Piece | undefined {
  const { items, findings } = settled;
  if (items.length === 0) return undefined;
  const entities: EntitySpan[] = [];
  const parts: string[] = [];
  let length = 0;
  const write = (text: string): void => {
    parts.push(text);
    length += text.length;
  };
  let next = 0;
  for (let at = 0; at < items.length;) {
    const finding = findings[next];
    const item = items[at];
    write(item?.lead ?? '');
    if (finding?.start === at) {
      const start = length;
      write(placeholder(finding, plan));
      entities.push({ type: finding.type, start, end: length });
      next += 1;
      at = finding.end;
    } else {
      write(item?.text ?? '');
      at += 1;
    }
  }
  const startMs = items.reduce((least, item) => Math.min(least, item.startMs), Infinity);
  const endMs = items.reduce((most, item) => Math.max(most, item.endMs), -Infinity);
  return { text: parts.join(''), entities, startMs, endMs };
}

/** `[CARD_1]` names a value of the call, `[CARD]` only its type. */
function placeholder(finding: Finding, plan: RedactionPlan): string {
  const action = Object.hasOwn(plan.actions, finding.type) ? plan.actions[finding.type] : plan.defaultAction;
  const isNamed = action === 'pseudonym' && finding.value !== undefined;
  return isNamed ? `[${finding.type}_${finding.value.number}]` : `[${finding.type}]`;
}
