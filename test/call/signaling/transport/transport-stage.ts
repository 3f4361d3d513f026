/**
 * Earshot between two peers on real loopback sockets: a caller outside, a callee inside, each by its own transport. The
 * dialog's messages are written here; what Earshot does is asserted in the tests.
 */

import { systemClock } from '../../../../src/base/clock.ts';
import type { Clock } from '../../../../src/base/clock.ts';
import { asTenantId, systemRandom } from '../../../../src/base/ids.ts';
import { silentLog } from '../../../../src/base/log.ts';
import { Metrics } from '../../../../src/base/metrics.ts';
import type { InterfaceOptions, Listener } from '../../../../src/call/signaling/listeners.ts';
import { Signaling } from '../../../../src/call/signaling/signaling.ts';
import type { SignalingLimits } from '../../../../src/call/signaling/limits.ts';
import type { TlsServer } from '../../../../src/call/signaling/transport/stream-carrier.ts';
import type { TransportLimits } from '../../../../src/call/signaling/transport/transport-limits.ts';
import type { SipTransport } from '../../../../src/protocol/sip/transport.ts';
import { NotingAnchor, recordRoutes, respond, ROUTES } from '../stage.ts';
import { CA, identity, TestPeer } from './test-peer.ts';
import type { Line, PeerOptions, Received } from './test-peer.ts';

export const NODE_TLS: TlsServer = { ...identity('node'), ca: CA, requireClientCertificate: false };

export interface StageOptions {
  readonly outside: readonly (Partial<Listener> & { readonly transport: SipTransport })[];
  readonly inside: readonly (Partial<Listener> & { readonly transport: SipTransport })[];
  readonly hops: readonly { readonly host: string; readonly port: number; readonly transport: SipTransport }[];
  readonly tlsClient?: InterfaceOptions['tlsClient'];
  readonly clock?: Clock;
  readonly limits?: Partial<SignalingLimits>;
  readonly transportLimits?: Partial<TransportLimits>;
}

export class TransportStage {
  readonly metrics = new Metrics();
  readonly events: string[] = [];
  signaling: Signaling;
  readonly #options: StageOptions;

  private constructor(options: StageOptions) {
    this.#options = options;
    this.signaling = this.#build();
  }

  static async open(options: StageOptions): Promise<TransportStage> {
    const stage = new TransportStage(options);
    await stage.#start();
    return stage;
  }

  /** The process died and came back at the same ports, with the same key. */
  async restart(): Promise<void> {
    const bound = this.signaling.listening();
    await this.signaling.stop();
    this.signaling = this.#build((name, order) => bound.filter((one) => one.interface === name)[order]?.port ?? 0);
    await this.#start();
  }

  port(name: 'outside' | 'inside', transport: SipTransport, family: 4 | 6 = 4): number {
    const isSix = (address: string): boolean => address.includes(':');
    const found = this.signaling
      .listening()
      .find((one) => one.interface === name && one.transport === transport && isSix(one.address) === (family === 6));
    return found?.port ?? 0;
  }

  count(name: string, labels: Readonly<Record<string, string>>): number {
    return this.metrics.counter(name, labels).value;
  }

  connectionEvents(transport: SipTransport, event: string): number {
    return this.count('earshot_sip_connection_events_total', { transport, event });
  }

  stop(): Promise<void> {
    return this.signaling.stop();
  }

