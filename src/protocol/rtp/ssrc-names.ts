/** How SSRCs inside RTCP are called on the other side of a relay. It keeps no table: who relays has one. */

import { readUint32, writeUint32 } from './header.ts';

/** Names for SSRCs on the other side of a relay. Unmapped ones come back as they are. */
export interface SsrcNames {
  /** Name of a source that the RTCP's sender speaks as. */
  ofSender(ssrc: number): number;
  /** Name of a source that the RTCP's sender hears and reports on. */
  ofHeard(ssrc: number): number;
}

/** Renames in place a source that is heard; the caller has proved four bytes. */
export function renameHeard(bytes: Uint8Array, at: number, names: SsrcNames): void {
  writeUint32(bytes, at, names.ofHeard(readUint32(bytes, at)));
}
