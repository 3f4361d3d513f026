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
  // A sort keeps the order of equals.
  const ordered = [...splices].sort((a, b) => a.at - b.at);
  const result = Buffer.allocUnsafe(original.length + lengthChange(splices));
  let from = 0;
  let to = 0;
  for (const { at, remove, insert } of ordered) {
    assert(at >= from && at + remove <= original.length, 'splices overlap or leave the message');
    to += original.copy(result, to, from, at);
    if (typeof insert === 'string') to += result.write(insert, to, 'latin1');
    else {
      result.set(insert, to);
      to += insert.length;
    }
    from = at + remove;
  }
  original.copy(result, to, from);
  return result;
}

/** By how many bytes the result is longer than the original. */
export function lengthChange(splices: readonly Splice[]): number {
  let change = 0;
  // Text goes as latin1, like everything in SIP and SDP is read: one character, one byte.
  for (const { insert, remove } of splices) change += insert.length - remove;
  return change;
}

/** The same splices on a message in which the original starts at `offset`. */
export function shiftSplices(splices: readonly Splice[], offset: number): Splice[] {
  return splices.map((splice) => ({ ...splice, at: splice.at + offset }));
}
