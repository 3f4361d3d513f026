/** The commonest answer of a detector, made once: it is given for nearly every word of every call. */

import type { Detection } from './detector.ts';
import { MAX_WINDOW } from './detector.ts';

const ANSWERS: readonly Detection[] = Array.from({ length: MAX_WINDOW + 1 }, (_, length) => ({
  findings: [],
  holdFrom: length,
}));

/** Nothing found and nothing to wait for, in a window of so many tokens. */
export function nothingFound(length: number): Detection {
  return ANSWERS[length] ?? { findings: [], holdFrom: length };
}
