/**
 * The one door to the `sip` package: a second reader, asked about the few lines that say who a message is about.
 * It is shown only those lines, each run of white space as one space: its patterns are quadratic on other input.
 */

import { parse } from 'sip';
import { valueText } from './head-index.ts';
import type { Head } from './head-index.ts';

const ASKED = new Set(['from', 'to', 'call-id', 'cseq']);

/**
 * The most bytes of start-line and lines asked about. Measured, the other reader takes half a millisecond for the worst
 * that fits, and twice the time for twice as much; on whole messages it took 0.5 s for 16 KiB and 3 s for 60 KiB.
 */
export const MAX_ASKED_BYTES = 4 * 1024;

/** What we read ourselves; `method` for a request, `status` for a response. */
export interface OwnReading {
  readonly method?: string;
  readonly status?: number;
  readonly fromTag: string;
  readonly toTag: string;
  readonly callId: string;
  readonly cseqNumber: number;
}

/** Whether it would have to read more than is safe. */
export function isTooLongToAsk(head: Head): boolean {
  let bytes = head.startLineEnd;
  for (const { name, start, end } of head.lines) if (ASKED.has(name)) bytes += end - start;
  return bytes > MAX_ASKED_BYTES;
}

/** Whether the other reader contradicts us. Where it could not read a part it has no opinion on it. */
export function isContradicted(head: Head, own: OwnReading): boolean {
  const other = parse(excerpt(head));
  if (!other) return true;
  if (own.method !== undefined && other.method !== own.method && !own.method.includes('%')) return true;
  if (own.status !== undefined && other.status !== own.status) return true;
  const { from, to, cseq } = other.headers;
  if (from && contradicts(from.params['tag'], own.fromTag)) return true;
  if (to && contradicts(to.params['tag'], own.toTag)) return true;
  if (cseq && cseq.seq !== own.cseqNumber) return true;
  const callId = other.headers['call-id'];
  return callId !== undefined && callId.trim() !== own.callId;
}

function contradicts(theirs: string | null | undefined, ours: string): boolean {
  return typeof theirs === 'string' && theirs !== ours;
}

function excerpt(head: Head): string {
  let text = `${head.bytes.toString('latin1', 0, head.startLineEnd)}\r\n`;
  for (const line of head.lines) {
    if (ASKED.has(line.name)) text += `${line.name}: ${valueText(head, line).replace(/[ \t\r\n]+/g, ' ')}\r\n`;
  }
  return `${text}\r\n`;
}
