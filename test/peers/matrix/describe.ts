/** Session descriptions of the matrix's phones as text: plain ones written, places read and replaced. Keys are not read. */

import type { Endpoint } from '../../../src/demo/softphone/udp-port.ts';

export interface Place {
  readonly rtp: Endpoint;
  readonly rtcp: Endpoint;
}

/** One plain audio line; `more` are further lines of it. */
export function plainSdp(rtpPort: number, more: readonly string[] = []): string {
  return [
    'v=0',
    `o=- ${rtpPort} 1 IN IP4 127.0.0.1`,
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${rtpPort} RTP/AVP 0`,
    'a=rtpmap:0 PCMU/8000',
    'a=ptime:20',
    ...more,
    'a=sendrecv',
    '',
  ].join('\r\n');
}

/** Where the audio is to be sent; port 0 for a line that is closed. */
export function placeOf(sdp: string): Place {
  const address = /^c=IN IP4 (\S+)/m.exec(sdp)?.[1] ?? '';
  const port = audioPort(sdp);
  const rtcpPort = Number(/^a=rtcp:(\d+)/m.exec(sdp)?.[1] ?? port + 1);
  // Muxed, where it says so: only answers are read for it here.
  return { rtp: { address, port }, rtcp: { address, port: rtcpPort } };
}

export function audioPort(sdp: string): number {
  const port = /^m=audio (\d+) /m.exec(sdp)?.[1];
  if (port === undefined) throw new Error('a description without audio');
  return Number(port);
}

/** The same description with its audio at other ports of the same address. */
export function movedTo(sdp: string, { rtp, rtcp }: { readonly rtp: number; readonly rtcp: number }): string {
  return sdp.replace(/^m=audio \d+ /m, `m=audio ${rtp} `).replace(/^a=rtcp:\d+/m, `a=rtcp:${rtcp}`);
}
