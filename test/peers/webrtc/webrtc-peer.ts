/** A real WebRTC endpoint with one audio track of PCMU, by libdatachannel: ICE, DTLS and SRTP are all its own. */

// libdatachannel's `cleanup` is never called: with Node 20 it ends the process by an assertion.
import datachannel from 'node-datachannel';
import type { Track } from 'node-datachannel';
import { until } from '../udp-peer.ts';

type Connection = InstanceType<typeof datachannel.PeerConnection>;

export class WebRtcPeer {
  /** Every packet that came on the track and could be opened, RTP and RTCP. */
  readonly received: Buffer[] = [];
  /** Of its connection, in order. */
  readonly states: string[] = [];
  readonly #connection: Connection;
  readonly #track: Track;

  private constructor(connection: Connection, track: Track) {
    this.#connection = connection;
    this.#track = track;
    connection.onStateChange((state) => this.states.push(state));
    track.onMessage((packet) => this.received.push(packet));
  }

  /** One that is about to call; `ssrc` is what its packets are to bear. */
  static async offering(ssrc: number): Promise<WebRtcPeer> {
    const connection = newConnection();
    const peer = new WebRtcPeer(connection, connection.addTrack(audio('audio', ssrc)));
    connection.setLocalDescription();
    await peer.#gathered();
    return peer;
  }

  /** One that answers. */
  static async answering(offer: string, ssrc: number): Promise<WebRtcPeer> {
    const connection = newConnection();
    connection.setRemoteDescription(offer, 'offer');
    const mid = /^a=mid:(\S+)/m.exec(offer)?.[1] ?? '0';
    const peer = new WebRtcPeer(connection, connection.addTrack(audio(mid, ssrc)));
    connection.setLocalDescription('answer');
    await peer.#gathered();
    return peer;
  }

  /** What it says of itself. */
  get description(): string {
    return this.#connection.localDescription()?.sdp ?? '';
  }

  /** The port it is at. */
  get port(): number {
    return Number(/^m=audio (\d+) /m.exec(this.description)?.[1]);
  }

  get isOpen(): boolean {
    return this.#track.isOpen();
  }

  accept(answer: string): void {
    this.#connection.setRemoteDescription(answer, 'answer');
  }

  /** Offers anew in the middle of a call. */
  offer(): string {
    this.#connection.setLocalDescription('offer');
    return this.description;
  }

  /** Takes an offer in the middle of a call, and says what it answers. */
  answer(offer: string): string {
    this.#connection.setRemoteDescription(offer, 'offer');
    this.#connection.setLocalDescription('answer');
    return this.description;
  }

  /** Before its handshake is done there is nothing it could send. */
  send(packet: Buffer): void {
    if (this.isOpen) this.#track.sendMessageBinary(packet);
  }

  close(): void {
    this.#connection.close();
  }

  async #gathered(): Promise<void> {
    await until(() => this.#connection.gatheringState() === 'complete');
  }
}

function newConnection(): Connection {
  return new datachannel.PeerConnection('browser', {
    iceServers: [],
    bindAddress: '127.0.0.1',
    disableAutoNegotiation: true,
  });
}

function audio(mid: string, ssrc: number): InstanceType<typeof datachannel.Audio> {
  const media = new datachannel.Audio(mid, 'SendRecv');
  media.addAudioCodec(0, 'PCMU/8000');
  media.addSSRC(ssrc, 'browser', 'stream', 'track');
  return media;
}
