/** What an offer would make of one line once answered, and what it says of us meanwhile. Values only. */

import type { Floor } from '../../../model/leg-policy.ts';
import type { Side } from '../../../model/tenant.ts';
import type { RtpTransport } from '../../../protocol/sdp/media-line.ts';
import type { IceCredentials, SrtpKey } from '../../media/session-state.ts';
import type { Ours } from './ours.ts';
import type { DtlsKeying, PeerMedia, Profile } from './peer-media.ts';

/** What one section of ours says of us. */
export interface OwnWords {
  readonly transport: RtpTransport;
  /** In an answer: as the offer wrote it. */
  readonly proto?: string;
  /** What the peer called its line in a bundle of its own. */
  readonly mid?: string | undefined;
  /** Several in an offer, best first; the one taken in an answer, under its tag (RFC 4568 §5.1.2). */
  readonly cryptos: readonly TaggedKey[];
  /** Whether they say how long their keys live. */
  readonly lifetime: boolean;
  readonly dtls: DtlsWords | undefined;
  readonly ice: IceCredentials | null;
  /** `both`: one port, and two for who cannot (RFC 5761 §5.1.1). */
  readonly rtcp: 'apart' | 'muxed' | 'both';
}

export interface TaggedKey {
  readonly tag: number;
  readonly key: SrtpKey;
}

export interface DtlsWords {
  readonly setup: 'actpass' | 'active' | 'passive';
  readonly fingerprint: string;
  readonly tlsId: string | undefined;
}

/** What was asked of the answerer, to hold its answer against. */
export interface Asked {
  readonly profile: Profile;
  readonly words: OwnWords;
  readonly floor: Floor;
  readonly dtlsSuites: DtlsKeying['suites'];
}

export type LinePlan =
  | {
      readonly kind: 'open';
      readonly mLine: number;
      /** The offerer's media as it will be, if the line is accepted. */
      readonly offerer: PeerMedia;
      readonly ours: Readonly<Record<Side, Ours>>;
      readonly asked: Asked;
      /** What the answer that the offerer gets is to say of us. */
      readonly reply: OwnWords;
    }
  /** Packets pass as they are. `transport` is how the offerer wrote it: less in the answer is refused. */
  | { readonly kind: 'relayed'; readonly mLine: number; readonly offerer: PeerMedia; readonly transport: string }
  /** The line's port is 0. How its reader knows it is undefined where nothing was ever agreed. */
  | {
      readonly kind: 'closed';
      readonly mLine: number;
      readonly transports: Readonly<Record<Side, RtpTransport | undefined>>;
    }
  /** It cannot be behind our anchor: refused in the answer, as it was in the offer. */
  | { readonly kind: 'barred'; readonly mLine: number }
  /** No longer audio, and none of ours while it is so. */
  | { readonly kind: 'released'; readonly mLine: number };
