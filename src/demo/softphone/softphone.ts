/**
 * A small SIP phone over UDP: calls, is called, plays recordings into calls and counts what it hears. It speaks one
 * codec and one kind of media security, and refuses the rest; it never registers, and listens where it is told.
 */

import { asBuffer } from '../../base/bytes.ts';
import { errorCode } from '../../base/error.ts';
import { DemoError } from '../error.ts';
import { defer, withDeadline, type Deferred } from './deferred.ts';
import type { Invitation } from './invitation.ts';
import { MediaSession } from './media-session.ts';
import type { OutgoingInvite } from './outgoing-invite.ts';
import { PhoneCall } from './phone-call.ts';
import { answerDirection, readRemoteMedia, writeSdp, type RemoteMedia } from './session-description.ts';
import type { SipCall } from './sip-call.ts';
import type { DialOptions, SoftphoneOptions } from './softphone-options.ts';
import type { Endpoint } from './udp-port.ts';
import { UserAgent } from './user-agent.ts';

export type { DialOptions, SoftphoneOptions } from './softphone-options.ts';

export interface Softphone {
  readonly endpoint: Endpoint;
  readonly uri: string;
  /** Calls; resolves with the call once it is answered and its media flows. Rejects with a `DemoError`. */
  dial(options: DialOptions): Promise<PhoneCall>;
  /** The next call that was answered here and acknowledged; rejects with `DEADLINE`. */
  nextCall(deadlineMs: number): Promise<PhoneCall>;
  /** OPTIONS; resolves with the status. */
  ping(uri: string, via: Endpoint): Promise<number>;
  /** Says BYE, CANCEL or 480 to whoever is on the line, waits for no answer, and closes everything. Idempotent. */
  stop(): Promise<void>;
}

const MAX_UNTAKEN_CALLS = 256;
const RTCP_INTERVAL_MS = 5000;

/** Binds the SIP socket; media ports are bound per call. Rejects when the port is taken. */
export async function createSoftphone(options: SoftphoneOptions): Promise<Softphone> {
  const phone = new Phone(options);
  await phone.start();
  return phone;
}

class Phone implements Softphone {
  readonly #options: SoftphoneOptions;
  readonly #calls = new Set<PhoneCall>();
  readonly #untaken: PhoneCall[] = [];
  readonly #waiting: Deferred<PhoneCall>[] = [];
  readonly #dialling = new Set<OutgoingInvite>();
  /** Media of calls that ring here and are not answered yet. */
  readonly #ringing = new Set<MediaSession>();
  #agent: UserAgent | undefined;
  #isStopped = false;

