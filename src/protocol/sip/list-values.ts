/** Headers whose value is a list (Via, Route, Record-Route): each element as offsets, however lines and commas fall. */

import { linesNamed } from './head-index.ts';
import type { Head, HeaderLine } from './head-index.ts';

export interface ListValue {
  readonly line: HeaderLine;
  /** Without the white space around it. */
  readonly start: number;
  readonly end: number;
}

/** More than any real message has. */
export const MAX_LIST_VALUES = 100;

/**
 * The elements of every line of that name, in order; one more than the limit when there are too many. Commas inside
 * quotes or angle brackets do not separate.
 */
export function listValues(head: Head, name: string): ListValue[] {
  const values: ListValue[] = [];
  for (const line of linesNamed(head, name)) {
    splitLine(head.bytes, line, values);
    if (values.length > MAX_LIST_VALUES) break;
  }
  return values;
}

export function listText(head: Pick<Head, 'bytes'>, value: ListValue): string {
  return head.bytes.toString('latin1', value.start, value.end);
}

function splitLine(bytes: Buffer, line: HeaderLine, values: ListValue[]): void {
  let start = line.valueStart;
  let inQuotes = false;
  let inAngles = false;
  for (let at = line.valueStart; at < line.valueEnd; at += 1) {
    const char = bytes[at];
    if (inQuotes) {
      if (char === 0x5c) at += 1;
      else if (char === 0x22) inQuotes = false;
    } else if (char === 0x22) inQuotes = true;
    else if (char === 0x3c) inAngles = true;
    else if (char === 0x3e) inAngles = false;
    else if (char === 0x2c && !inAngles) {
      values.push(trimmed(bytes, line, start, at));
      if (values.length > MAX_LIST_VALUES) return;
      start = at + 1;
    }
  }
  values.push(trimmed(bytes, line, start, line.valueEnd));
}

function trimmed(bytes: Buffer, line: HeaderLine, start: number, end: number): ListValue {
  let first = start;
  let last = end;
  while (first < last && (bytes[first] ?? 0) <= 0x20) first += 1;
  while (last > first && (bytes[last - 1] ?? 0) <= 0x20) last -= 1;
  return { line, start: first, end: last };
}
