/** The `;name=value` tail that URIs, Via and addresses share. Offsets are kept, so that an edit can name its bytes. */

import type { Cursor } from './cursor.ts';

export interface Param {
  /** Lower case. */
  readonly name: string;
  /** As written, quotes included; undefined for a parameter without `=`. */
  readonly value: string | undefined;
  /** Offsets into the cursor's text: from the semicolon to the end of the value. */
  readonly start: number;
  readonly end: number;
}

/** More than any real value has; a record is kept of each, so thousands of them would cost more than they say. */
export const MAX_PARAMS = 100;

/** Reads parameters until something else stands there. Undefined for one without a name, an unfinished quote, too many. */
export function readParams(cursor: Cursor, stops = ''): Param[] | undefined {
  const params: Param[] = [];
  for (;;) {
    const before = cursor.at;
    cursor.skipWhite();
    const start = cursor.at;
    if (!cursor.eat(';')) {
      cursor.at = before;
      return params;
    }
    cursor.skipWhite();
    const name = cursor.takeUntil(`;=${stops}`).toLowerCase();
    if (name === '' || params.length === MAX_PARAMS) return undefined;
    let end = cursor.at;
    let value: string | undefined;
    cursor.skipWhite();
    if (cursor.eat('=')) {
      cursor.skipWhite();
      value = cursor.takeQuoted() ?? cursor.takeUntil(`;"${stops}`);
      if (cursor.peek() === '"') return undefined;
      end = cursor.at;
    } else {
      cursor.at = end;
    }
    params.push({ name, value, start, end });
  }
}

export function paramValue(params: readonly Param[], name: string): string | undefined {
  return params.find((param) => param.name === name)?.value;
}

export function hasParam(params: readonly Param[], name: string): boolean {
  return params.some((param) => param.name === name);
}
