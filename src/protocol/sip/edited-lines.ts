/** Which lines of a message its splices touch, by name: for the record of what was changed. It changes nothing. */

import type { Splice } from '../splice.ts';
import type { Head } from './head-index.ts';
import { headerName } from './header-names.ts';

/**
 * Header names in lower case, `request-line`, and types of SDP lines as `sdp:m`; each once. A line that was put in is
 * named for itself, a line that was changed or taken out for what it was.
 */
export function editedLines(head: Head, splices: readonly Splice[]): string[] {
  const names = new Set<string>();
  for (const splice of splices) {
    if (splice.at >= head.bodyStart) names.add(`sdp:${bodyLineType(head, splice)}`);
    else if (splice.at < head.startLineEnd) names.add('request-line');
    else if (!addInserted(names, splice)) addTouched(names, head, splice);
  }
  return [...names];
}

/** Whole lines of ours begin with their names. False when it puts in none. */
function addInserted(names: Set<string>, { insert, remove }: Splice): boolean {
  if (remove > 0 || insert.length < 2) return false;
  const text = textOf(insert);
  if (!text.endsWith('\r\n')) return false;
  for (const line of text.slice(0, -2).split('\r\n'))
    names.add(headerName(line.slice(0, Math.max(0, line.indexOf(':')))));
  return true;
}

/** Where nothing is removed, the line around that place, or the one that ends there. */
function addTouched(names: Set<string>, { lines }: Head, { at, remove }: Splice): void {
  const last = at + Math.max(1, remove);
  for (const { name, start, end } of lines) if (start < last && end > at) names.add(name);
}

function bodyLineType({ bytes, bodyStart }: Head, { at, insert }: Splice): string {
  const lineStart = at === bodyStart ? at : bytes.lastIndexOf(0x0a, at - 1) + 1;
  const text = lineStart === at ? textOf(insert) : '';
  const type = /^[a-z]=/.test(text) ? text.charAt(0) : bytes.toString('latin1', lineStart, lineStart + 1);
  return /^[a-z]$/.test(type) ? type : 'other';
}

function textOf(insert: Splice['insert']): string {
  return typeof insert === 'string' ? insert : Buffer.from(insert).toString('latin1');
}
