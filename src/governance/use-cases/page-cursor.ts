/**
 * Where the next page of a listing begins: the sort key of the last row given, spelled so that nobody is tempted to
 * write one. It narrows a listing and never widens it, so it needs no signature.
 */

import type { z } from 'zod';
import { AskError } from './administration.ts';

const MAX_CHARS = 512;

export function writeCursor(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key), 'utf8').toString('base64url');
}

/** The key that `schema` describes. Throws INVALID for a cursor that somebody made up. */
export function readCursor<Schema extends z.ZodType>(schema: Schema, cursor: string): z.output<Schema> {
  const read = schema.safeParse(parse(cursor));
  if (read.success) return read.data;
  throw new AskError('INVALID', 'the cursor is not one of this listing');
}

function parse(cursor: string): unknown {
  if (cursor.length > MAX_CHARS) return undefined;
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
