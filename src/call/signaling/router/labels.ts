/** Headers that become labels of a call: those its route names, and only where the peer is believed. Nothing is cut short. */

import type { RoutedTenant } from '../../../model/routing.ts';
import type { Head } from '../../../protocol/sip/head-index.ts';
import { soleHeader } from './route-query.ts';

/** As the border between the planes has it. */
const MAX_VALUE_CHARS = 256;

/** Labels under the names the route gives them. What is too long or said twice is no label: part of it could mislead. */
export function readLabels(
  tenant: Pick<RoutedTenant, 'trusted' | 'labels'>,
  head: Head,
): Readonly<Record<string, string>> {
  if (!tenant.trusted) return {};
  const labels: Record<string, string> = {};
  for (const name of tenant.labels) {
    const value = soleHeader(head, name);
    if (value === undefined || value === '') continue;
    const text = Buffer.from(value, 'latin1').toString('utf8');
    // A control character is text for SIP and none for what stores labels.
    if (text.length <= MAX_VALUE_CHARS && !/\p{Cc}/u.test(text)) labels[name] = text;
  }
  return labels;
}
