/**
 * Whether a verified certificate speaks for a SIP name (RFC 5922 §7): by a `sip:` URI among its names where it has one,
 * else by DNS name or address as everywhere. It verifies no chain; that is done before.
 */

import { checkServerIdentity } from 'node:tls';
import type { PeerCertificate } from 'node:tls';
import { CodedError } from '../../../base/error.ts';
import { canonicalHost, readIpAddress } from '../../../protocol/sip/ip-address.ts';

export class IdentityError extends CodedError<'CERT_SIP_DOMAIN'> {}

/** What is wrong with it for that name; undefined when it fits. */
export function identityProblem(domain: string, certificate: PeerCertificate): Error | undefined {
  const domains = sipDomains(certificate);
  if (domains.length === 0 || readIpAddress(domain)) return checkServerIdentity(bare(domain), certificate);
  if (domains.some((named) => canonicalHost(named) === canonicalHost(domain))) return undefined;
  return new IdentityError('CERT_SIP_DOMAIN', 'the certificate is for another SIP domain');
}

/** Domains the certificate names as SIP URIs without a user (RFC 5922 §7.1). */
function sipDomains({ subjectaltname }: PeerCertificate): string[] {
  return (subjectaltname ?? '').split(', ').flatMap((name) => {
    const domain = /^URI:"?sip:([A-Za-z0-9.-]{1,253})"?$/i.exec(name)?.[1];
    return domain === undefined ? [] : [domain];
  });
}

function bare(domain: string): string {
  return domain.replace(/^\[|\]$/g, '');
}
