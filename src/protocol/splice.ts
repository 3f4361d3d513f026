/** Edits to a message as byte splices on what came: what no splice names leaves exactly as it arrived. */

import { assert } from '../base/assert.ts';

/** Replaces `remove` bytes at offset `at` with `insert`. Offsets are into the original bytes. */
export interface Splice {
  readonly at: number;
  readonly remove: number;
  readonly insert: Uint8Array | string;
}

/** Applies splices in any order; they must not overlap. With none, the original itself is returned. */
export function applySplices(original: Buffer, splices: readonly Splice[]): Buffer {
  if (splices.length === 0) return original;
  const ordered = splices.map((splice, order) => ({ splice, order }));
  ordered.sort((a, b) => a.splice.at - b.splice.at || a.order - b.order);
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const { splice } of ordered) {
    assert(splice.at >= at && splice.at + splice.remove <= original.length, 'splices overlap or leave the message');
    parts.push(original.subarray(at, splice.at), insertedBytes(splice));
    at = splice.at + splice.remove;
  }
  parts.push(original.subarray(at));
  return Buffer.concat(parts);
}

/** By how many bytes the result is longer than the original. */
export function lengthChange(splices: readonly Splice[]): number {
  return splices.reduce((change, splice) => change + insertedBytes(splice).length - splice.remove, 0);
}

/** The same splices on a message in which the original starts at `offset`. */
export function shiftSplices(splices: readonly Splice[], offset: number): Splice[] {
  return splices.map((splice) => ({ ...splice, at: splice.at + offset }));
}

/** SIP and SDP are read as latin1, so text goes back the same way: one character, one byte. */
function insertedBytes(splice: Splice): Uint8Array {
  return typeof splice.insert === 'string' ? Buffer.from(splice.insert, 'latin1') : splice.insert;
}
