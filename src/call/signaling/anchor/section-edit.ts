/** What an anchored media section is made to say: our port and key, or nothing more than that it is closed. */

import type { SectionEdit } from '../../../protocol/sdp/rewrite.ts';
import type { MediaPair, SrtpKey } from '../../media/session-state.ts';
import type { Profile } from './peer-media.ts';

/** Media comes to `pair`, under `key` when the leg is secure; `tag` names our one crypto line. */
export function openSection(
  pair: MediaPair,
  crypto: { readonly tag: number; readonly key: SrtpKey } | undefined,
): SectionEdit {
  return {
    secure: crypto !== undefined,
    endpoint: {
      address: pair.advertisedAddress,
      family: pair.family,
      rtpPort: pair.rtpPort,
      rtcpPort: pair.rtcpPort,
    },
    crypto,
  };
}

/** Port 0 under the profile that its reader knows; undefined leaves the profile as it came. */
export function closedSection(profile: Profile | undefined): SectionEdit {
  return { secure: profile === undefined ? undefined : profile === 'sdes', endpoint: undefined, crypto: undefined };
}
