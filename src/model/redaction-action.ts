/** What may become of a value found in text. The order is from what tells a reader most to what tells him least. */

export const REDACTION_ACTIONS = [
  'allow',
  'keep_last_four',
  'linkable_token',
  'pseudonym',
  'mask',
  'drop_utterance',
  'pause_ai',
] as const;

/**
 * `allow` leaves it as it was said, `keep_last_four` shows the last four digits of a number long enough to hide the rest,
 * `linkable_token` names the value the same in every call of its tenant, `pseudonym` within this call (`[CARD_1]`), `mask`
 * names only its type (`[CARD]`). `drop_utterance` withholds all that is said with it until the turn ends, and `pause_ai`
 * masks it and keeps the AI from hearing that leg for a while.
 */
export type RedactionAction = (typeof REDACTION_ACTIONS)[number];

/** Of two wishes for one type, the one that tells less. */
export function stricterAction(a: RedactionAction, b: RedactionAction): RedactionAction {
  return REDACTION_ACTIONS.indexOf(a) >= REDACTION_ACTIONS.indexOf(b) ? a : b;
}
