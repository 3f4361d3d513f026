/** The words our sections use: what we ask of the side an offer goes to, and what we reply to the side it came from. */

import type { LegPolicy } from '../../../model/leg-policy.ts';
import { dtlsSuites, sdesSuites } from './floor.ts';
import type { Asked, DtlsWords, OwnWords, TaggedKey } from './line-plan.ts';
import type { Ours } from './ours.ts';
import { keyFor } from './ours.ts';
import type { Keying, Profile } from './peer-media.ts';
import type { OfferedLine } from './planned.ts';
import type { OfferReading } from './read-offered.ts';
import { transportOf } from './section-words.ts';
import { readRtpProfile } from '../../../protocol/sdp/media-line.ts';

type Read = Extract<OfferReading, { readonly kind: 'media' }>;

/** What the other side is to be asked for. */
export interface Asking {
  readonly profile: Profile;
  readonly ice: boolean;
  readonly mux: boolean;
}

/** Our offer: every suite under a tag of its own, a handshake that either may begin. */
export function askedOf(
  { profile, ice, mux }: Asking,
  {
    policy,
    ours,
    fingerprint,
  }: { readonly policy: LegPolicy; readonly ours: Ours; readonly fingerprint: string | undefined },
): Asked {
  const suites = dtlsSuites(policy);
  const offersDtls = profile === 'dtls' || (profile === 'osrtp' && suites.length > 0);
  const offersSdes = profile === 'sdes' || profile === 'osrtp';
  const words: OwnWords = {
    transport: transportOf(profile),
    mid: profile === 'dtls' ? ours.mid : undefined,
    cryptos: offersSdes ? taggedKeys(policy, ours) : [],
    lifetime: policy.lifetime,
    dtls: offersDtls ? dtlsWords(fingerprint, 'actpass', ours) : undefined,
    ice: ice ? ours.ice : null,
    rtcp: mux ? 'both' : 'apart',
  };
  return { profile, words, floor: policy.floor, dtlsSuites: suites };
}

/** Our answer: the one line that was taken under its tag, the one role that is ours. */
export function replyTo(
  { section }: OfferedLine,
  { media, keys, asksIce }: Read,
  {
    keying,
    ours,
    fingerprint,
    lifetime,
  }: {
    readonly keying: Keying;
    readonly ours: Ours;
    readonly fingerprint: string | undefined;
    readonly lifetime: boolean;
  },
): OwnWords {
  const { proto } = section.media;
  return {
    transport: readRtpProfile(proto.value)?.transport ?? 'avp',
    proto: proto.value,
    mid: keying.kind === 'dtls' ? ours.mid : undefined,
    cryptos: keys.kind === 'sdes' && keying.kind === 'sdes' ? [{ tag: keys.tag, key: keying.send }] : [],
    lifetime,
    dtls:
      keying.kind === 'dtls'
        ? dtlsWords(fingerprint, keying.role, keying.tlsId === undefined ? undefined : ours)
        : undefined,
    ice: asksIce ? ours.ice : null,
    rtcp: media.rtcpMux ? 'muxed' : 'apart',
  };
}

function taggedKeys(policy: LegPolicy, ours: Ours): TaggedKey[] {
  return sdesSuites(policy).flatMap((suite, index) => {
    const key = keyFor(ours, suite);
    return key ? [{ tag: index + 1, key }] : [];
  });
}

function dtlsWords(
  fingerprint: string | undefined,
  setup: DtlsWords['setup'],
  ours: Ours | undefined,
): DtlsWords | undefined {
  return fingerprint === undefined ? undefined : { setup, fingerprint, tlsId: ours?.tlsId };
}
