/** Reads where the packets of a line go that we do not open. What they hold, and how it is keyed, stays the peers' affair. */

import { hasAttribute } from '../../../protocol/sdp/attribute.ts';
import type { MediaSection, Sdp } from '../../../protocol/sdp/description.ts';
import type { PeerMedia } from './peer-media.ts';
import { PLAIN } from './peer-media.ts';
import { readPlace } from './peer-place.ts';
import { readTraits } from './peer-says.ts';

/** Undefined where nothing can be sent to what it names. */
export function readRelayed(sdp: Sdp, section: MediaSection): PeerMedia | undefined {
  const rtcpMux = hasAttribute(section, 'rtcp-mux');
  const place = readPlace(sdp, section, { rtcpMux });
  if (!place) return undefined;
  const { direction } = readTraits(sdp, section);
  return {
    ...place,
    rtcpMux,
    profile: undefined,
    keying: PLAIN,
    ice: null,
    direction,
    payloads: [],
    ptimeMs: undefined,
  };
}
