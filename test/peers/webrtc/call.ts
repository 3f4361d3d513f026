/** A browser and a telephone in one call, whoever began it, and what of each other they heard. */

import { expect } from 'vitest';
import type { Dialog } from '../../../src/demo/softphone/dialog.ts';
import { until } from '../udp-peer.ts';
import { payloadsOf, reportersOf, Voice } from './packets.ts';
import type { PlainMedia } from './plain-media.ts';
import type { SipEnd } from './sip-end.ts';
import type { Stage } from './stage.ts';
import type { WebRtcPeer } from './webrtc-peer.ts';

const BROWSER_SSRC = 0x1234_5678;
const PHONE_SSRC = 0x0bad_cafe;
const FRAME_MS = 20;

/** One of the two, with its end of the dialog. */
interface End<Media> {
  readonly sip: SipEnd;
  readonly dialog: Dialog;
  readonly media: Media;
}

export interface Descriptions {
  /** What the one that is called was offered, and what the caller was answered. */
  readonly offer: string;
  readonly answer: string;
}

export interface BrowserCall {
  /** The browser's end, another than the stage's own. */
  readonly sip?: SipEnd;
  /** Changes what one side says of itself on its way, as a man in the middle or a mistake would. */
  readonly offer?: (sdp: string) => string;
  readonly answer?: (sdp: string) => string;
}

export class MixedCall {
  readonly browser: End<WebRtcPeer>;
  readonly phone: End<PlainMedia>;
  readonly said: Descriptions;
  readonly fromBrowser = new Voice(BROWSER_SSRC);
  readonly fromPhone = new Voice(PHONE_SSRC);

  private constructor(browser: End<WebRtcPeer>, phone: End<PlainMedia>, said: Descriptions) {
    this.browser = browser;
    this.phone = phone;
    this.said = said;
  }

  /** The browser calls the telephone. `offer` is changed before the node sees it, `answer` before the browser does. */
  static async fromBrowser(stage: Stage, how: BrowserCall = {}): Promise<MixedCall> {
    const { sip = stage.browser, offer = same, answer = same } = how;
    const media = await stage.webRtcCaller(BROWSER_SSRC);
    const plain = await stage.plainMedia();
    const calling = sip.call({ to: stage.uri(), sdp: offer(media.description) });
    const invite = await stage.phone.request('INVITE');
    const offered = invite.body.toString('latin1');
    plain.accept(offered);
    const called = stage.phone.accept(invite, plain.describe());
    const { dialog, message } = await calling;
    const answered = message.body.toString('latin1');
    media.accept(answer(answered));
    return new MixedCall(
      { sip, dialog, media },
      { sip: stage.phone, dialog: called.dialog, media: plain },
      { offer: offered, answer: answered },
    );
  }

  /** The telephone calls that URI, where `browser` answers. */
  static async fromPhone(
    stage: Stage,
    {
      to,
      routes,
      browser,
    }: { readonly to: string; readonly routes?: readonly string[]; readonly browser: () => Promise<SipEnd> },
  ): Promise<MixedCall> {
    const plain = await stage.plainMedia();
    const calling = stage.phone.call({ to, ...(routes && { routes }), sdp: plain.describe() });
    const sip = await browser();
    const invite = await sip.request('INVITE');
    const offered = invite.body.toString('latin1');
    const media = await stage.webRtcCallee(offered, BROWSER_SSRC);
    const called = sip.accept(invite, media.description);
    const { dialog, message } = await calling;
    const answered = message.body.toString('latin1');
    plain.accept(answered);
    return new MixedCall(
      { sip, dialog: called.dialog, media },
      { sip: stage.phone, dialog, media: plain },
      { offer: offered, answer: answered },
    );
  }

  /** Both speak, and report, and each gets every payload of the other as it was, and nothing else. */
  async expectBothHeard(): Promise<void> {
    const { media: browser } = this.browser;
    const { media: phone } = this.phone;
    await until(() => browser.isOpen);
    await this.talk(10);
    browser.send(this.fromBrowser.report());
    phone.report(this.fromPhone.report());

    await until(() => reportersOf(phone.rtcp.received).length > 0 && reportersOf(browser.received).length > 0);
    await until(() => payloadsOf(phone.rtp.received).length >= this.fromBrowser.payloads.length);
    await until(() => payloadsOf(browser.received).length >= this.fromPhone.payloads.length);

    expect(payloadsOf(phone.rtp.received)).toEqual(this.fromBrowser.payloads.map(hex));
    expect(payloadsOf(browser.received)).toEqual(this.fromPhone.payloads.map(hex));
    expect(new Set(reportersOf(phone.rtcp.received))).toEqual(new Set([BROWSER_SSRC]));
    expect(new Set(reportersOf(browser.received))).toEqual(new Set([PHONE_SSRC]));
  }

  /** So many frames from both, at the pace of speech. */
  async talk(frames: number): Promise<void> {
    for (let frame = 0; frame < frames; frame++) {
      this.browser.media.send(this.fromBrowser.next());
      this.phone.media.send(this.fromPhone.next());
      await new Promise((resolve) => setTimeout(resolve, FRAME_MS));
    }
  }

  /** The telephone offers anew, and the browser answers over the way the call came. Returns what each was told. */
  async reoffer(direction: 'sendrecv' | 'sendonly'): Promise<Descriptions> {
    const { phone, browser } = this;
    const answering = phone.sip.say(phone.dialog, 'INVITE', phone.media.describe(direction));
    const invite = await browser.sip.request('INVITE');
    const offer = invite.body.toString('latin1');
    browser.sip.answer(invite, { sdp: browser.media.answer(offer) });
    const answer = (await answering).body.toString('latin1');
    await browser.sip.request('ACK');
    phone.media.accept(answer);
    return { offer, answer };
  }

  /** The browser offers anew what it had. */
  async refresh(): Promise<Descriptions> {
    const { phone, browser } = this;
    const answering = browser.sip.say(browser.dialog, 'INVITE', browser.media.offer());
    const invite = await phone.sip.request('INVITE');
    const offer = invite.body.toString('latin1');
    phone.media.accept(offer);
    phone.sip.answer(invite, { sdp: phone.media.describe() });
    const answer = (await answering).body.toString('latin1');
    await phone.sip.request('ACK');
    browser.media.accept(answer);
    return { offer, answer };
  }

  /** One of them hangs up, and the other hears of it. */
  async hangUp(by: 'browser' | 'phone'): Promise<void> {
    const [from, to] = by === 'browser' ? [this.browser, this.phone] : [this.phone, this.browser];
    const done = from.sip.say(from.dialog, 'BYE');
    const bye = await to.sip.request('BYE');
    expect(bye.callId).toBe(from.dialog.callId);
    to.sip.answer(bye);
    expect((await done).status).toBe(200);
  }
}

function same(sdp: string): string {
  return sdp;
}

function hex(payload: Buffer): string {
  return payload.toString('hex');
}
