/** What the scripted model says: a short line for the agent, the same for the same redacted text every time. */

const PLACEHOLDER = /\[([A-Z][A-Z_]{1,30}?)(?:_\d{1,6})?\]/;

/** A suggestion derived from the redacted text; it repeats the first placeholder it saw, as real models do. */
export function suggestAnswer(redactedText: string): string {
  const [placeholder, type] = PLACEHOLDER.exec(redactedText) ?? [];
  if (placeholder !== undefined) {
    return type === 'CARD'
      ? `The customer gave a card number, ${placeholder}. Take the payment in the secure form and do not read it back.`
      : `The customer gave personal data, ${placeholder}. Confirm it only in the customer record.`;
  }
  if (/\b(bill|pay|payment|invoice)\b/i.test(redactedText)) return 'Offer to take the payment in the secure form.';
  return 'Nothing to suggest yet.';
}
