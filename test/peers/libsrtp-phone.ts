/** A phone whose SRTP is libsrtp's: SIP is spoken here, the media is a program of its own that judges it. */

import { systemClock } from '../../src/base/clock.ts';
import { systemRandom } from '../../src/base/ids.ts';
import { silentLog } from '../../src/base/log.ts';
import type { Invitation } from '../../src/demo/softphone/invitation.ts';
import type { Direction } from '../../src/demo/softphone/session-description.ts';
import type { SipCall } from '../../src/demo/softphone/sip-call.ts';
import type { Endpoint } from '../../src/demo/softphone/udp-port.ts';
import { UserAgent } from '../../src/demo/softphone/user-agent.ts';
import { LibsrtpMedia, type LibsrtpCounts, type LibsrtpOptions } from './libsrtp-media.ts';

export type { LibsrtpCounts };
export type LibsrtpPhoneOptions = LibsrtpOptions;

const ANSWER_MS = 10_000;

export class LibsrtpPhone {
  readonly #media: LibsrtpMedia;
  #agent: UserAgent | undefined;
  #call: SipCall | undefined;

  private constructor(media: LibsrtpMedia) {
    this.#media = media;
  }

  /** Listens on `sipPort`, and answers whoever calls at once. */
  static async start(options: LibsrtpPhoneOptions, sipPort = 0): Promise<LibsrtpPhone> {
    const phone = new LibsrtpPhone(await LibsrtpMedia.start(options));
    phone.#agent = await UserAgent.open({
      local: { address: '127.0.0.1', port: sipPort },
      user: 'libsrtp',
      clock: systemClock,
      log: silentLog,
      random: systemRandom,
      onInvitation: (invitation) => phone.#beCalled(invitation),
    });
    return phone;
  }

  /** Calls, and is ready to send once it resolves. */
  async dial(to: string, via: Endpoint): Promise<void> {
    const sdp = await this.#media.offer();
    const invite = this.#agent!.invite({ uri: to, nextHop: via, sdp, deadlineMs: ANSWER_MS });
    this.#join(await invite.answered);
    await this.#media.accept(text(this.#call?.peerSdp));
  }

  /** Whether it is in a call that both sides have agreed to. */
  get isInCall(): boolean {
    return this.#call?.isOver === false;
  }

  /** Offers another direction within the call. */
  async changeDirection(direction: Direction): Promise<void> {
    await this.#media.accept(text(await this.#call!.reoffer(await this.#media.offer(direction), ANSWER_MS)));
  }

  /** Begins to send so many packets, and a report after each `reportEvery` of them. */
  send(packets: number, reportEvery: number): void {
    this.#media.send(packets, reportEvery);
  }

  counts(): Promise<LibsrtpCounts> {
    return this.#media.counts();
  }

  async hangUp(): Promise<void> {
    await this.#call?.hangUp();
  }

  async stop(): Promise<void> {
    await this.hangUp();
    await this.#agent?.stop();
    await this.#media.stop();
  }

  #beCalled(invitation: Invitation): void {
    const call = invitation.accept(this.#media.reanswer(text(invitation.offer)));
    void call?.confirmed.then(
      () => this.#join(call),
      () => undefined,
    );
  }

  #join(call: SipCall): void {
    this.#call = call;
    call.onOffer = (body) => this.#media.reanswer(text(body));
  }
}

function text(body: Buffer | undefined): string {
  if (!body) throw new Error('no session description came');
  return body.toString('latin1');
}
