/** What an anchored section is made to say: our place and words, or nothing more than that it is closed. */

import { writeLiteSection } from '../../../protocol/sdp/ice.ts';
import type { RtpTransport } from '../../../protocol/sdp/media-line.ts';
import { writeCrypto } from '../../../protocol/sdp/sdes.ts';
import type { MediaPlace, SectionEdit } from '../../../protocol/sdp/section-edit.ts';
import type { MediaPair } from '../../media/session-state.ts';
import type { DtlsWords, OwnWords } from './line-plan.ts';
import type { Profile } from './peer-media.ts';

export function openSection(pair: MediaPair, words: OwnWords): SectionEdit {
  const { cryptos, lifetime, dtls, ice, rtcp } = words;
  const place = placeOf(pair, words);
  return {
    kind: 'anchored',
    transport: words.transport,
    place,
    attributes: [
      ...(rtcp === 'apart' ? [] : ['rtcp-mux']),
      ...cryptos.map(({ tag, key }) => writeCrypto(tag, key, { lifetime })),
      ...(dtls ? dtlsLines(dtls) : []),
      ...(ice ? writeLiteSection({ ...ice, ...place }) : []),
    ],
    iceLite: ice !== null,
    proto: words.proto,
    bundle: words.mid === undefined ? undefined : { mid: words.mid },
  };
}

export function relayedSection(pair: MediaPair): SectionEdit {
  return { kind: 'relayed', place: { ...pairPlace(pair), rtcpPort: pair.rtcpPort } };
}

/** Port 0 under the transport that its reader knows; undefined leaves that as it came. */
export function closedSection(transport: RtpTransport | undefined): SectionEdit {
  return { kind: 'anchored', transport, place: undefined, attributes: [], iceLite: false };
}

/** How a profile is written in an `m=` line. */
export function transportOf(profile: Profile): RtpTransport {
  switch (profile) {
    case 'rtp':
    case 'osrtp':
      return 'avp';
    case 'sdes':
      return 'savp';
    case 'dtls':
      return 'tls';
  }
}

function placeOf(pair: MediaPair, { rtcp }: OwnWords): MediaPlace {
  return { ...pairPlace(pair), rtcpPort: rtcp === 'muxed' ? undefined : pair.rtcpPort };
}

function pairPlace(pair: MediaPair): Pick<MediaPlace, 'address' | 'family' | 'rtpPort'> {
  return { address: pair.advertisedAddress, family: pair.family, rtpPort: pair.rtpPort };
}

function dtlsLines({ setup, fingerprint, tlsId }: DtlsWords): string[] {
  const association = tlsId === undefined ? [] : [`tls-id:${tlsId}`];
  return [`setup:${setup}`, `fingerprint:sha-256 ${fingerprint}`, ...association];
}