  async #start(): Promise<void> {
    await this.signaling.start();
    const [tenant] = ROUTES.tenants;
    if (!tenant) throw new Error('no tenant');
    const match = { ...tenant.match, sources: ['127.0.0.0/8', '::1/128'] };
    const inbound = { ...tenant, match, nextHops: [...this.#options.hops] };
    // What the callee's side calls by itself: to those who registered, and to nobody else.
    const outbound = { ...inbound, id: asTenantId('back'), ingress: 'inside', egress: 'outside', nextHops: [] };
    this.signaling.setRoutes({ ...ROUTES, tenants: [inbound, outbound] });
  }

  #build(portOf: (name: string, order: number) => number = () => 0): Signaling {
    const { outside, inside, tlsClient = { ca: CA, verify: true }, clock, limits, transportLimits } = this.#options;
    const interfaceOf = (name: string, listeners: StageOptions['outside']): InterfaceOptions => ({
      name,
      listeners: listeners.map(({ address = '127.0.0.1', ...rest }, order) => ({
        address,
        port: portOf(name, order),
        advertised: { host: address },
        ...(rest.transport === 'tls' || rest.transport === 'wss' ? { tls: NODE_TLS } : {}),
        ...rest,
      })),
      advertisedHost: '127.0.0.1',
      tlsClient,
    });
    return new Signaling({
      interfaces: [interfaceOf('outside', outside), interfaceOf('inside', inside)],
      clock: clock ?? systemClock,
      random: systemRandom,
      log: silentLog,
      metrics: this.metrics,
      tokenKey: Buffer.alloc(32, 9),
      anchor: new NotingAnchor(),
      sink: {
        callStarted: () => this.events.push('started'),
        callChanged: (fact) => this.events.push(`changed ${fact.state}`),
        callEnded: (_call, _tenant, reason) => this.events.push(`ended ${reason}`),
      },
      // The machine that runs the tests may be busy: that is no reason to refuse a call here.
      limits: { probeEveryMs: 0, maxLoopLagMs: 0, ...limits },
      ...(transportLimits === undefined ? {} : { transportLimits }),
    });
  }
}

/** One end of a dialog: where it is reached, how it reaches Earshot, and what it knows of the other. */
export class Party {
  readonly peer: TestPeer;
  readonly line: Line;
  readonly contact: string;
  readonly tag: string;
  readonly sentBy: string;
  routes: readonly string[] = [];
  target = 'sip:bob@example.com';
  remoteTag = '';
  callId = 'call-1@example.org';
  cseq = 0;
  #branches = 0;

  constructor(peer: TestPeer, line: Line, tag: string) {
    this.peer = peer;
    this.line = line;
    this.tag = tag;
    const isWebSocket = peer.transport === 'ws' || peer.transport === 'wss';
    // A browser has no address of its own.
    this.sentBy = isWebSocket ? `${tag}.invalid` : peer.sentBy;
    const param = peer.transport === 'udp' ? '' : `;transport=${isWebSocket ? 'ws' : peer.transport}`;
    this.contact = `<sip:${tag}@${this.sentBy}${param}>`;
  }

  /** A request of this end; the dialog is there once the other's tag is known. */
  request(method: string, changes: { readonly cseq?: number; readonly extra?: readonly string[] } = {}): string {
    if (method !== 'ACK' && changes.cseq === undefined) this.cseq += 1;
    const via = `SIP/2.0/${this.peer.transport.toUpperCase()} ${this.sentBy}`;
    return [
      `${method} ${this.target} SIP/2.0`,
      `Via: ${via};branch=z9hG4bK${this.tag}${(this.#branches += 1)};rport`,
      'Max-Forwards: 70',
      ...this.routes.map((route) => `Route: ${route}`),
      `From: <sip:${this.tag}@example.org>;tag=${this.tag}`,
      `To: <sip:other@example.com>${this.remoteTag === '' ? '' : `;tag=${this.remoteTag}`}`,
      `Call-ID: ${this.callId}`,
      `CSeq: ${changes.cseq ?? this.cseq} ${method}`,
      `Contact: ${this.contact}`,
      ...(changes.extra ?? []),
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');
  }

  answer(received: Received, status = 200): string {
    const contact = `Contact: ${this.contact}`;
    return respond(received, status, { tag: this.tag }).replace(/^Contact: .*$/m, contact.trimEnd());
  }

  /** What a message of the other end that begins the dialog says of it. */
  learn(message: Received, role: 'caller' | 'callee'): void {
    const routes = recordRoutes(message);
    this.routes = role === 'caller' ? routes.reverse() : routes;
    this.callId = /^Call-ID: (\S+)\r$/m.exec(message.text)?.[1] ?? '';
    this.target = /^Contact: <(.*)>\r$/m.exec(message.text)?.[1] ?? '';
    const header = role === 'caller' ? 'To' : 'From';
    this.remoteTag = new RegExp(`^${header}: .*;tag=(\\S+)\\r$`, 'm').exec(message.text)?.[1] ?? '';
  }
}

/** Opens a peer, to be closed with the test. */
export async function peer(options: PeerOptions, closing: (() => unknown)[]): Promise<TestPeer> {
  const opened = await TestPeer.open(options);
  closing.push(() => opened.close());
  return opened;
}
