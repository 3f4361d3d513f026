/** A whole node with browsers on one side and a telephone on the other. Whoever is opened here is closed here. */

import { expect } from 'vitest';
import { freeTcpPort } from '../../../src/cli/demo-node.ts';
import { headerText } from '../../../src/demo/softphone/sip-text.ts';
import { UdpPeer, until } from '../udp-peer.ts';
import { WholeNode } from '../whole-node.ts';
import { PlainMedia } from './plain-media.ts';
import { SipEnd } from './sip-end.ts';
import { WebRtcPeer } from './webrtc-peer.ts';
import { connectWebSocket, overUdp, WebSocketHop } from './wires.ts';

const BROWSER = { profile: 'dtls', ice: 'lite', rtcpMux: 'offer' } as const;

/** Numbers that begin so are of browsers: behind a proxy of their own, or registered through the node. */
export const HOP_NUMBER = '2';
export const REGISTERED_NUMBER = '3';
/** The same proxy, for calls from browser to browser. */
export const BETWEEN_NUMBER = '4';

export class Stage {
  readonly node: WholeNode;
  /** The telephone, which is the registrar too. */
  readonly phone: SipEnd;
  /** A browser's connection to the node. */
  readonly browser: SipEnd;
  /** The proxy that the node connects to. */
  readonly hop: WebSocketHop;
  readonly #webSocketPort: number;
  #behindHop: SipEnd | undefined;
  readonly #closing: { close(): void }[] = [];

  private constructor(parts: Pick<Stage, 'node' | 'phone' | 'browser' | 'hop'>, webSocketPort: number) {
    this.node = parts.node;
    this.phone = parts.phone;
    this.browser = parts.browser;
    this.hop = parts.hop;
    this.#webSocketPort = webSocketPort;
  }

  static async build(): Promise<Stage> {
    const hop = await WebSocketHop.open();
    const telephone = await UdpPeer.open();
    const webSocketPort = await freeTcpPort();
    const next = [`sip:127.0.0.1:${telephone.port}`];
    const node = await WholeNode.startWith({
      listeners: [{ transport: 'ws', listen: `127.0.0.1:${webSocketPort}` }],
      tenants: [
        { id: 'from-browsers', next, media: { caller: 'as-offered', callee: 'rtp' } },
        {
          id: 'to-proxy',
          number: HOP_NUMBER,
          next: [`sip:127.0.0.1:${hop.port};transport=ws`],
          media: { caller: 'rtp', callee: BROWSER },
        },
        {
          id: 'between',
          number: BETWEEN_NUMBER,
          next: [`sip:127.0.0.1:${hop.port};transport=ws`],
          media: { caller: 'as-offered', callee: 'as-offered' },
        },
        { id: 'to-registered', number: REGISTERED_NUMBER, next, media: { caller: 'rtp', callee: BROWSER } },
      ],
    });
    const phone = new SipEnd(overUdp('phone', telephone, node.sipPort));
    const browser = new SipEnd(await connectWebSocket(`${REGISTERED_NUMBER}001`, webSocketPort));
    return new Stage({ node, hop, phone, browser }, webSocketPort);
  }

  /** Where the telephone is dialled, or a number of somebody else's. */
  uri(number = 'phone'): string {
    return `sip:${number}@127.0.0.1:${this.node.sipPort}`;
  }

  async plainMedia(): Promise<PlainMedia> {
    return this.#keep(await PlainMedia.open());
  }

  async webRtcCaller(ssrc: number): Promise<WebRtcPeer> {
    return this.#keep(await WebRtcPeer.offering(ssrc));
  }

  async webRtcCallee(offer: string, ssrc: number): Promise<WebRtcPeer> {
    return this.#keep(await WebRtcPeer.answering(offer, ssrc));
  }

  /** Another browser, with a connection of its own. */
  async connectBrowser(): Promise<SipEnd> {
    return this.#keep(new SipEnd(await connectWebSocket('another', this.#webSocketPort)));
  }

  /** The browser behind the proxy, once the node has connected. */
  async behindHop(): Promise<SipEnd> {
    await until(() => this.hop.wire !== undefined);
    this.#behindHop ??= new SipEnd(this.hop.wire!);
    return this.#behindHop;
  }

  /** Registers the browser through the node with the telephone, and returns the way back to it (RFC 3327). */
  async register(): Promise<string> {
    const registering = this.browser.ask('REGISTER', {
      to: `sip:127.0.0.1:${this.node.sipPort}`,
      extra: ['Supported: path, outbound', 'Expires: 600'],
    });
    const request = await this.phone.request('REGISTER');
    this.phone.answer(request, { toTag: 'registrar' });
    expect((await registering).status).toBe(200);
    return headerText(request, 'path');
  }

  /** Closes the media of one test. */
  hush(): void {
    for (const media of this.#closing.splice(0)) media.close();
  }

  async stop(): Promise<void> {
    this.hush();
    this.browser.close();
    this.phone.close();
    this.hop.close();
    await this.node.stop();
  }

  #keep<Media extends { close(): void }>(media: Media): Media {
    this.#closing.push(media);
    return media;
  }
}
