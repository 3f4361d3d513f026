/**
 * The phone's media of one call: paces packets out, takes packets in, and counts both. It keeps the key it drew for
 * the whole call, hears only the address the peer described, and never decides about the call.
 */

import type { Cancel, Clock } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/ids.ts';
import { isRtcp } from '../../protocol/rtp/rtcp.ts';
import { SDES_KEY_SALT_BYTES, SDES_SUITE, type SdesKey } from '../../protocol/sdp/sdes.ts';
import { SrtpReceiver } from '../../protocol/srtp/receiver.ts';
import { SrtpSender } from '../../protocol/srtp/sender.ts';
import { createTransform } from '../../protocol/srtp/suites.ts';
import type { Wav } from '../wav.ts';
import { FRAME_MS, type CodecName } from './codec.ts';
import { Cues } from './cues.ts';
import { startPacer } from './pacer.ts';
import { samplesAt } from './resample.ts';
import { writeSenderReport } from './rtcp-report.ts';
import { RtpReceiver } from './rtp-receiver.ts';
import { RtpSender } from './rtp-sender.ts';
import { mayReceive, maySend, type Direction, type RemoteMedia, type Security } from './session-description.ts';
import { bindPair, bindUdp, type BindUdp, type Endpoint, type UdpPort } from './udp-port.ts';

export interface MediaOptions {
  readonly address: string;
  readonly codec: CodecName;
  readonly security: Security;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly bind?: BindUdp | undefined;
  /** How much of what is heard is kept; 0 keeps nothing. */
  readonly keepMs: number;
  /** Pause between RTCP reports; 0 sends none. */
  readonly rtcpIntervalMs: number;
  /** Pause between the start of media and the first packet, which is silence that was never sent. */
  readonly firstPacketAfterMs: number;
}

export interface RtpCounts {
  /** RTP packets handed to the socket. */
  readonly sent: number;
  /** RTP packets heard, each sequence number once. */
  readonly received: number;
  /** Holes in the sequence numbers heard; what was lost before the first or after the last is not among them. */
  readonly missing: number;
  /** Packets not taken, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  readonly rtcpSent: number;
  readonly rtcpReceived: number;
}

export class MediaSession {
  readonly #options: MediaOptions;
  /** The key it sends with; undefined for plain RTP. Secret. */
  readonly key: SdesKey | undefined;
  readonly #srtp: SrtpSender | undefined;
  readonly #sender: RtpSender;
  readonly #cues: Cues;
  readonly #receiver: RtpReceiver;
  #ports: { readonly rtp: UdpPort; readonly rtcp: UdpPort } | undefined;
  #receiveSrtp: SrtpReceiver | undefined;
  #remote: RemoteMedia | undefined;
  #direction: Direction = 'sendrecv';
  #frame = 0;
  #rtcpSent = 0;
  #rtcpReceived = 0;
  #cancels: Cancel[] = [];

  private constructor(options: MediaOptions) {
    const { codec, security, random, keepMs } = options;
    this.#options = options;
    this.key = security === 'sdes' ? drawKey(random) : undefined;
    this.#srtp = this.key && new SrtpSender(transformOf(this.key));
    this.#sender = new RtpSender({ codec, random, srtp: this.#srtp });
    this.#cues = new Cues(this.#sender.frameSamples);
    this.#receiver = new RtpReceiver({ codec, keepMs });
  }

