/**
 * A stage for proxy journeys: a carrier outside, two PBXs inside, Earshot between them on a fake network and a clock
 * that moves when told to. The messages of the peers are made here; what Earshot does is asserted in the tests.
 */

import { legPolicy } from '../../../src/model/leg-policy.ts';
import { ManualClock } from '../../../src/base/clock.ts';
import { asTenantId } from '../../../src/base/ids.ts';
import { silentLog } from '../../../src/base/log.ts';
import { Metrics } from '../../../src/base/metrics.ts';
import type { CallFact, SignalingAccount } from '../../../src/model/call.ts';
import type { RoutingSnapshot } from '../../../src/model/routing.ts';
import type { MediaAnchor } from '../../../src/call/signaling/media-anchor.ts';
import type { SignalingLimits } from '../../../src/call/signaling/limits.ts';
import { Signaling } from '../../../src/call/signaling/signaling.ts';
import { asRequest } from '../../protocol/sip/messages.ts';
import { FakeNetwork } from './fake-network.ts';
import type { Sent } from './fake-network.ts';

export const CARRIER = { address: '192.0.2.10', port: 5060 };
export const PBX = { address: '10.0.0.20', port: 5060 };
export const SPARE = { address: '10.0.0.21', port: 5060 };
export const STRANGER = { address: '203.0.113.66', port: 5060 };
export const OUTSIDE = { address: '198.51.100.1', port: 5060 };
export const INSIDE = { address: '10.0.0.1', port: 5060 };

export const OFFER =
  'v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';
export const ANSWER =
  'v=0\r\no=- 2 2 IN IP4 10.0.0.20\r\ns=-\r\nc=IN IP4 10.0.0.20\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n';

export const ROUTES: RoutingSnapshot = {
  revision: 1,
  digest: 'd',
  tenants: [
    {
      id: asTenantId('acme'),
      match: { sources: ['192.0.2.0/24'], domains: [], dids: [], headers: [] },
      trusted: false,
      labels: [],
      ingress: 'outside',
      egress: 'inside',
      nextHops: [
        { host: PBX.address, port: 5060, transport: 'udp' },
        { host: SPARE.address, port: 5060, transport: 'udp' },
      ],
      media: { caller: legPolicy('as-offered'), callee: legPolicy('as-offered') },
      onMediaUnavailable: 'bypass',
      mediaMode: 'anchored',
      otherLines: 'leave',
      onSignedMedia: 'bypass',
      roles: { caller: 'customer', callee: 'agent' },
      direction: 'inbound',
    },
  ],
};

/** An anchor that swaps the port of the m-line, and notes what it was asked. */
export class NotingAnchor implements MediaAnchor {
  readonly notes: string[] = [];
  next: ReturnType<MediaAnchor['offer']> | 'throw' | undefined;

  open(): void {
    this.notes.push('open');
  }

  offer(offer: Parameters<MediaAnchor['offer']>[0]): ReturnType<MediaAnchor['offer']> {
    this.notes.push(`offer ${offer.from} ${offer.transaction} [${offer.branch}]`);
    return this.#verdict(offer.sdp, '40000');
  }

  answer(answer: Parameters<MediaAnchor['answer']>[0]): ReturnType<MediaAnchor['answer']> {
    this.notes.push(`answer ${answer.from} ${answer.transaction} [${answer.branch}]`);
    return this.#verdict(answer.sdp, '60000');
  }

  confirm(confirmed: Parameters<MediaAnchor['confirm']>[0]): void {
    this.notes.push(`confirm ${confirmed.transaction} [${confirmed.branch}]`);
  }

  refuse(refused: Parameters<MediaAnchor['refuse']>[0]): void {
    this.notes.push(`refuse ${refused.transaction}`);
  }

  end(): void {
    this.notes.push('end');
  }

  describe(): ReturnType<MediaAnchor['describe']> {
    return { media: 'anchored', legs: [] };
  }

  #verdict(sdp: Buffer, port: string): ReturnType<MediaAnchor['offer']> {
    if (this.next === 'throw') throw new Error('anchor broke');
    if (this.next) return this.next;
    const at = sdp.indexOf('m=audio ') + 8;
    return { kind: 'edit', edits: [{ at, remove: 4, insert: port }] };
  }
}

export class Stage {
  readonly network = new FakeNetwork();
  readonly clock = new ManualClock();
  readonly metrics = new Metrics();
  readonly anchor = new NotingAnchor();
  readonly events: string[] = [];
  readonly facts: CallFact[] = [];
  readonly accounts: SignalingAccount[] = [];
  signaling: Signaling;
  lookup: (name: string) => Promise<readonly string[]> = () => Promise.resolve([]);
  readonly #media: MediaAnchor;
  #seed = 0;

  /** `media` takes the place of the noting anchor. */
  constructor(limits: Partial<SignalingLimits> = {}, media?: MediaAnchor) {
    this.#media = media ?? this.anchor;
    this.signaling = this.#build(limits);
  }

  static async open(limits: Partial<SignalingLimits> = {}, media?: MediaAnchor): Promise<Stage> {
    const stage = new Stage(limits, media);
    await stage.signaling.start();
    stage.signaling.setRoutes(ROUTES);
    return stage;
  }

  /** The process died and came back with the same key and configuration. */
  async restart(): Promise<void> {
    await this.signaling.stop();
    this.signaling = this.#build({});
    await this.signaling.start();
    this.signaling.setRoutes(ROUTES);
  }

