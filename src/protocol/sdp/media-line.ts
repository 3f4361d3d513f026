/**
 * Reads an `m=` line with the place of what we may change in it, and the four RTP profiles we speak.
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

/** An RTP profile: plain or SRTP keyed in the SDP (RFC 3711 §12), with or without early feedback (RFC 4585, 5124). */
export interface RtpProfile {
  readonly secure: boolean;
  readonly feedback: boolean;
}

/** Reads `RTP/AVP`, `RTP/AVPF`, `RTP/SAVP` or `RTP/SAVPF`; undefined for DTLS, TCP and everything else. */
export function readProfile(proto: string): RtpProfile | undefined {
  const found = /^RTP\/(S?)AVP(F?)$/i.exec(proto);
  return found ? { secure: found[1] !== '', feedback: found[2] !== '' } : undefined;
}

export function writeProfile(profile: RtpProfile): string {
  return `RTP/${profile.secure ? 'S' : ''}AVP${profile.feedback ? 'F' : ''}`;
}

/** Whether `proto` is DTLS-SRTP (RFC 5764 §8): keys we cannot see in the SDP. */
export function isDtlsSrtp(proto: string): boolean {
  return /^(UDP|TCP)\/TLS\/RTP\/SAVPF?$/i.test(proto);
}
