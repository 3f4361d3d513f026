/** Reads where a peer wants its media, as an address a socket could send to. A name, a group or a zone is none. */

import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import type { Connection } from '../../../protocol/sdp/connection.ts';
import { readConnection, readRtcp } from '../../../protocol/sdp/connection.ts';
import type { MediaSection, Sdp } from '../../../protocol/sdp/description.ts';
import type { Endpoint } from '../../media/session-state.ts';

export interface PeerPlace {
  readonly rtp: Endpoint;
  readonly rtcp: Endpoint;
}

/** With ICE the line says where not to send (RFC 8839 §4.3.1): the nominated check says where the peer is. */
const DISCARD_PORT = 9;
const NOWHERE: Endpoint = { address: '0.0.0.0', port: DISCARD_PORT };
export const LEFT_TO_ICE: PeerPlace = { rtp: NOWHERE, rtcp: NOWHERE };

/** Where an open line's media goes; undefined where nothing can be sent there. */
export function readPlace(
  sdp: Sdp,
  section: MediaSection,
  { rtcpMux }: { readonly rtcpMux: boolean },
): PeerPlace | undefined {
  const address = unicastAddress(readConnection(sdp, section));
  if (address === undefined) return undefined;
  const rtp = { address, port: section.media.port.value };
  if (rtcpMux) return { rtp, rtcp: rtp };
  const rtcp = readRtcp(section);
  const rtcpAddress = unicastAddress(rtcp?.connection);
  // RTCP of its own family and host only where we could follow it there.
  const isUsable = rtcpAddress !== undefined && isIPv6(rtcpAddress) === isIPv6(address);
  const port = rtcp?.port ?? Math.min(rtp.port + 1, 65_535);
  return { rtp, rtcp: { address: isUsable ? rtcpAddress : address, port } };
}

/** The place of a peer that does ICE with us: what its line says where that can be used, else nowhere yet. */
export function readIcePlace(sdp: Sdp, section: MediaSection, mux: { readonly rtcpMux: boolean }): PeerPlace {
  const place = readPlace(sdp, section, mux);
  return place && place.rtp.port !== DISCARD_PORT ? place : LEFT_TO_ICE;
}

/** The literal in the form the socket layer reports it; undefined for host names, multicast and broadcast. */
function unicastAddress(connection: Connection | undefined): string | undefined {
  if (!connection || connection.isMulticast) return undefined;
  const { address, family } = connection;
  if (family === 4) {
    return isIPv4(address) && Number(address.split('.')[0]) < 224 ? address : undefined;
  }
  // A zone would choose one of our links.
  if (!isIPv6(address) || address.includes('%')) return undefined;
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address;
  return canonical.toLowerCase().startsWith('ff') ? undefined : canonical;
}
