/** The six ways that a leg of the matrix is keyed, as a tenant's policy says them. */

import type { SrtpSuite } from '../../../src/model/leg-policy.ts';
import type { LegMedia } from '../whole-node.ts';

export const PROFILES = ['RTP', 'SDES-128', 'SDES-256', 'GCM-128', 'GCM-256', 'DTLS'] as const;
export type Profile = (typeof PROFILES)[number];

const SUITES = {
  'SDES-128': 'AES_CM_128_HMAC_SHA1_80',
  'SDES-256': 'AES_256_CM_HMAC_SHA1_80',
  'GCM-128': 'AEAD_AES_128_GCM',
  'GCM-256': 'AEAD_AES_256_GCM',
} as const satisfies Partial<Record<Profile, SrtpSuite>>;

/** The suite of a leg that is keyed in its SDP; undefined for the others. */
export function suiteOf(profile: Profile): SrtpSuite | undefined {
  return profile === 'RTP' || profile === 'DTLS' ? undefined : SUITES[profile];
}

/** A policy that lets nothing else through. */
export function policyOf(profile: Profile): LegMedia {
  const suite = suiteOf(profile);
  if (suite !== undefined) return { profile: 'sdes', suites: [suite], floor: 'srtp' };
  return profile === 'DTLS' ? { profile: 'dtls', floor: 'srtp' } : 'rtp';
}
