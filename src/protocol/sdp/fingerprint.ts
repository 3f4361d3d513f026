/**
 * What a peer's SDP says of its DTLS association: `a=fingerprint` (RFC 8122 §5), `a=setup` (RFC 4145 §4, RFC 5763 §5)
 * and `a=tls-id` (RFC 8842 §5). Reads them at the media section, or else at the session; decides no role.
 */

import type { ExpectedFingerprint } from '../dtls/association.ts';
import { readFingerprint } from '../dtls/fingerprint.ts';
import { attributeValues } from './attribute.ts';
import type { Sdp, SdpSection } from './description.ts';

export type DtlsSetup = 'active' | 'passive' | 'actpass' | 'holdconn';

const SETUPS: readonly DtlsSetup[] = ['active', 'passive', 'actpass', 'holdconn'];

/** More than any peer has certificates and hash functions. */
export const MAX_FINGERPRINTS = 16;

/**
 * Fingerprints of hash functions we have, in the order of the lines. None at all when a line of them cannot be read:
 * it may have been the strong one, and going on with the others would be a silent downgrade.
 */
export function readFingerprints(sdp: Sdp, section: SdpSection): readonly ExpectedFingerprint[] {
  const lines = valuesFor(sdp, section, 'fingerprint');
  if (lines.length > MAX_FINGERPRINTS) return [];
  const readings = lines.map(readFingerprint);
  if (readings.some(({ kind }) => kind === 'malformed')) return [];
  return readings.flatMap((reading) => (reading.kind === 'usable' ? [reading.fingerprint] : []));
}

/**
 * Undefined when absent, which is `active` in an offer (RFC 4145 §4). One that cannot be read, or several that differ,
 * is `holdconn`: no connection is to be made by it.
 */
export function readSetup(sdp: Sdp, section: SdpSection): DtlsSetup | undefined {
  const values = valuesFor(sdp, section, 'setup').map((value) => value.trim().toLowerCase());
  if (values.length === 0) return undefined;
  return SETUPS.find((setup) => values.every((value) => value === setup)) ?? 'holdconn';
}

/** The name of the association, which changes when another is asked for (RFC 8842 §4); undefined when it has none. */
export function readTlsId(sdp: Sdp, section: SdpSection): string | undefined {
  return (
    onlyValue(valuesFor(sdp, section, 'tls-id'), /^[A-Za-z0-9+/_-]{20,255}$/) ??
    // Its name and form in the drafts before RFC 8842.
    onlyValue(valuesFor(sdp, section, 'dtls-id'), /^[A-Za-z0-9+/_-]{1,255}$/)
  );
}

/** Those of the media section; those of the session only where it has none of its own (RFC 8122 §5). */
function valuesFor(sdp: Sdp, section: SdpSection, name: string): string[] {
  const own = attributeValues(section, name);
  return own.length > 0 ? own : attributeValues(sdp.session, name);
}

/** The value that all lines agree on, if it has the form. */
function onlyValue(values: readonly string[], form: RegExp): string | undefined {
  const [value, ...others] = new Set(values.map((text) => text.trim()));
  return value !== undefined && others.length === 0 && form.test(value) ? value : undefined;
}
