/**
 * The addon's batched UDP as TypeScript sees it: the class, and a picture of the memory it shares. Nothing is sent,
 * received or understood here; an addon that was built from another picture is refused.
 *
 *   words     sends waiting · sends failed · datagrams too long for a slot · faults
 *   arrivals  of the batch, a row each: port, length, byte offset of the bytes, of the source; then the time in µs
 *   sends     slots: port, length, the address to send to, and from SEND_BYTES_AT on the bytes
 *   receives  slots that rows point into
 */

import { loadAddon } from './addon.ts';

export type UdpKind = 'io_uring' | 'mmsg';

/** The ports of one worker. Methods throw errors with the system's `code`. */
export interface UdpPorts {
  readonly memory: ArrayBuffer;
  /** Number of the port in rows and slots, and where it is bound. Numbers are used again, but not within a batch. */
  open(address: string, port: number, family: 4 | 6): readonly [number, number];
  close(index: number): void;
  /** Sends what the slots hold; while a batch is handed over it happens by itself afterwards. */
  flush(): void;
  /** Closes every port. Afterwards no method may be called and the memory does not change any more. */
  stop(): void;
}

/** Byte offsets of the words, 32 bits each. */
export const WORD = { queued: 0, failed: 4, tooLong: 8, faults: 12 } as const;
export const ARRIVALS_AT = 64;
export const SENDS_AT = 20_480;
export const RECEIVES_AT = 2_117_632;
export const MEMORY_BYTES = 4_214_784;
export const ARRIVAL_BYTES = 32;
export const SLOT_BYTES = 2048;
export const MAX_BATCH = 512;
export const SEND_SLOTS = 1024;
/** Within a slot. */
export const SEND_BYTES_AT = 64;
export const RECEIVE_BYTES_AT = 80;
export const MAX_SEND_BYTES = SLOT_BYTES - SEND_BYTES_AT;

const LAYOUT = [
  ...[ARRIVALS_AT, SENDS_AT, RECEIVES_AT, MEMORY_BYTES, ARRIVAL_BYTES],
  ...[SLOT_BYTES, MAX_BATCH, SEND_SLOTS, SEND_BYTES_AT, RECEIVE_BYTES_AT],
];

export interface UdpExports {
  /** `onBatch` is told how many rows are filled; 0 when only a count of `words` has changed. */
  readonly UdpPorts: new (kind: UdpKind, onBatch: (count: number) => void) => UdpPorts;
  /** A sockaddr with that literal and port; undefined when it is no literal of the family. */
  readonly readAddress: (text: string, port: number, family: 4 | 6) => ArrayBuffer | undefined;
  readonly udpLayout: readonly number[];
}

export type LoadedUdp =
  { readonly kind: 'loaded'; readonly exports: UdpExports } | { readonly kind: 'absent'; readonly reason: string };

/** Batched UDP, if the addon is there and fits. Never throws. */
export function loadUdp(addon = loadAddon<Partial<UdpExports>>()): LoadedUdp {
  if (addon.kind === 'absent') return addon;
  const { UdpPorts, readAddress, udpLayout } = addon.exports;
  if (!UdpPorts || !readAddress || udpLayout?.join() !== LAYOUT.join())
    return { kind: 'absent', reason: 'OTHER_BUILD' };
  return { kind: 'loaded', exports: { UdpPorts, readAddress, udpLayout } };
}
