/** SSRCs in extended reports (RFC 3611 §4): most blocks name one source, some none, DLRR one for each of its parts. */

import { renameHeard, type SsrcNames } from './ssrc-names.ts';

/*
 *  |  block type   | type-specific |    length in words            |
 *  |  SSRC of source, in all but the two below                     |
 *  |  …                                                            |
 */
const RECEIVER_REFERENCE_TIME = 4;
const DLRR = 5;
const DLRR_PART_BYTES = 12;
/** The types of RFC 3611 itself; later ones that are longer than their head all name their source first. */
const LAST_OF_RFC_3611 = 7;

/** Renames the sources of all blocks from `from` to `end`. False when a block is not whole. */
export function renameExtendedReports(bytes: Uint8Array, from: number, end: number, names: SsrcNames): boolean {
  let at = from;
  while (at < end) {
    if (at + 4 > end) return false;
    const blockEnd = at + 4 + ((bytes[at + 2]! << 8) | bytes[at + 3]!) * 4;
    if (blockEnd > end || !renameBlock(bytes, at, blockEnd, names)) return false;
    at = blockEnd;
  }
  return true;
}

function renameBlock(bytes: Uint8Array, at: number, end: number, names: SsrcNames): boolean {
  const type = bytes[at]!;
  if (type === RECEIVER_REFERENCE_TIME) return end - at === 12;
  if (type === DLRR) {
    if ((end - at - 4) % DLRR_PART_BYTES !== 0) return false;
    for (let part = at + 4; part < end; part += DLRR_PART_BYTES) renameHeard(bytes, part, names);
    return true;
  }
  if (at + 8 > end) return type > LAST_OF_RFC_3611;
  renameHeard(bytes, at + 4, names);
  return true;
}
