/**
 * What we say of ourselves towards one peer, the same in every offer and answer while it holds: our sending keys, ICE
 * credentials and DTLS association. Random, never a copy of a peer's, and made anew only when what they were for is gone.
 */

import type { RandomBytes } from '../../../base/ids.ts';
import type { SrtpSuite } from '../../../model/leg-policy.ts';
import { makeCredentials } from '../../../protocol/ice/credentials.ts';
import { keySaltBytes } from '../../../protocol/srtp/suite.ts';
import type { IceCredentials, SrtpKey } from '../../media/session-state.ts';

export interface Ours {
  /** One per suite that was offered or answered: each offer lists the same. */
  readonly keys: readonly SrtpKey[];
  readonly ice: IceCredentials | null;
  /** Our name for the DTLS association, once the peer has named one (RFC 8842 §5.2). */
  readonly tlsId: string | undefined;
  /** What the peer called the line in a bundle of its own: it may not know the line by no name (RFC 8829 §5.10). */
  readonly mid: string | undefined;
}

export const NOTHING_YET: Ours = { keys: [], ice: null, tlsId: undefined, mid: undefined };

/** 20 characters are the fewest allowed (RFC 8842 §4). */
const TLS_ID_BYTES = 18;

/** Packets that a key may live for where our lines say so: `|2^31` (RFC 4568 §6.1). */
const LIFETIME_PACKETS = 2 ** 31;

export interface KeyMaking {
  readonly random: RandomBytes;
  /** Whether the lines that carry the keys say how long they live. */
  readonly lifetime: boolean;
}

/** With a key for each of `suites`: those it had, and new ones. */
export function withKeys(ours: Ours, suites: readonly SrtpSuite[], making: KeyMaking): Ours {
  const missing = suites.filter((suite) => keyFor(ours, suite) === undefined);
  if (missing.length === 0) return ours;
  return { ...ours, keys: [...ours.keys, ...missing.map((suite) => newKey(suite, making))] };
}

export function withIce(ours: Ours, random: RandomBytes): Ours {
  if (ours.ice) return ours;
  const { ufrag, password } = makeCredentials(random);
  return { ...ours, ice: { ufrag, password } };
}

export function withTlsId(ours: Ours, random: RandomBytes): Ours {
  if (ours.tlsId !== undefined) return ours;
  return { ...ours, tlsId: Buffer.from(random(TLS_ID_BYTES)).toString('base64url') };
}

export function keyFor(ours: Ours, suite: SrtpSuite): SrtpKey | undefined {
  return ours.keys.find((key) => key.suite === suite);
}

/** Whether a peer's key is one that we send with: both ways would share one keystream. */
export function isOurKey(ours: Ours, key: SrtpKey): boolean {
  return ours.keys.some(({ keySalt }) => keySalt === key.keySalt);
}

function newKey(suite: SrtpSuite, { random, lifetime }: KeyMaking): SrtpKey {
  const bytes = Buffer.from(random(keySaltBytes(suite)));
  const keySalt = bytes.toString('base64');
  bytes.fill(0);
  return { suite, keySalt, ...(lifetime ? { lifetimePackets: LIFETIME_PACKETS } : {}) };
}
