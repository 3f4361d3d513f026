/**
 * The edits a proxy may make to a message, each as byte splices (RFC 3261 §16.6, §16.7). Nothing here sends or decides;
 * what no edit names leaves exactly as it came.
 */

import { lengthChange, shiftSplices } from '../splice.ts';
import type { Splice } from '../splice.ts';
import { linesNamed, valueText } from './head-index.ts';
import type { Head } from './head-index.ts';
import { bracketed } from './ip-address.ts';
import type { ListValue } from './list-values.ts';
import type { SipMessage, SipRequest, SipResponse } from './message.ts';
import type { SipTransport } from './transport.ts';

export const INITIAL_MAX_FORWARDS = 70;

export interface OwnVia {
  /** `host:port` with IPv6 in brackets. */
  readonly sentBy: string;
  readonly branch: string;
  readonly transport: SipTransport;
}

/** Puts a Via of ours above the others. */
export function pushVia(request: SipRequest, { sentBy, branch, transport }: OwnVia): Splice {
  const insert = `Via: SIP/2.0/${transport.toUpperCase()} ${sentBy};branch=${branch}\r\n`;
  return { at: topViaLineStart(request), remove: 0, insert };
}

/** Takes our Via off a response: its whole line, or the first value of a line that carries more. */
export function popVia(response: SipResponse): Splice {
  const [top, next] = response.vias;
  if (!top) return { at: 0, remove: 0, insert: '' };
  const end = next && next.line === top.line ? next.start : top.line.end;
  const start = next && next.line === top.line ? top.start : top.line.start;
  return { at: start, remove: end - start, insert: '' };
}

/** One hop fewer; a request without the header gets one (§16.6 step 3). */
export function decrementMaxForwards(request: SipRequest): Splice {
  const [line] = linesNamed(request.head, 'max-forwards');
  if (!line || request.maxForwards === undefined) {
    return { at: topViaLineStart(request), remove: 0, insert: `Max-Forwards: ${INITIAL_MAX_FORWARDS}\r\n` };
  }
  const insert = String(Math.max(0, request.maxForwards - 1));
  return { at: line.valueStart, remove: line.valueEnd - line.valueStart, insert };
}

/** Puts Record-Route values above those already there, first one on top (§16.6 step 4). */
export function insertRecordRoutes(request: SipRequest, uris: readonly string[]): Splice {
  return insertAbove(request, 'Record-Route', uris);
}

/** Puts a Path value above those already there (RFC 3327 §5.1). */
export function insertPath(request: SipRequest, uri: string): Splice {
  return insertAbove(request, 'Path', [uri]);
}

/** Keeps elements `[from, to)` of a list header; a line left without any goes whole. */
export function keepListValues(values: readonly ListValue[], from: number, to: number): Splice[] {
  const splices: Splice[] = [];
  for (const line of new Set(values.map((value) => value.line))) {
    const onLine = values.map((value, index) => ({ value, index })).filter(({ value }) => value.line === line);
    const kept = onLine.filter(({ index }) => index >= from && index < to).map(({ value }) => value);
    const firstKept = kept[0];
    const lastKept = kept.at(-1);
    const first = onLine[0]?.value;
    const last = onLine.at(-1)?.value;
    if (!first || !last) continue;
    if (!firstKept || !lastKept) {
      splices.push({ at: line.start, remove: line.end - line.start, insert: '' });
      continue;
    }
    if (firstKept !== first) splices.push({ at: first.start, remove: firstKept.start - first.start, insert: '' });
    if (lastKept !== last) splices.push({ at: lastKept.end, remove: last.end - lastKept.end, insert: '' });
  }
  return splices;
}

/** Puts another URI into the request line. */
export function replaceRequestUri(request: SipRequest, uri: string): Splice {
  return { at: request.uriStart, remove: request.uriEnd - request.uriStart, insert: uri };
}

/** Adds a last Route value (§16.6 step 6, for a strict router). */
export function appendRoute(request: SipRequest, uri: string): Splice {
  const last = linesNamed(request.head, 'route').at(-1);
  return { at: last ? last.end : topViaLineStart(request), remove: 0, insert: `Route: <${uri}>\r\n` };
}

/** Splices on the body's own bytes, and Content-Length following them. No edits, no splices. */
export function editBody(head: Head, edits: readonly Splice[]): Splice[] {
  if (edits.length === 0) return [];
  const [line] = linesNamed(head, 'content-length');
  const length = head.bytes.length - head.bodyStart + lengthChange(edits);
  const splices = shiftSplices(edits, head.bodyStart);
  if (!line || Number(valueText(head, line)) === length) return splices;
  return [...splices, { at: line.valueStart, remove: line.valueEnd - line.valueStart, insert: String(length) }];
}

/** `host:port` as Via and URIs write it. */
export function hostPort(host: string, port: number): string {
  return `${bracketed(host)}:${port}`;
}

function topViaLineStart(message: SipMessage): number {
  return message.vias[0]?.line.start ?? message.head.startLineEnd + 2;
}

function insertAbove(request: SipRequest, name: string, uris: readonly string[]): Splice {
  const [existing] = linesNamed(request.head, name.toLowerCase());
  const at = existing ? existing.start : topViaLineStart(request);
  return { at, remove: 0, insert: uris.map((uri) => `${name}: <${uri}>\r\n`).join('') };
}
