/**
 * Reads an `m=` line with the place of what we may change in it, and the six RTP profiles we speak.
 * Any other transport has no name here: it is left alone by those who ask.
 */

import type { MediaLine, SdpLine } from './description.ts';

const MEDIA_LINE = /^(\S+)( +)(\d{1,5})(\/(\d{1,3}))?( +)(\S+)((?: +\S+)*) *$/;

/** Reads `m=media port/count proto fmt …` (RFC 8866 §5.14), or undefined when it is not one. */
export function readMediaLine(line: SdpLine): MediaLine | undefined {
  const found = MEDIA_LINE.exec(line.value);
  if (!found) return undefined;
  const [, media = '', gap = '', port = '', slash = '', count = '1', gap2 = '', proto = '', formats = ''] = found;
  if (Number(port) > 65_535) return undefined;
  const portAt = line.at + 2 + media.length + gap.length;
  const protoAt = portAt + port.length + slash.length + gap2.length;
  return {
    media: media.toLowerCase(),
    port: { value: Number(port), at: portAt, length: port.length },
    portCount: Number(count),
    proto: { value: proto, at: protoAt, length: proto.length },
    formats: formats.split(' ').filter((format) => format !== ''),
  };
}

/** How RTP is carried: plain, SRTP keyed in the SDP (RFC 3711 §12), or SRTP keyed by a DTLS handshake (RFC 5764 §8). */
export type RtpTransport = 'avp' | 'savp' | 'tls';

/** A transport, with or without early feedback (RFC 4585, 5124). */
export interface RtpProfile {
  readonly transport: RtpTransport;
  readonly secure: boolean;
  readonly feedback: boolean;
}

const WRITTEN: Readonly<Record<RtpTransport, string>> = { avp: 'RTP/AVP', savp: 'RTP/SAVP', tls: 'UDP/TLS/RTP/SAVP' };

/** Reads `RTP/AVP`, `RTP/SAVP`, `UDP/TLS/RTP/SAVP` and their feedback forms; undefined for TCP and everything else. */
export function readRtpProfile(proto: string): RtpProfile | undefined {
  const upper = proto.toUpperCase();
  for (const transport of ['avp', 'savp', 'tls'] as const) {
    const feedback = upper === `${WRITTEN[transport]}F`;
    if (feedback || upper === WRITTEN[transport]) return { transport, secure: transport !== 'avp', feedback };
  }
  return undefined;
}

export function writeRtpProfile(profile: Pick<RtpProfile, 'transport' | 'feedback'>): string {
  return `${WRITTEN[profile.transport]}${profile.feedback ? 'F' : ''}`;
}

/** Reads only what is keyed in the SDP or not at all: for those who speak no DTLS. */
export function readProfile(proto: string): RtpProfile | undefined {
  const profile = readRtpProfile(proto);
  return profile?.transport === 'tls' ? undefined : profile;
}
