/**
 * Finds the lines of a session description and where each stands, so that every edit can be a splice on what came.
 * Keeps what it does not understand; refuses only what two readers could read differently, and what is too large.
 */

import type { MediaLine, MediaSection, Sdp, SdpLine } from './description.ts';
import { readMediaLine } from './media-line.ts';

export const MAX_SDP_BYTES = 64 * 1024;
export const MAX_SDP_LINES = 1000;
export const MAX_MEDIA_SECTIONS = 32;

export type SdpRefusal =
  | 'empty'
  | 'too_long'
  | 'too_many_lines'
  | 'too_many_media'
  | 'nul_byte'
  | 'lone_cr'
  | 'not_a_line'
  | 'no_version'
  | 'bad_media_line';

export type SdpScan =
  { readonly kind: 'sdp'; readonly sdp: Sdp } | { readonly kind: 'refused'; readonly reason: SdpRefusal };

/** Scans `bytes` (RFC 8866 §9): lines end in CRLF or bare LF, the last may have no end, blank lines only at the end. */
export function scanSdp(bytes: Uint8Array): SdpScan {
  if (bytes.length > MAX_SDP_BYTES) return refused('too_long');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  if (text.includes('\0')) return refused('nul_byte');
  // A lone CR ends a line for some readers and not for others: what we left in place could become a line elsewhere.
  if (/\r(?!\n)/.test(text)) return refused('lone_cr');
  const lines = splitLines(text);
  if (typeof lines === 'string') return refused(lines);
  const first = lines[0];
  if (!first) return refused('empty');
  if (first.type !== 'v' || first.value.trim() !== '0') return refused('no_version');
  const sections = groupLines(lines);
  if (typeof sections === 'string') return refused(sections);
  return { kind: 'sdp', sdp: { ...sections, eol: text[first.end] === '\n' ? '\n' : '\r\n' } };
}

function splitLines(text: string): SdpLine[] | SdpRefusal {
  const lines: SdpLine[] = [];
  let at = 0;
  while (at < text.length) {
    const lf = text.indexOf('\n', at);
    const next = lf === -1 ? text.length : lf + 1;
    const end = lf === -1 ? next : text[lf - 1] === '\r' && lf > at ? lf - 1 : lf;
    if (end === at) return isBlank(text, at) ? lines : 'not_a_line';
    if (!/^[a-z]=/.test(text.slice(at, at + 2))) return 'not_a_line';
    if (lines.length === MAX_SDP_LINES) return 'too_many_lines';
    lines.push({ type: text.charAt(at), value: text.slice(at + 2, end), at, end, next });
    at = next;
  }
  return lines;
}

function isBlank(text: string, from: number): boolean {
  return /^[\r\n]*$/.test(text.slice(from));
}

function groupLines(lines: readonly SdpLine[]): Pick<Sdp, 'session' | 'media'> | SdpRefusal {
  const starts = lines.flatMap((line, index) => (line.type === 'm' ? [index] : []));
  if (starts.length > MAX_MEDIA_SECTIONS) return 'too_many_media';
  const media: MediaSection[] = [];
  for (const [order, start] of starts.entries()) {
    const own = lines.slice(start, starts[order + 1]);
    const head = readHead(own);
    if (!head) return 'bad_media_line';
    media.push({ ...section(own), media: head });
  }
  return { session: section(lines.slice(0, starts[0])), media };
}

function readHead(own: readonly SdpLine[]): MediaLine | undefined {
  return own[0] && readMediaLine(own[0]);
}

function section(lines: readonly SdpLine[]): { lines: readonly SdpLine[]; at: number; end: number } {
  return { lines, at: lines[0]?.at ?? 0, end: lines.at(-1)?.next ?? 0 };
}

function refused(reason: SdpRefusal): SdpScan {
  return { kind: 'refused', reason };
}
