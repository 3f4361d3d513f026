/**
 * A reason somebody typed, as it may be stored, hashed and shown on terminals: no half of a character, nothing that
 * controls. Whatever it was, the act it is the reason of can be recorded.
 */

/** At most `maxChars` UTF-16 units. */
export function plainReason(reason: string, maxChars = Infinity): string {
  return reason
    .slice(0, maxChars)
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/\p{Cc}/gu, ' ');
}
