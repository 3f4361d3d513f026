/** Text from outside, made harmless: it may not write to the terminal, begin a line, or turn its direction round. */

/** Controls, line and paragraph separators, and the marks that reverse how a line reads. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

export function plain(text: string): string {
  return text.replace(UNSAFE, '?');
}

/** JSON on one line; what JSON leaves as it is and a terminal would act on is escaped. */
export function plainJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.replace(UNSAFE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
