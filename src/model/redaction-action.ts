/** What may become of a value found in text. The order is from what tells a reader most to what tells him least. */

export const REDACTION_ACTIONS = ['allow', 'keep_last_four', 'pseudonym', 'mask'] as const;

/**
 * `allow` leaves it as it was said, `keep_last_four` shows the last four digits of a number long enough to hide the rest,
 * `pseudonym` names the value (`[CARD_1]`), `mask` names only its type (`[CARD]`).
 */
export type RedactionAction = (typeof REDACTION_ACTIONS)[number];

/** Of two wishes for one type, the one that tells less. */
export function stricterAction(a: RedactionAction, b: RedactionAction): RedactionAction {
  return REDACTION_ACTIONS.indexOf(a) >= REDACTION_ACTIONS.indexOf(b) ? a : b;
}