  fromCarrier(bytes: Buffer | string): Sent[] {
    this.network.deliver(CARRIER, OUTSIDE, bytes);
    return this.network.take();
  }

  fromInside(bytes: Buffer | string, source = PBX): Sent[] {
    this.network.deliver(source, INSIDE, bytes);
    return this.network.take();
  }

  advance(ms: number): Sent[] {
    this.clock.advance(ms);
    return this.network.take();
  }

  /** The INVITE as the PBX gets it, after the carrier was told 100. */
  invite(extra: { readonly sdp?: string } = {}): Sent {
    const sent = this.fromCarrier(request('INVITE', { sdp: extra.sdp ?? OFFER }));
    const forwarded = sent.find(({ to }) => to.address === PBX.address);
    if (!forwarded) throw new Error('the INVITE was not sent on');
    return forwarded;
  }

  /** A whole set-up; returns the INVITE as the PBX got it and the 200 as the carrier got it. */
  establish(): { readonly invite: Sent; readonly ok: Sent } {
    const invite = this.invite();
    const [ok] = this.fromInside(respond(invite, 200, { tag: 'bob1', sdp: ANSWER }));
    if (!ok) throw new Error('the 200 was not passed on');
    return { invite, ok };
  }

  count(name: string, labels: Readonly<Record<string, string>>): number {
    return this.metrics.counter(name, labels).value;
  }

  #build(limits: Partial<SignalingLimits>): Signaling {
    return new Signaling({
      interfaces: [
        { name: 'outside', listeners: [OUTSIDE], advertisedHost: OUTSIDE.address },
        { name: 'inside', listeners: [INSIDE], advertisedHost: INSIDE.address },
      ],
      clock: this.clock,
      random: (size) => Buffer.alloc(size, (this.#seed += 1)),
      log: silentLog,
      metrics: this.metrics,
      tokenKey: Buffer.alloc(32, 5),
      anchor: this.#media,
      sink: {
        callStarted: (fact) => {
          this.events.push(`started ${fact.state}`);
          this.facts.push(fact);
        },
        callChanged: (fact) => this.events.push(`changed ${fact.state}`),
        callEnded: (_call, _tenant, reason, signaling) => {
          this.events.push(`ended ${reason}`);
          this.accounts.push(signaling);
        },
      },
      // A test that wants next hops asked whether they live says so.
      limits: { probeEveryMs: 0, ...limits },
      openPort: this.network.open,
      lookups: {
        addresses: async (name) => ({ addresses: await this.lookup(name) }),
        srv: () => Promise.resolve([]),
        naptr: () => Promise.resolve([]),
      },
    });
  }
}

export interface RequestChanges {
  readonly sdp?: string;
  readonly cseq?: number;
  readonly branch?: string;
  readonly uri?: string;
  readonly toTag?: string;
  readonly maxForwards?: number;
  readonly extra?: readonly string[];
}

/** A request as the carrier sends it. */
export function request(method: string, changes: RequestChanges = {}): string {
  const sdp = changes.sdp ?? '';
  return [
    `${method} ${changes.uri ?? 'sip:bob@example.com'} SIP/2.0`,
    `Via: SIP/2.0/UDP 192.0.2.10:5060;branch=${changes.branch ?? 'z9hG4bKcarrier1'}`,
    `Max-Forwards: ${changes.maxForwards ?? 70}`,
    'From: <sip:alice@example.org>;tag=alice1',
    `To: <sip:bob@example.com>${changes.toTag === undefined ? '' : `;tag=${changes.toTag}`}`,
    'Call-ID: call-1@192.0.2.10',
    `CSeq: ${changes.cseq ?? 1} ${method}`,
    'Contact: <sip:alice@192.0.2.10:5060>',
    ...(changes.extra ?? []),
    ...(sdp === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${sdp.length}`,
    '',
    sdp,
  ].join('\r\n');
}

/** A response to a request as its receiver got it. */
export function respond(
  received: { readonly bytes: Buffer },
  status: number,
  more: { readonly tag?: string; readonly sdp?: string; readonly extra?: readonly string[] } = {},
): string {
  const { head, cseq, callId } = asRequest(received.bytes);
  const kept = head.lines.filter(({ name }) => ['via', 'from', 'record-route'].includes(name));
  const lines = kept.map(({ start, end }) => head.bytes.toString('latin1', start, end - 2));
  const to = head.lines.find(({ name }) => name === 'to');
  const toText = to ? head.bytes.toString('latin1', to.start, to.end - 2) : '';
  const sdp = more.sdp ?? '';
  return [
    `SIP/2.0 ${status} Whatever`,
    ...lines,
    more.tag === undefined || toText.includes('tag=') ? toText : `${toText};tag=${more.tag}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq.number} ${cseq.method}`,
    'Contact: <sip:bob@10.0.0.20:5060>',
    ...(more.extra ?? []),
    ...(sdp === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${sdp.length}`,
    '',
    sdp,
  ].join('\r\n');
}

/** Our Record-Route values in a message, topmost first. */
export function recordRoutes(message: { readonly text: string }): string[] {
  return [...message.text.matchAll(/^Record-Route: (.*)\r$/gm)].map(([, value]) => value ?? '');
}

export function routeLines(values: readonly string[]): string[] {
  return values.map((value) => `Route: ${value}`);
}

export function startLine(message: { readonly text: string } | undefined): string {
  return message?.text.split('\r\n')[0] ?? '';
}
