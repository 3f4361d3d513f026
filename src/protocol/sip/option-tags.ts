/** Option tags that a request lists (RFC 3261 §19.2), such as those of Proxy-Require. What is no token is left out. */

import type { Head } from './head-index.ts';
import { listText, listValues } from './list-values.ts';

/** More would only make our refusal long. */
const MAX_TAGS = 16;

/** The tags of every header of that name, in order. */
export function optionTags(head: Head, name: string): string[] {
  const written = listValues(head, name).map((value) => listText(head, value));
  return written.filter((tag) => /^[A-Za-z0-9\-.!%*_+`'~]{1,64}$/.test(tag)).slice(0, MAX_TAGS);
}
