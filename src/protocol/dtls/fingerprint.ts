/**
 * Certificate hashes as SDP writes them (RFC 8122 §5): reads one, and picks those that a certificate is held against.
 * It compares nothing itself: that is done beside the handshake, where no key can get past it.
 */

import type { ExpectedFingerprint } from './association.ts';

export type FingerprintHash = ExpectedFingerprint['hash'];

/** Weakest first, with the length of their digests. MD2 and MD5, which RFC 8122 forbids, are as unknown as any other. */
const DIGEST_BYTES: Readonly<Record<FingerprintHash, number>> = {
  'sha-1': 20,
  'sha-224': 28,
  'sha-256': 32,
  'sha-384': 48,
  'sha-512': 64,
};

export type FingerprintReading =
  | { readonly kind: 'usable'; readonly fingerprint: ExpectedFingerprint }
  /** A hash function we do not have: to be passed over. */
  | { readonly kind: 'unknown_hash' }
  | { readonly kind: 'malformed' };

/** Reads `sha-256 AB:CD:…`. Letters of either case are taken, which all peers write and few agree on. */
export function readFingerprint(text: string): FingerprintReading {
  const [name = '', value = '', ...others] = text.trim().split(/ +/);
  if (!/^[!#$%&'*+.^_`{|}~0-9A-Za-z-]{1,32}$/.test(name) || value === '' || others.length > 0) {
    return { kind: 'malformed' };
  }
  const hash = name.toLowerCase();
  if (!isKnown(hash)) return { kind: 'unknown_hash' };
  if (!isDigest(value, DIGEST_BYTES[hash])) return { kind: 'malformed' };
  return { kind: 'usable', fingerprint: { hash, value: value.toUpperCase() } };
}

export interface AcceptableDigests {
  readonly hash: FingerprintHash;
  /** One or more digests, one after the other. */
  readonly digests: Buffer;
}

/** More than any peer has certificates. */
const MAX_DIGESTS = 16;

/**
 * Those of the strongest hash function alone: they are what a certificate must fit (RFC 8122 §5), so that a weaker one
 * beside them lets nobody in. Undefined when there is none we could compare with.
 */
export function acceptableDigests(expected: readonly ExpectedFingerprint[]): AcceptableDigests | undefined {
  const known = expected.filter(({ hash, value }) => isKnown(hash) && isDigest(value, DIGEST_BYTES[hash]));
  const strongest = known.reduce<ExpectedFingerprint | undefined>(
    (best, next) => (best && DIGEST_BYTES[best.hash] >= DIGEST_BYTES[next.hash] ? best : next),
    undefined,
  );
  if (!strongest) return undefined;
  const { hash } = strongest;
  const chosen = known.filter((one) => one.hash === hash).slice(0, MAX_DIGESTS);
  return { hash, digests: Buffer.concat(chosen.map(({ value }) => Buffer.from(value.replaceAll(':', ''), 'hex'))) };
}

function isKnown(name: string): name is FingerprintHash {
  return Object.hasOwn(DIGEST_BYTES, name);
}

function isDigest(value: string, bytes: number): boolean {
  return value.length === bytes * 3 - 1 && /^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})*$/.test(value);
}
