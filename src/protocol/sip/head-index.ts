/**
 * Where each header line of a message begins and ends, found in one pass over its bytes.
 * It does not read values and changes nothing: whoever edits a message does so at these offsets.
 */

import { headerName } from './header-names.ts';

/**
 * One header line, as offsets into the message.
 * ```
 *   F r o m   :   < s i p : a @ b > CRLF
 *   ^start        ^valueStart      ^valueEnd
 *                                       ^end
 * ```
 */
export interface HeaderLine {
  /** Lower case, compact form written out. */
  readonly name: string;
  readonly start: number;
  /** After the CRLF of the last physical line. */
  readonly end: number;
  /** Without the white space around the value; a folded value keeps its line breaks inside. */
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly folded: boolean;
}

export interface Head {
  /** The message from the first byte of its start-line to the last byte of its body. */
  readonly bytes: Buffer;
  /** Offset of the CRLF that ends the start-line. */
  readonly startLineEnd: number;
  readonly lines: readonly HeaderLine[];
  /** Offset of the first byte of the body; the length of the message when there is none. */
  readonly bodyStart: number;
}

export type IndexFailure = 'nul_in_head' | 'bare_newline' | 'start_line' | 'header_line' | 'too_many_headers';

const MAX_LINES = 256;
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/** Indexes `bytes[0, headEnd)`, where `headEnd` is the offset of the empty line's CRLF. */
export function indexHead(
  bytes: Buffer,
  headEnd: number,
): { readonly startLineEnd: number; readonly lines: readonly HeaderLine[] } | IndexFailure {
  const lines: HeaderLine[] = [];
  let startLineEnd = -1;
  let start = 0;
  let folded = false;
  for (let at = 0; at < headEnd; at += 1) {
    const byte = bytes[at];
    if (byte === 0 && !isEscaped(bytes, at)) return 'nul_in_head';
    if (byte === LF) return 'bare_newline';
    if (byte !== CR) continue;
    if (bytes[at + 1] !== LF) return 'bare_newline';
    const continued = at + 2 < headEnd && isBlank(bytes[at + 2]);
    at += 1;
    if (startLineEnd < 0) {
      if (continued) return 'start_line';
      startLineEnd = at - 1;
    } else if (continued) {
      folded = true;
      continue;
    } else {
      const line = readLine(bytes, start, at - 1, folded);
      if (!line) return 'header_line';
      if (lines.length === MAX_LINES) return 'too_many_headers';
      lines.push(line);
    }
    start = at + 1;
    folded = false;
  }
  return { startLineEnd, lines };
}

/** All lines of that full lower-case name, in order. */
export function linesNamed(head: Pick<Head, 'lines'>, name: string): HeaderLine[] {
  const named: HeaderLine[] = [];
  for (const line of head.lines) if (line.name === name) named.push(line);
  return named;
}

/** The first line of that full lower-case name. */
export function firstNamed(head: Pick<Head, 'lines'>, name: string): HeaderLine | undefined {
  for (const line of head.lines) if (line.name === name) return line;
  return undefined;
}

/** A line's value, one character per byte, with its folds still in it. */
export function valueText(head: Pick<Head, 'bytes'>, line: HeaderLine): string {
  return head.bytes.toString('latin1', line.valueStart, line.valueEnd);
}

function readLine(bytes: Buffer, start: number, textEnd: number, folded: boolean): HeaderLine | undefined {
  let nameEnd = start;
  while (nameEnd < textEnd && isNameByte(bytes[nameEnd])) nameEnd += 1;
  let colon = nameEnd;
  while (colon < textEnd && isBlank(bytes[colon])) colon += 1;
  if (nameEnd === start || bytes[colon] !== COLON || colon >= textEnd) return undefined;
  let valueStart = colon + 1;
  let valueEnd = textEnd;
  while (valueStart < valueEnd && isWhite(bytes[valueStart])) valueStart += 1;
  while (valueEnd > valueStart && isWhite(bytes[valueEnd - 1])) valueEnd -= 1;
  return {
    name: headerName(bytes.toString('latin1', start, nameEnd)),
    start,
    end: textEnd + 2,
    valueStart,
    valueEnd,
    folded,
  };
}

/** A quoted pair may hold a NUL (RFC 3261 §25.1, RFC 4475 §3.1.1.2); anywhere else some reader would end there. */
function isEscaped(bytes: Buffer, at: number): boolean {
  let first = at;
  while (bytes[first - 1] === BACKSLASH) first -= 1;
  return (at - first) % 2 === 1;
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}

function isWhite(byte: number | undefined): boolean {
  return isBlank(byte) || byte === CR || byte === LF;
}

/** Visible ASCII but for the colon: wider than RFC 3261's token, narrow enough that nobody reads it otherwise. */
function isNameByte(byte: number | undefined): boolean {
  return byte !== undefined && byte > SPACE && byte < 0x7f && byte !== COLON;
}
