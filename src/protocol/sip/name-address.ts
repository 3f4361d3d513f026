/** `"Name" <uri>;params` or a bare `uri;params`, as in From, To, Route and Contact (RFC 3261 §20.10). Reads only. */

import { Cursor } from './cursor.ts';
import { readParams } from './params.ts';
import type { Param } from './params.ts';

export interface NameAddress {
  /** The URI as written, and where it stands in the text that was read. */
  readonly uri: string;
  readonly uriStart: number;
  readonly uriEnd: number;
  /** Parameters of the header, not of the URI. */
  readonly params: readonly Param[];
}

/** Reads one whole value; undefined when it is not one. */
export function readNameAddress(text: string): NameAddress | undefined {
  const cursor = new Cursor(text);
  cursor.skipWhite();
  if (cursor.peek() === '"' && cursor.takeQuoted() === undefined) return undefined;
  const open = text.indexOf('<', cursor.at);
  // An unquoted name holds no semicolon, so the bracket after one is inside a parameter's quotes.
  if (open < 0 || text.slice(cursor.at, open).includes(';')) return readBare(cursor);
  const close = text.indexOf('>', open);
  if (close < 0) return undefined;
  cursor.at = close + 1;
  return finish(cursor, text, open + 1, close);
}

/** Without angle brackets every parameter belongs to the header (§20). */
function readBare(cursor: Cursor): NameAddress | undefined {
  const start = cursor.at;
  cursor.takeUntil(';,"');
  return finish(cursor, cursor.text, start, cursor.at);
}

function finish(cursor: Cursor, text: string, uriStart: number, uriEnd: number): NameAddress | undefined {
  const uri = text.slice(uriStart, uriEnd);
  const params = readParams(cursor, ',');
  cursor.skipWhite();
  if (uri === '' || !params || !cursor.atEnd) return undefined;
  return { uri, uriStart, uriEnd, params };
}
