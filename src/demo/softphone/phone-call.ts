/** One call as the person at the phone has it: speak, listen, hold, hang up. It joins a SIP call to its media. */

import { DemoError } from '../error.ts';
import type { Wav } from '../wav.ts';
import type { MediaSession, RtpCounts } from './media-session.ts';
import {
  answerDirection,
  readRemoteMedia,
  writeSdp,
  type Direction,
  type RemoteMedia,
  type Security,
} from './session-description.ts';
import type { CallEnd, SipCall } from './sip-call.ts';
import type { CodecName } from './codec.ts';

export interface PhoneCallOptions {
  readonly sip: SipCall;
  readonly media: MediaSession;
  readonly remote: RemoteMedia;
  readonly codec: CodecName;
  readonly security: Security;
  /** Number that names the session in our SDP. */
  readonly sessionId: string;
}

const REOFFER_LIMIT_MS = 10_000;

export class PhoneCall {
  readonly #options: PhoneCallOptions;
  readonly #closed: Promise<CallEnd>;
  #wanted: Direction = 'sendrecv';
  #version = 1;

  constructor(options: PhoneCallOptions) {
    this.#options = options;
    const { sip, media, remote } = options;
    media.connect(remote, answerDirection(remote.direction, this.#wanted));
    sip.onOffer = (offer) => this.#answer(offer);
    this.#closed = sip.ended.then(async (reason) => {
      await media.stop();
      return reason;
    });
  }

  get callId(): string {
    return this.#options.sip.dialog.callId;
  }

  /** Resolves once, when the call is over and its media closed; never rejects. */
  get ended(): Promise<CallEnd> {
    return this.#closed;
  }

  get isOver(): boolean {
    return this.#options.sip.isOver;
  }

  get counts(): RtpCounts {
    return this.#options.media.counts;
  }

  get direction(): Direction {
    return this.#options.media.direction;
  }

  /** What was heard, as far as the phone was told to keep it. */
  get recording(): Wav {
    return this.#options.media.recording;
  }

  /** Begins to send; the phone does so itself once the call is confirmed. */
  startMedia(): void {
    if (!this.isOver) this.#options.media.start();
  }

  /** Plays a recording once, `afterMs` from now or after what already waits; resolves when it was sent or the call ended. */
  play(wav: Wav, afterMs = 0): Promise<void> {
    return this.isOver ? Promise.resolve() : this.#options.media.play(wav, afterMs);
  }

  /** Sends no packet any more but goes on hearing, so that what is under way can be counted before hanging up. */
  fallSilent(): void {
    this.#options.media.pause();
  }

  /** Offers another direction, `sendonly` to hold and `sendrecv` to resume; rejects when the peer refuses. */
  async changeDirection(direction: Direction): Promise<void> {
    const { sip, media } = this.#options;
    const version = this.#version + 1;
    const answer = await sip.reoffer(this.#describe(direction, version), REOFFER_LIMIT_MS);
    this.#version = version;
    this.#wanted = direction;
    const remote = this.#read(answer, 'answer');
    if (!remote) throw new DemoError('SDP_UNUSABLE', 'the answer to the re-INVITE is none we can use');
    media.connect(remote, answerDirection(remote.direction, direction));
  }

  /** Sends BYE; resolves when it was answered or given up, and the media closed. */
  async hangUp(): Promise<void> {
    await this.#options.sip.hangUp();
    await this.#closed;
  }

  #answer(offer: Buffer): string | undefined {
    const remote = this.#read(offer, 'offer');
    if (!remote) return undefined;
    const { media } = this.#options;
    const direction = answerDirection(remote.direction, this.#wanted);
    // The same description keeps its version (RFC 3264 §8).
    if (direction !== media.direction) this.#version += 1;
    media.connect(remote, direction);
    return this.#describe(direction, this.#version, remote);
  }

  #read(body: Buffer, role: 'offer' | 'answer'): RemoteMedia | undefined {
    const { codec, security } = this.#options;
    const remote = readRemoteMedia(body, { codec, security, role });
    return typeof remote === 'string' ? undefined : remote;
  }

  #describe(direction: Direction, version: number, answering?: RemoteMedia): string {
    const { media, codec, sessionId } = this.#options;
    return writeSdp({ rtp: media.endpoint, codec, key: media.key, direction, sessionId, version }, answering);
  }
}
