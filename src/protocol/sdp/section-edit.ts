/** What a media section is to be made to say: types only, the splices are made in `rewrite.ts`. */

import type { RtpTransport } from './media-line.ts';

/** Where media is to come. */
export interface MediaPlace {
  readonly address: string;
  readonly family: 4 | 6;
  readonly rtpPort: number;
  /** Undefined where both came to share one port: then no line names another (RFC 5761 §5.1.1). */
  readonly rtcpPort: number | undefined;
}

export type SectionEdit =
  /** Media ends at us. */
  | {
      readonly kind: 'anchored';
      /** Undefined leaves it. Feedback (`F`) stays as the peer wrote it, but see `proto`. */
      readonly transport: RtpTransport | undefined;
      /** Written in just this way where the transport is to be another: as the offer had it. */
      readonly proto?: string | undefined;
      /** Undefined closes the section with port 0. */
      readonly place: MediaPlace | undefined;
      /** What we say of ourselves, each `name:value` or `name`: of the closed list nothing else stays. */
      readonly attributes: readonly string[];
      /** Whether we are an ICE agent here, which only the session can say (RFC 8839 §5.3). */
      readonly iceLite: boolean;
      /** Tokens of a bundle of this one line, said where the peer did not name or group its line (RFC 9143 §7.3). */
      readonly bundle?: { readonly mid: string } | undefined;
    }
  /** Packets pass through us as they are: only where they go is said. ICE would find a way around us. */
  | { readonly kind: 'relayed'; readonly place: MediaPlace }
  /** Refused, as its port says, and nothing more. */
  | { readonly kind: 'closed' };
