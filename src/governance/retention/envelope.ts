/**
 * The sealed envelope, version 1: what both who seals and who opens must agree on. A later version may nest wraps or
 * rotate keys; a version nobody here knows is not opened.
 */

import { deriveKey, keyedHash } from './sodium.ts';

export const ENVELOPE_VERSION = 1;

/** Subkeys of one data key, by what they are for; each name has exactly 8 characters. */
const PURPOSES = { turns: 'ear-turn' } as const;
export type Purpose = keyof typeof PURPOSES;

const COMMITMENT = Buffer.from('earshot/key-commitment/v1', 'latin1');
const CHUNK = 'earshot/sealed-chunk';
const SUBKEY = 1;

/** What every chunk of one sealed object is bound to. */
export interface Sealing {
  readonly tenant: string;
  readonly call: string;
  readonly sealed: string;
  readonly class: string;
  /** Bound, so that nobody changes the order of two objects of one call. */
  readonly openedMs: number;
  /** Bound, so that nobody lengthens the time it may be opened. */
  readonly keepUntilMs: number;
  /** The commitment to the data key. */
  readonly commitment: Uint8Array;
}

/**
 * Commits to a data key. The ciphers here do not: without it one sealed object could be made to open under two keys, and
 * say two things.
 */
export function commitToKey(dataKey: Uint8Array): Uint8Array {
  return keyedHash(COMMITMENT, dataKey);
}

export function purposeKey(dataKey: Uint8Array, purpose: Purpose): Uint8Array {
  return deriveKey(dataKey, PURPOSES[purpose], SUBKEY);
}

/*
 *  Associated data of chunk n. Every field has its length before it, so that no two lists of fields are the same bytes:
 *
 *  | u32 | "earshot/sealed-chunk" | u32 | version | u32 | purpose | u32 | tenant | u32 | call | u32 | sealed object |
 *  | u32 | class | u32 | opened, ms (u64) | u32 | keep until, ms (u64) | u32 | key commitment | u32 | chunk number (u64) |
 */
export function chunkBinding(sealing: Sealing, purpose: Purpose, n: number): Buffer {
  const { tenant, call, sealed, openedMs, keepUntilMs, commitment } = sealing;
  return lengthPrefixed([
    CHUNK,
    whole(ENVELOPE_VERSION),
    purpose,
    tenant,
    call,
    sealed,
    sealing.class,
    whole(openedMs),
    whole(keepUntilMs),
    commitment,
    whole(n),
  ]);
}

/** Fields one after another, each behind its length in 4 bytes. */
export function lengthPrefixed(fields: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    fields.flatMap((field) => {
      const bytes = typeof field === 'string' ? Buffer.from(field, 'utf8') : field;
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** A whole number in 8 bytes, big-endian. */
export function whole(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
