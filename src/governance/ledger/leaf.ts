/** Leaf hashes (RFC 6962 §2.1): what a chain links and what the tree will hold. */

import { createHash } from 'node:crypto';

/** Domain separation: no leaf can be taken for an inner node of the tree. */
const LEAF_PREFIX = Buffer.from([0x00]);

/** What entry 0 of a chain names as the leaf before it. */
export const NO_LEAF = Buffer.alloc(32);

/** SHA-256(0x00 ‖ raw). */
export function leafOf(raw: Uint8Array): Buffer {
  return createHash('sha256').update(LEAF_PREFIX).update(raw).digest();
}
