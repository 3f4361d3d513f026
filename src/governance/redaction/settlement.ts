/** Settlements put together: of the parts of one result, and with a notice for every plan of what was withheld. Pure. */

import type { EntityType, Piece } from '../../model/transcript.ts';
import type { Plans, Settlement } from './leg-redactor.ts';

export const NOTHING: Settlement = { texts: {}, signals: [] };

/** Given once in the place of what was withheld. */
export const UNAVAILABLE = 'REDACTION_UNAVAILABLE';

/** Names beyond this are no number of ours. */
const PLACEHOLDER_NUMBER = /_(\d{1,6})(?:\]| )/;

/** One result after the other; only the preview after the last still holds. */
export function joinSettlements(first: Settlement, next: Settlement): Settlement {
  const texts: Record<string, readonly Piece[]> = { ...first.texts };
  for (const [plan, pieces] of Object.entries(next.texts)) texts[plan] = [...(texts[plan] ?? []), ...pieces];
  const signals = [...first.signals, ...next.signals];
  return next.previews === undefined ? { texts, signals } : { texts, previews: next.previews, signals };
}

/** Tells the readers of every plan, before anything else, that something of that time was withheld. */
export function withNotice(
  settlement: Settlement,
  plans: Plans,
  missed: { readonly startMs: number; readonly endMs: number },
): Settlement {
  // Spaces around it, as the redactor that comes after knows of nothing before.
  const text = ` [${UNAVAILABLE}] `;
  const entities = [{ type: UNAVAILABLE, start: 1, end: text.length - 1 }];
  const { startMs, endMs } = missed;
  const notice = { text, entities, startMs, endMs };
  const texts = Object.fromEntries(Object.keys(plans).map((plan) => [plan, [notice]]));
  return joinSettlements({ texts, signals: [] }, settlement);
}

/** Several pieces as one. */
export function joinPieces(pieces: readonly Piece[]): Piece {
  let text = '';
  const entities: Piece['entities'][number][] = [];
  for (const piece of pieces) {
    for (const span of piece.entities) {
      entities.push({ ...span, start: span.start + text.length, end: span.end + text.length });
    }
    text += piece.text;
  }
  const startMs = Math.min(...pieces.map((piece) => piece.startMs), Infinity);
  const endMs = Math.max(...pieces.map((piece) => piece.endMs), 0);
  return { text, entities, startMs: Math.min(startMs, endMs), endMs };
}

/**
 * Keeps an upper bound of the placeholder numbers in use, so that a new worker gives no old name to a new value: as many as
 * any plan has shown, and no less than the highest that was shown.
 */
export function countUsed(used: Record<EntityType, number>, texts: readonly (readonly Piece[])[]): void {
  const most = new Map<EntityType, number>();
  let highest: Record<EntityType, number> = {};
  for (const pieces of texts) {
    const counts = new Map<EntityType, number>();
    for (const { text, entities } of pieces) {
      for (const { type, start, end } of entities) {
        counts.set(type, (counts.get(type) ?? 0) + 1);
        const number = Number(PLACEHOLDER_NUMBER.exec(text.slice(start, end))?.[1] ?? 0);
        highest = { ...highest, [type]: Math.max(highest[type] ?? 0, number) };
      }
    }
    for (const [type, count] of counts) most.set(type, Math.max(most.get(type) ?? 0, count));
  }
  for (const [type, count] of most) used[type] = Math.max((used[type] ?? 0) + count, highest[type] ?? 0);
}
