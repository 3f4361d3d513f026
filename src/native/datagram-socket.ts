/**
 * The addon's datagram socket as TypeScript sees it: the class, and a picture of the memory it shares. Nothing is sent,
 * received or understood here; an addon that was built from another picture is refused.
 *
 *   receives  a row per datagram of the batch: length or CUT, source
 *   sends     a row per message: length, errno of the last flush, target
 *   bytes     of the sends, one after another
 *   slots     of the receives: the bytes of the row of the same number
 */

import { loadAddon } from './addon.ts';

/** One bound UDP socket. Methods throw errors with the system's `code`. */
export interface DatagramSocket {
  readonly memory: ArrayBuffer;
  /** Where it is really bound. */
  readonly port: number;
  /** The source in a row of the batch as text, its zone included. */
  sourceText(row: number): string;
  /** Sends that many rows and says how many of them did not leave; those have an errno. */
  flush(rows: number): number;
  /** Afterwards no method may be called, no batch comes and the memory does not change any more. */
  close(): void;
}

export const RECEIVES_AT = 0;
export const RECEIVE_ROWS = 32;
export const RECEIVE_ROW_BYTES = 32;
export const SENDS_AT = 1024;
export const SEND_ROWS = 256;
export const SEND_ROW_BYTES = 40;
export const SEND_BYTES_AT = 12_288;
export const SEND_BYTES = 524_288;
export const SLOTS_AT = 536_576;
export const SLOT_BYTES = 65_536;
export const MEMORY_BYTES = 2_633_728;
/** What the length field of UDP can say, and no row may exceed. */
export const MAX_DATAGRAM_BYTES = 65_535;
/** In place of a length: the datagram did not fit into its slot, and is none. */
export const CUT = -1;
/** Within their rows. */
export const SOURCE_AT = 4;
export const ERRNO_AT = 4;
export const TARGET_AT = 8;
/** Within a sockaddr: the port, high byte first, and then what tells hosts apart. */
export const SOCKADDR = { port: 2, v4: 4, v6: 8, end: 28 } as const;

const LAYOUT = [
  ...[SENDS_AT, SEND_BYTES_AT, SLOTS_AT, MEMORY_BYTES, RECEIVE_ROW_BYTES, RECEIVE_ROWS, SLOT_BYTES],
  ...[SEND_ROW_BYTES, SEND_ROWS, SEND_BYTES, SOURCE_AT, TARGET_AT],
];

export interface DatagramExports {
  /**
   * Binds to a literal of that family. `onBatch` is told how many rows are filled, and the errno of a receive that
   * failed. Not held by anything but its open socket, the object must be reachable from `onBatch`.
   */
  readonly DatagramSocket: new (
    address: string,
    port: number,
    family: 4 | 6,
    onBatch: (rows: number, errno: number) => void,
  ) => DatagramSocket;
  /** A sockaddr with that literal and port 0; undefined when it is no literal of the family. */
  readonly readSockaddr: (text: string, family: 4 | 6) => ArrayBuffer | undefined;
  readonly datagramLayout: readonly number[];
}

export type LoadedDatagrams =
  { readonly kind: 'loaded'; readonly exports: DatagramExports } | { readonly kind: 'absent'; readonly reason: string };

/** Datagram sockets, if the addon is there and fits. Never throws. */
export function loadDatagrams(addon = loadAddon<Partial<DatagramExports>>()): LoadedDatagrams {
  if (addon.kind === 'absent') return addon;
  const { DatagramSocket, readSockaddr, datagramLayout } = addon.exports;
  if (!DatagramSocket || !readSockaddr || datagramLayout?.join() !== LAYOUT.join())
    return { kind: 'absent', reason: 'OTHER_BUILD' };
  return { kind: 'loaded', exports: { DatagramSocket, readSockaddr, datagramLayout } };
}
