/** What a stored row says. Columns are never believed where the bytes are at hand. */

import { CodedError } from '../../base/error.ts';
import { readEntry, type Entry } from '../../model/evidence.ts';
import type { EntryRow } from '../../store/schema.ts';
import { decodeCanonical } from './canonical.ts';

export class StoredEntryError extends CodedError<'CORRUPT_ENTRY'> {}

/** The entry; undefined for one of a kind or schema of another version. Throws for what nobody of us wrote. */
export function entryOf(row: EntryRow): Entry | undefined {
  const value = decodeCanonical(row.raw);
  const read = value === undefined ? 'invalid' : readEntry(value);
  if (read === 'unknown') return undefined;
  if (read !== 'invalid') return read.entry;
  throw new StoredEntryError('CORRUPT_ENTRY', 'a stored entry is not one that was written');
}
