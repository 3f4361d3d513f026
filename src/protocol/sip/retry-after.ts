/** How long somebody who is overloaded asks to be left alone (RFC 3261 §20.33): `120 (a comment);duration=3600`. */

import { linesNamed, valueText } from './head-index.ts';
import type { Head } from './head-index.ts';

const MAX_DIGITS = 9;

/** Whole seconds; undefined when it says nothing that can be read. Whoever obeys it sets his own bound. */
export function readRetryAfterS(head: Head): number | undefined {
  const [line, ...more] = linesNamed(head, 'retry-after');
  if (!line || more.length > 0) return undefined;
  const digits = /^\d*/.exec(valueText(head, line))?.[0] ?? '';
  return digits.length > 0 && digits.length <= MAX_DIGITS ? Number(digits) : undefined;
}