  constructor(options: SoftphoneOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { bind, user, clock, log, random, udp } = this.#options;
    this.#agent = await UserAgent.open({
      local: { address: bind.address, port: bind.sipPort },
      user,
      clock,
      log,
      random,
      bind: udp,
      onInvitation: (invitation) =>
        void this.#beCalled(invitation).catch((thrown: unknown) => {
          log.warn({ code: errorCode(thrown) }, 'an incoming call could not be taken');
          invitation.refuse(500, 'Server Internal Error');
        }),
    });
  }

  get endpoint(): Endpoint {
    return this.#running.endpoint;
  }

  get uri(): string {
    return this.#running.uri;
  }

  async dial({ to, via, deadlineMs, signal, headers }: DialOptions): Promise<PhoneCall> {
    const agent = this.#running;
    const media = await this.#openMedia();
    try {
      const sessionId = this.#newSessionId();
      const sdp = this.#describe(media, sessionId);
      const invite = agent.invite({ uri: to, nextHop: via, sdp, deadlineMs, extraHeaders: headers });
      const sip = await this.#answerOf(invite, signal);
      const call = this.#joinAnswered(sip, media, sessionId);
      call.startMedia();
      return call;
    } catch (thrown) {
      await media.stop();
      throw thrown;
    }
  }

  nextCall(deadlineMs: number): Promise<PhoneCall> {
    const ready = this.#untaken.shift();
    if (ready) return Promise.resolve(ready);
    const wait = defer<PhoneCall>();
    this.#waiting.push(wait);
    return withDeadline(this.#options.clock, wait.promise, deadlineMs, 'the next call').finally(() => {
      const at = this.#waiting.indexOf(wait);
      if (at !== -1) this.#waiting.splice(at, 1);
    });
  }

  ping(uri: string, via: Endpoint): Promise<number> {
    return this.#running.ping(uri, via);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const agent = this.#agent;
    const closing = [...this.#calls].map((call) => call.ended);
    for (const call of this.#calls) void call.hangUp();
    for (const invite of this.#dialling) invite.cancel();
    for (const wait of this.#waiting.splice(0)) wait.reject(new DemoError('STOPPED', 'the phone was stopped'));
    await agent?.stop();
    await Promise.all([...closing, ...[...this.#ringing].map((media) => this.#stopRinging(media))]);
  }

  get #running(): UserAgent {
    if (!this.#agent || this.#isStopped) throw new DemoError('STOPPED', 'the phone is not running');
    return this.#agent;
  }

  async #answerOf(invite: OutgoingInvite, signal: AbortSignal | undefined): Promise<SipCall> {
    const cancel = (): void => invite.cancel();
    this.#dialling.add(invite);
    signal?.addEventListener('abort', cancel);
    if (signal?.aborted === true) cancel();
    try {
      return await invite.answered;
    } finally {
      this.#dialling.delete(invite);
      signal?.removeEventListener('abort', cancel);
    }
  }

  #joinAnswered(sip: SipCall, media: MediaSession, sessionId: string): PhoneCall {
    const { codec, security } = this.#options.media;
    const remote = sip.peerSdp
      ? readRemoteMedia(sip.peerSdp, { codec, security, role: 'answer' })
      : ('unreadable' as const);
    if (typeof remote !== 'string') return this.#join(sip, media, remote, sessionId);
    void sip.hangUp();
    throw new DemoError('SDP_UNUSABLE', `the answer is none we can use: ${remote}`);
  }

  async #beCalled(invitation: Invitation): Promise<void> {
    const { incoming, clock } = this.#options;
    const { codec, security } = this.#options.media;
    if (incoming === 'busy') {
      invitation.refuse(486, 'Busy Here');
      return;
    }
    const offer = invitation.offer && readRemoteMedia(invitation.offer, { codec, security, role: 'offer' });
    if (offer === undefined || typeof offer === 'string') {
      invitation.refuse(488, 'Not Acceptable Here');
      return;
    }
    const media = await this.#openMedia();
    if (!invitation.isOpen || this.#isStopped) return media.stop();
    this.#ringing.add(media);
    invitation.whenCancelled(() => void this.#stopRinging(media));
    invitation.ring();
    const answerAfterMs = incoming?.answerAfterMs ?? 0;
    if (answerAfterMs === 0) this.#answer(invitation, media, offer);
    else clock.after(answerAfterMs, () => this.#answer(invitation, media, offer));
  }

  #answer(invitation: Invitation, media: MediaSession, offer: RemoteMedia): void {
    const sessionId = this.#newSessionId();
    const sip = this.#isStopped ? undefined : invitation.accept(this.#describe(media, sessionId, offer));
    if (!sip) return void this.#stopRinging(media);
    this.#ringing.delete(media);
    const call = this.#join(sip, media, offer, sessionId);
    // The caller may send as soon as it has our answer; we wait for its ACK, as then it surely listens.
    void sip.confirmed.then(
      () => {
        call.startMedia();
        this.#hand(call);
      },
      () => undefined,
    );
  }

  async #stopRinging(media: MediaSession): Promise<void> {
    this.#ringing.delete(media);
    await media.stop();
  }

  #join(sip: SipCall, media: MediaSession, remote: RemoteMedia, sessionId: string): PhoneCall {
    const { codec, security } = this.#options.media;
    const call = new PhoneCall({ sip, media, remote, codec, security, sessionId });
    this.#calls.add(call);
    void call.ended.then(() => this.#calls.delete(call));
    return call;
  }

  #hand(call: PhoneCall): void {
    const next = this.#waiting.shift();
    if (next) next.resolve(call);
    else if (this.#untaken.length < MAX_UNTAKEN_CALLS) this.#untaken.push(call);
    else void call.hangUp();
  }

  #describe(media: MediaSession, sessionId: string, offer?: RemoteMedia): string {
    const direction = offer ? answerDirection(offer.direction, 'sendrecv') : 'sendrecv';
    const { codec } = this.#options.media;
    return writeSdp({ rtp: media.endpoint, codec, key: media.key, direction, sessionId, version: 1 }, offer);
  }

  #openMedia(): Promise<MediaSession> {
    const { bind, media, clock, random, udp } = this.#options;
    return MediaSession.open({
      address: bind.address,
      codec: media.codec,
      security: media.security,
      clock,
      random,
      bind: udp,
      keepMs: media.keepMs ?? 0,
      rtcpIntervalMs: media.rtcpIntervalMs ?? RTCP_INTERVAL_MS,
      firstPacketAfterMs: media.firstPacketAfterMs ?? 0,
    });
  }

  #newSessionId(): string {
    return String(asBuffer(this.#options.random(4)).readUInt32BE(0));
  }
}
