/** Two ends of DTLS-SRTP in one process, and the wire between them, which may lose, repeat and reorder by a seed. */

import type {
  CreateDtls,
  DtlsAssociation,
  DtlsCertificate,
  DtlsOptions,
  DtlsPeer,
} from '../../src/protocol/dtls/association.ts';
import { createCertificate, createDtls, type DtlsExports } from '../../src/native/dtls.ts';
import { dtlsUnderTest } from './dtls-under-test.ts';

export const addon = dtlsUnderTest();

export const ACTIVE_AT: DtlsPeer = { address: '192.0.2.1', port: 40_000 };
export const PASSIVE_AT: DtlsPeer = { address: '2001:db8::2', port: 50_000 };

/** OpenSSL has the real clock alone: the smallest of its timeouts stands in for a second. */
export const IMPATIENT = { firstTimeoutMs: 20, longestTimeoutMs: 20, transmissions: 12 };

export interface Pair {
  readonly active: DtlsAssociation;
  readonly passive: DtlsAssociation;
}

export type PairOptions = Partial<Omit<DtlsOptions, 'role'>>;

/** A hard failure where `skipIf` already looked. */
export function dtlsAddon(): DtlsExports {
  if (!addon) throw new Error('the addon is missing');
  return addon;
}

let certificates: readonly [DtlsCertificate, DtlsCertificate] | undefined;

/** Two certificates for the whole file: the active end's and the passive end's. */
export function twoCertificates(): readonly [DtlsCertificate, DtlsCertificate] {
  certificates ??= [createCertificate(dtlsAddon()), createCertificate(dtlsAddon())];
  return certificates;
}

export function fingerprintOf({ fingerprint }: DtlsCertificate): DtlsOptions['fingerprints'][number] {
  return { hash: 'sha-256', value: fingerprint };
}

/** Both ends as they should be, but for what the test says of either. */
export function createPair(
  { active = {}, passive = {} }: { readonly active?: PairOptions; readonly passive?: PairOptions } = {},
  create: CreateDtls = createDtls(dtlsAddon()),
): Pair {
  const [one, other] = twoCertificates();
  const shared = { suites: ['AEAD_AES_256_GCM', 'AES_CM_128_HMAC_SHA1_80'], cookies: true } as const;
  return {
    active: create({
      ...shared,
      role: 'active',
      certificate: one,
      fingerprints: [fingerprintOf(other)],
      ...active,
    }),
    passive: create({
      ...shared,
      role: 'passive',
      certificate: other,
      fingerprints: [fingerprintOf(one)],
      ...passive,
    }),
  };
}

export type Direction = 'to_active' | 'to_passive';
/** What becomes of the datagrams that are sent at once. */
export type Wire = (datagrams: readonly Buffer[], direction: Direction) => readonly Buffer[];

const perfect: Wire = (datagrams) => datagrams;
const MAX_ROUNDS = 200;

/** Delivers until nothing is under way. */
export function exchange({ active, passive }: Pair, wire: Wire = perfect, first = active.start()): void {
  let toPassive = first;
  let toActive: Buffer[] = [];
  for (let round = 0; round < MAX_ROUNDS && toPassive.length + toActive.length > 0; round += 1) {
    const heard = wire(toPassive, 'to_passive').flatMap((datagram) => passive.receive(datagram, ACTIVE_AT));
    toActive = [...toActive, ...heard];
    toPassive = wire(toActive, 'to_active').flatMap((datagram) => active.receive(datagram, PASSIVE_AT));
    toActive = [];
  }
}

/** Delivers, and lets timers run out whenever all is quiet, until neither end waits for anything. */
export function exchangeWithTimers(pair: Pair, wire: Wire): void {
  exchange(pair, wire);
  for (let round = 0; round < MAX_ROUNDS && isAwaiting(pair); round += 1) {
    if (pair.active.wakeInMs() === 0) exchange(pair, wire, pair.active.wake());
    if (pair.passive.wakeInMs() === 0) {
      const heard = wire(pair.passive.wake(), 'to_active').flatMap((datagram) =>
        pair.active.receive(datagram, PASSIVE_AT),
      );
      exchange(pair, wire, heard);
    }
    while (isAwaiting(pair) && !isDue(pair)) continue;
  }
}

function isAwaiting({ active, passive }: Pair): boolean {
  return active.wakeInMs() !== undefined || passive.wakeInMs() !== undefined;
}

function isDue({ active, passive }: Pair): boolean {
  return active.wakeInMs() === 0 || passive.wakeInMs() === 0;
}

/** Small, seeded, good enough to lose packets by: mulberry32. */
export function chanceOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
