/** The media of an old telephone: RTP in the clear, and RTCP on a port of its own. It knows nothing of browsers. */

import { UdpPeer } from '../udp-peer.ts';

export class PlainMedia {
  readonly rtp: UdpPeer;
  readonly rtcp: UdpPeer;
  #version = 0;
  #rtpTo = 0;
  #rtcpTo = 0;

  private constructor(rtp: UdpPeer, rtcp: UdpPeer) {
    this.rtp = rtp;
    this.rtcp = rtcp;
  }

  static async open(): Promise<PlainMedia> {
    return new PlainMedia(await UdpPeer.open(), await UdpPeer.open());
  }

  /** An offer or an answer, newer than the one before. */
  describe(direction: 'sendrecv' | 'sendonly' | 'recvonly' = 'sendrecv'): string {
    this.#version += 1;
    return [
      ...['v=0', `o=- 77 ${this.#version} IN IP4 127.0.0.1`, 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'],
      `m=audio ${this.rtp.port} RTP/AVP 0`,
      'a=rtpmap:0 PCMU/8000',
      `a=rtcp:${this.rtcp.port}`,
      `a=${direction}`,
      '',
    ].join('\r\n');
  }

  /** Takes what the other side says of itself. */
  accept(sdp: string): void {
    this.#rtpTo = Number(/^m=audio (\d+) RTP\/AVP 0\r$/m.exec(sdp)?.[1]);
    this.#rtcpTo = Number(/^a=rtcp:(\d+)/m.exec(sdp)?.[1] ?? this.#rtpTo + 1);
  }

  send(packet: Buffer): void {
    this.rtp.send(packet, this.#rtpTo);
  }

  report(packet: Buffer): void {
    this.rtcp.send(packet, this.#rtcpTo);
  }

  close(): void {
    this.rtp.close();
    this.rtcp.close();
  }
}
