/**
 * Finds the session description in a body of several parts (RFC 2046 §5.1, RFC 5621), as a place in the body's own
 * bytes, so that an edit of it is a splice. What two readers could take apart differently is not taken apart at all.
 *
 *     --boundary CRLF              each part: header lines, an empty line, content,
 *     Content-Type: … CRLF         and the CRLF before the next `--boundary` belongs to that
 *     CRLF
 *     v=0 …
 *     CRLF--boundary-- CRLF        the end
 */

import { lengthChange, shiftSplices } from '../splice.ts';
import type { Splice } from '../splice.ts';
import { Cursor } from './cursor.ts';
import { readPartHead } from './multipart-head.ts';
import type { Token } from './multipart-head.ts';
import { paramValue, readParams } from './params.ts';

export const MAX_MULTIPART_BYTES = 64 * 1024;
export const MAX_PARTS = 16;

export interface SdpPart {
  readonly kind: 'sdp';
  /** Offset of its content in the body, and the bytes of that. */
  readonly at: number;
  readonly size: number;
  /** Content-Length values that count it: its own, and that of a multipart it is nested in. */
  readonly lengths: readonly Token[];
}

export type MultipartRefusal =
  | 'multipart_too_long'
  | 'multipart_boundary'
  | 'multipart_end'
  | 'multipart_too_many'
  | 'multipart_part'
  | 'multipart_length'
  | 'multipart_too_deep'
  | 'multipart_encoded'
  /** Several descriptions of the session: which of them holds is for the reader to choose (RFC 5621 §3.1). */
  | 'multipart_ambiguous';

export type MultipartReading =
  | SdpPart
  | { readonly kind: 'none' }
  /** A part of it is signed or sealed (RFC 8551). */
  | { readonly kind: 'signed' }
  | { readonly kind: 'unreadable'; readonly reason: MultipartRefusal };

/** Whether a content type names S/MIME: a signature, or what may hold one. */
export function isSmime(contentType: string): boolean {
  return /^(multipart\/signed|application\/(x-)?pkcs7-mime)$/.test(contentType);
}

/** Reads a body whose Content-Type, parameters and all, is `contentType`. */
export function findSdpPart(body: Buffer, contentType: string): MultipartReading {
  if (body.length > MAX_MULTIPART_BYTES) return unreadable('multipart_too_long');
  const found: (SdpPart | 'signed')[] = [];
  const refusal = collect(body.toString('latin1'), contentType, { at: 0, lengths: [], depth: 0 }, found);
  if (refusal) return unreadable(refusal);
  if (found.includes('signed')) return { kind: 'signed' };
  const [only, ...others] = found.filter((part) => part !== 'signed');
  if (others.length > 0) return unreadable('multipart_ambiguous');
  return only ?? { kind: 'none' };
}

/** Splices on the description's own bytes, as splices on the body, with every length that counts them. */
export function editSdpPart(part: SdpPart, edits: readonly Splice[]): Splice[] {
  if (edits.length === 0) return [];
  const change = lengthChange(edits);
  const lengths = change === 0 ? [] : part.lengths;
  return [
    ...lengths.map(({ at, length, value }) => ({ at, remove: length, insert: String(value + change) })),
    ...shiftSplices(edits, part.at),
  ];
}

interface Place {
  /** Offset of the text in the body. */
  readonly at: number;
  readonly lengths: readonly Token[];
  readonly depth: number;
}

/** Collects the parts that matter of one multipart; one nested in it is looked into, one nested in that is not. */
function collect(
  text: string,
  contentType: string,
  place: Place,
  found: (SdpPart | 'signed')[],
): MultipartRefusal | undefined {
  const boundary = readBoundary(contentType);
  if (boundary === undefined) return 'multipart_boundary';
  const parts = splitParts(text, boundary);
  if (typeof parts === 'string') return parts;
  for (const { at, end } of parts) {
    const head = readPartHead(text, at, end);
    if (!head) return 'multipart_part';
    const size = end - head.end;
    const { type, contentLength } = head;
    if (contentLength && contentLength.value !== size) return 'multipart_length';
    const own = contentLength ? [{ ...contentLength, at: contentLength.at + place.at }] : [];
    const lengths = [...place.lengths, ...own];
    if (isSmime(type)) {
      found.push('signed');
    } else if (type.startsWith('multipart/')) {
      if (place.depth > 0) return 'multipart_too_deep';
      const inner = { at: place.at + head.end, lengths, depth: 1 };
      const refusal = collect(text.slice(head.end, end), head.contentType, inner, found);
      if (refusal) return refusal;
    } else if (type === 'application/sdp' && head.isSession) {
      if (!head.isIdentity) return 'multipart_encoded';
      found.push({ kind: 'sdp', at: place.at + head.end, size, lengths });
    }
  }
  return undefined;
}

/** RFC 2046 §5.1.1: up to 70 characters, not ending in a space. */
function readBoundary(contentType: string): string | undefined {
  const semicolon = contentType.indexOf(';');
  if (semicolon === -1) return undefined;
  const params = readParams(new Cursor(contentType.slice(semicolon)));
  const value = params && paramValue(params, 'boundary')?.trim();
  const bare = value?.startsWith('"') === true ? value.slice(1, -1) : value;
  return bare !== undefined && /^[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]$/.test(bare) ? bare : undefined;
}

/** Where each part begins, after its delimiter's line, and ends, before the line end that belongs to the next. */
function splitParts(text: string, boundary: string): { at: number; end: number }[] | MultipartRefusal {
  const delimiter = `--${boundary}`;
  const parts: { at: number; end: number }[] = [];
  let open = -1;
  for (let at = text.indexOf(delimiter); at !== -1; at = text.indexOf(delimiter, at + 1)) {
    const line = readDelimiter(text, at, delimiter.length);
    if (!line) continue;
    // The preamble before the first is nobody's.
    if (open !== -1) {
      const end = beforeLineEnd(text, at);
      if (end < open) return 'multipart_part';
      parts.push({ at: open, end });
    }
    if (line.isClose) return parts;
    if (parts.length === MAX_PARTS) return 'multipart_too_many';
    open = line.next;
  }
  return 'multipart_end';
}

/** A delimiter has a line to itself, but for white space behind it; a longer word that begins alike is none. */
function readDelimiter(
  text: string,
  at: number,
  length: number,
): { readonly isClose: boolean; readonly next: number } | undefined {
  if (at > 0 && text[at - 1] !== '\n') return undefined;
  const lf = text.indexOf('\n', at);
  const rest = text.slice(at + length, lf === -1 ? text.length : lf);
  if (/^--[ \t]*\r?$/.test(rest)) return { isClose: true, next: text.length };
  return lf !== -1 && /^[ \t]*\r?$/.test(rest) ? { isClose: false, next: lf + 1 } : undefined;
}

function beforeLineEnd(text: string, at: number): number {
  return text[at - 2] === '\r' ? at - 2 : at - 1;
}

function unreadable(reason: MultipartRefusal): MultipartReading {
  return { kind: 'unreadable', reason };
}