  /** Binds an RTP/RTCP pair; nothing is sent, and nothing taken, before `start`. */
  static async open(options: MediaOptions): Promise<MediaSession> {
    const media = new MediaSession(options);
    media.#ports = await bindPair({
      bind: options.bind ?? bindUdp,
      address: options.address,
      onRtp: (bytes, source) => media.#onRtp(bytes, source),
      onRtcp: (bytes, source) => media.#onRtcp(bytes, source),
    });
    return media;
  }

  /** Where it takes RTP. */
  get endpoint(): Endpoint {
    return { address: this.#options.address, port: this.#ports?.rtp.port ?? 0 };
  }

  get direction(): Direction {
    return this.#direction;
  }

  get counts(): RtpCounts {
    return {
      sent: this.#sender.packets,
      received: this.#receiver.received,
      missing: this.#receiver.missing,
      refused: this.#receiver.refused,
      rtcpSent: this.#rtcpSent,
      rtcpReceived: this.#rtcpReceived,
    };
  }

  /** What was heard so far, up to `keepMs`. */
  get recording(): Wav {
    return this.#receiver.recording;
  }

  /** Begins to take the peer's packets; `direction` is ours. */
  connect(remote: RemoteMedia, direction: Direction): void {
    if (remote.key?.keySalt !== this.#remote?.key?.keySalt) {
      this.#receiveSrtp?.wipe();
      this.#receiveSrtp = remote.key && new SrtpReceiver(transformOf(remote.key));
    }
    this.#remote = remote;
    this.#direction = direction;
  }

  /** Begins to send: a packet every 20 ms until `pause` or `stop`, silence where nothing is played. */
  start(): void {
    const { clock, rtcpIntervalMs, firstPacketAfterMs } = this.#options;
    const begin = (): void => {
      this.#cancels.push(startPacer(clock, FRAME_MS * 1000, () => this.#sendFrame()));
      if (rtcpIntervalMs > 0) this.#cancels.push(clock.every(rtcpIntervalMs, () => this.#sendReport()));
    };
    if (firstPacketAfterMs === 0) begin();
    else this.#cancels.push(clock.after(firstPacketAfterMs, begin));
  }

  /** Plays a recording once, `afterMs` from now or after what is already waiting; resolves when its last packet was sent. */
  play(wav: Wav, afterMs = 0): Promise<void> {
    return this.#cues.add(samplesAt(wav, this.#sender.sampleRateHz), this.#frame + Math.ceil(afterMs / FRAME_MS));
  }

  /** Sends nothing more, but goes on hearing. */
  pause(): void {
    for (const cancel of this.#cancels.splice(0)) cancel();
    this.#cues.clear();
  }

  /** Closes the sockets and forgets the keys; counts and recording stay. Idempotent. */
  async stop(): Promise<void> {
    this.pause();
    const ports = this.#ports;
    this.#ports = undefined;
    this.#srtp?.wipe();
    this.#receiveSrtp?.wipe();
    await Promise.all([ports?.rtp.close(), ports?.rtcp.close()]);
  }

  #sendFrame(): void {
    const samples = this.#cues.take(this.#frame);
    this.#frame += 1;
    const { rtp } = this.#remote ?? {};
    if (!rtp || !this.#ports || !maySend(this.#direction)) {
      this.#sender.skipFrame();
      return;
    }
    const packet = this.#sender.nextPacket(samples);
    if (packet) this.#ports.rtp.send(packet, rtp);
  }

  #sendReport(): void {
    const { rtcp } = this.#remote ?? {};
    if (!rtcp || !this.#ports) return;
    const { ssrc, timestamp, packets, payloadBytes } = this.#sender;
    const report = writeSenderReport({
      ssrc,
      packets,
      payloadBytes,
      rtpTimestamp: timestamp,
      wallMs: this.#options.clock.wallMs(),
      cname: ssrc.toString(16),
      heard: this.#receiver.newest,
    });
    const packet = this.#srtp ? this.#srtp.protectRtcp(report) : report;
    if (typeof packet === 'string') return;
    this.#rtcpSent += 1;
    this.#ports.rtcp.send(packet, rtcp);
  }

  #onRtp(bytes: Buffer, source: Endpoint): void {
    const refusal = this.#refusalOf(source, this.#remote?.rtp);
    if (refusal !== undefined) {
      this.#receiver.refuse(refusal);
      return;
    }
    if (!mayReceive(this.#direction)) {
      this.#receiver.refuse('direction');
      return;
    }
    this.#receiver.receive(bytes, this.#receiveSrtp);
  }

  #onRtcp(bytes: Buffer, source: Endpoint): void {
    const refusal = this.#refusalOf(source, this.#remote?.rtcp);
    if (refusal !== undefined) {
      this.#receiver.refuse(`rtcp_${refusal}`);
      return;
    }
    const packet = this.#receiveSrtp ? this.#receiveSrtp.unprotectRtcp(bytes) : bytes;
    if (typeof packet === 'string') this.#receiver.refuse(packet);
    else if (!isRtcp(packet)) this.#receiver.refuse('rtcp_malformed');
    else this.#rtcpReceived += 1;
  }

  #refusalOf(source: Endpoint, expected: Endpoint | undefined): string | undefined {
    if (!expected) return 'early';
    return source.address === expected.address && source.port === expected.port ? undefined : 'source';
  }
}

function drawKey(random: RandomBytes): SdesKey {
  return { suite: SDES_SUITE, keySalt: Buffer.from(random(SDES_KEY_SALT_BYTES)).toString('base64') };
}

function transformOf(key: SdesKey): ReturnType<typeof createTransform> {
  return createTransform(key.suite, Buffer.from(key.keySalt, 'base64'));
}
