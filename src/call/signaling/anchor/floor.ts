/** What the floor of a leg leaves of its policy: nothing below it is offered, accepted or answered. */

import type { Floor, LegPolicy, SrtpSuite } from '../../../model/leg-policy.ts';

/** DTLS-SRTP has protection profiles for these alone (RFC 5764 §4.1.2, RFC 7714 §14.2). */
const DTLS_SUITES: ReadonlySet<SrtpSuite> = new Set([
  'AEAD_AES_256_GCM',
  'AEAD_AES_128_GCM',
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
]);

export function mayBePlain(floor: Floor): boolean {
  return floor === 'rtp';
}

export function isBelowFloor(floor: Floor, suite: SrtpSuite): boolean {
  return floor === 'srtp-256' && !suite.includes('AES_256');
}

/** Suites that the leg may have by SDES, best first. */
export function sdesSuites({ suites, floor }: LegPolicy): SrtpSuite[] {
  return suites.filter((suite) => !isBelowFloor(floor, suite));
}

/** Suites that the leg may have by DTLS, best first. */
export function dtlsSuites(policy: LegPolicy): SrtpSuite[] {
  return sdesSuites(policy).filter((suite) => DTLS_SUITES.has(suite));
}
