/**
 * Reads an answer to an offer of ours. What we offered must have been answered: another transport, a suite or tag nobody
 * offered, a certificate without a name, our own key sent back, or less than the floor is refused (RFC 4568 §5.1.3).
 */

import { hasAttribute } from '../../../protocol/sdp/attribute.ts';
import type { MediaSection, Sdp } from '../../../protocol/sdp/description.ts';
import { readFingerprints, readSetup, readTlsId } from '../../../protocol/sdp/fingerprint.ts';
import { readRtpProfile } from '../../../protocol/sdp/media-line.ts';
import { readCryptos } from '../../../protocol/sdp/sdes.ts';
import { offeringRole } from './association.ts';
import { hasEncryptedExtensions } from './barriers.ts';
import { mayBePlain } from './floor.ts';
import type { Asked } from './line-plan.ts';
import type { Keying, PeerMedia } from './peer-media.ts';
import { PLAIN } from './peer-media.ts';
import { isUsable, NO_ICE, readPeerIce, readPeerPlace, readTraits, receivedKey } from './peer-says.ts';

export type AnswerRefusal =
  | 'address'
  | 'ice'
  | 'profile_mismatch'
  | 'no_crypto'
  | 'crypto_mismatch'
  | 'key_reused'
  | 'no_fingerprint'
  | 'setup'
  | 'encrypted_extensions'
  | 'floor';

export type AnswerReading =
  { readonly kind: 'media'; readonly media: PeerMedia } | { readonly kind: 'refused'; readonly reason: AnswerRefusal };

/** Reads an open audio line of an answer to `asked`. */
export function readAnswered(sdp: Sdp, section: MediaSection, asked: Asked): AnswerReading {
  const { words, profile } = asked;
  if (readRtpProfile(section.media.proto.value)?.transport !== words.transport) return refused('profile_mismatch');
  const keying = readKeying(sdp, section, asked);
  if (typeof keying === 'string') return refused(keying);
  if (keying.kind === 'plain' && !mayBePlain(asked.floor)) return refused('floor');
  if (keying.kind !== 'plain' && hasEncryptedExtensions(sdp, section)) return refused('encrypted_extensions');
  const rtcpMux = words.rtcp !== 'apart' && hasAttribute(section, 'rtcp-mux');
  const ice = words.ice ? readPeerIce(sdp, section) : NO_ICE;
  if (ice === 'ice') return refused(ice);
  const place = readPeerPlace(sdp, section, { rtcpMux, ice });
  if (!place) return refused('address');
  const media = { ...place, rtcpMux, profile, keying, ice: ice.checkedBy, ...readTraits(sdp, section) };
  return { kind: 'media', media };
}

function readKeying(sdp: Sdp, section: MediaSection, asked: Asked): Keying | AnswerRefusal {
  switch (asked.profile) {
    case 'rtp':
      return PLAIN;
    case 'sdes':
      return readCryptos(section).length === 0 ? 'no_crypto' : readSdes(section, asked);
    case 'dtls':
      return readDtls(sdp, section, asked);
    case 'osrtp':
      if (readCryptos(section).length > 0) return readSdes(section, asked);
      return asked.words.dtls && readFingerprints(sdp, section).length > 0 ? readDtls(sdp, section, asked) : PLAIN;
  }
}

/** The line we offered whose tag and suite it names; a key of ours sent back would have both ways share one keystream. */
function readSdes(section: MediaSection, { words }: Asked): Keying | AnswerRefusal {
  for (const line of readCryptos(section).filter(isUsable)) {
    const offered = words.cryptos.find(({ tag, key }) => tag === line.tag && key.suite === line.key.suite);
    if (!offered) continue;
    const isOurs = words.cryptos.some(({ key }) => key.keySalt === line.key.keySalt);
    return isOurs ? 'key_reused' : { kind: 'sdes', receive: receivedKey(line), send: offered.key };
  }
  return 'crypto_mismatch';
}

function readDtls(sdp: Sdp, section: MediaSection, asked: Asked): Keying | AnswerRefusal {
  const [first, ...others] = readFingerprints(sdp, section);
  if (!first) return 'no_fingerprint';
  const role = offeringRole(readSetup(sdp, section));
  if (!role) return 'setup';
  const tlsId = readTlsId(sdp, section);
  return { kind: 'dtls', role, fingerprints: [first, ...others], tlsId, suites: asked.dtlsSuites };
}

function refused(reason: AnswerRefusal): AnswerReading {
  return { kind: 'refused', reason };
}
