/** What stands between us and the audio of a line, whatever keys it names, and what its lines share with others. */

import { attributeValues, hasAttribute } from '../../../protocol/sdp/attribute.ts';
import type { MediaSection, Sdp } from '../../../protocol/sdp/description.ts';
import { readRtpProfile } from '../../../protocol/sdp/media-line.ts';

/** Media that somebody else has the keys of: it can be carried, not opened. */
export type OpaqueReason = 'zrtp' | 'key_mgmt' | 'encrypted_extensions' | 'no_usable_crypto';

/** Why a line cannot pass through us as the two ports that it says it is. */
export function findObstacle({ media }: MediaSection): 'transport' | 'port_count' | undefined {
  if (!readRtpProfile(media.proto.value)) return 'transport';
  return media.portCount === 1 ? undefined : 'port_count';
}

/** Keys agreed by other means than the SDP or a handshake that ends at us (RFC 6189, RFC 4567). */
export function findForeignKeys(sdp: Sdp, section: MediaSection): 'zrtp' | 'key_mgmt' | undefined {
  if (hasAttribute(section, 'zrtp-hash') || hasAttribute(sdp.session, 'zrtp-hash')) return 'zrtp';
  return hasAttribute(section, 'key-mgmt') || hasAttribute(sdp.session, 'key-mgmt') ? 'key_mgmt' : undefined;
}

/** RFC 6904 and RFC 9335: header extensions under keys of their own, which a relay would have to open as well. */
export function hasEncryptedExtensions(sdp: Sdp, section: MediaSection): boolean {
  return [section, sdp.session].some(
    (part) =>
      hasAttribute(part, 'cryptex') ||
      attributeValues(part, 'extmap').some((value) => value.includes('urn:ietf:params:rtp-hdrext:encrypt')),
  );
}

/** Lines that would share the port of line `index` (RFC 9143 §7): behind our anchor they have no transport. */
export function bundledWith(sdp: Sdp, index: number): number[] {
  const mids = new Set(bundlesOf(sdp, index).flat());
  return [...sdp.media.keys()].filter((other) => other !== index && mids.has(midOf(sdp.media[other]) ?? ''));
}

/** What line `index` is called in a bundle; undefined where it is in none. */
export function bundleName(sdp: Sdp, index: number): string | undefined {
  return bundlesOf(sdp, index).length === 0 ? undefined : midOf(sdp.media[index]);
}

function bundlesOf(sdp: Sdp, index: number): string[][] {
  const mid = midOf(sdp.media[index]);
  if (mid === undefined) return [];
  return attributeValues(sdp.session, 'group')
    .map((group) => group.trim().split(/ +/))
    .filter(([semantics]) => semantics?.toUpperCase() === 'BUNDLE')
    .map(([, ...mids]) => mids)
    .filter((mids) => mids.includes(mid));
}

function midOf(section: MediaSection | undefined): string | undefined {
  const mid = section && attributeValues(section, 'mid')[0]?.trim();
  return mid === '' ? undefined : mid;
}
