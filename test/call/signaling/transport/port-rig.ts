/** One stream port on loopback with a clock that moves when told to, and a record of all it reports. */

import { ManualClock } from '../../../../src/base/clock.ts';
import { systemRandom } from '../../../../src/base/ids.ts';
import type { Framed } from '../../../../src/protocol/sip/frame.ts';
import type { Listener, StreamListener } from '../../../../src/call/signaling/listeners.ts';
import { streamOpener } from '../../../../src/call/signaling/listeners.ts';
import { ConnectionCensus } from '../../../../src/call/signaling/transport/connection-census.ts';
import type { TlsClient } from '../../../../src/call/signaling/transport/dial.ts';
import type { Peer, SipPort, TransportEvent } from '../../../../src/call/signaling/transport/sip-port.ts';
import { DEFAULT_TRANSPORT_LIMITS } from '../../../../src/call/signaling/transport/transport-limits.ts';
import type { TransportLimits } from '../../../../src/call/signaling/transport/transport-limits.ts';
import { CA } from './test-peer.ts';
import { NODE_TLS } from './transport-stage.ts';

export interface RigOptions {
  readonly listener?: Partial<Listener>;
  readonly tlsClient?: TlsClient;
  readonly limits?: Partial<TransportLimits>;
  readonly onFramed?: (framed: Framed, from: Peer) => void;
}

export class PortRig {
  readonly clock = new ManualClock();
  readonly events: TransportEvent[] = [];
  readonly errors: string[] = [];
  readonly framed: { readonly framed: Framed; readonly from: Peer }[] = [];
  readonly census: ConnectionCensus;
  port!: SipPort;
  #waiting: { readonly isTrue: () => boolean; readonly done: () => void }[] = [];

  private constructor(limits: TransportLimits) {
    this.census = new ConnectionCensus({ clock: this.clock, limits });
  }

  static async open(transport: StreamListener['transport'], options: RigOptions = {}): Promise<PortRig> {
    const limits = { ...DEFAULT_TRANSPORT_LIMITS, ...options.limits };
    const rig = new PortRig(limits);
    const isSecure = transport === 'tls' || transport === 'wss';
    const opener = streamOpener({ census: rig.census, clock: rig.clock, random: systemRandom, limits });
    const listener = { address: '127.0.0.1', port: 0, ...(isSecure ? { tls: NODE_TLS } : {}), ...options.listener };
    rig.port = await opener({ ...listener, transport }, options.tlsClient ?? { ca: CA, verify: true }, {
      onFramed: (framed, from) => {
        rig.framed.push({ framed, from });
        options.onFramed?.(framed, from);
        rig.#changed();
      },
      onError: (code) => rig.errors.push(code),
      onEvent: (event) => {
        rig.events.push(event);
        rig.#changed();
      },
    });
    return rig;
  }

  /** Resolves once that holds, looked at whenever something was reported. */
  until(isTrue: () => boolean): Promise<void> {
    if (isTrue()) return Promise.resolve();
    return new Promise((done) => this.#waiting.push({ isTrue, done }));
  }

  untilEvent(event: TransportEvent, count = 1): Promise<void> {
    return this.until(() => this.events.filter((one) => one === event).length >= count);
  }

  /** The `nth` message's own words, or the word for what it is. */
  said(nth: number): string {
    const framed = this.framed[nth]?.framed;
    if (framed?.kind === 'framed') return framed.head.bytes.toString('latin1');
    return framed?.kind === 'malformed' ? framed.reason : '';
  }

  #changed(): void {
    const ready = this.#waiting.filter(({ isTrue }) => isTrue());
    this.#waiting = this.#waiting.filter((one) => !ready.includes(one));
    for (const { done } of ready) done();
  }
}

/** A turn of the event loop, as often as it takes. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

export function options(cseq = 1, extra: readonly string[] = []): string {
  return [
    'OPTIONS sip:us@example.org SIP/2.0',
    `Via: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK${cseq}`,
    'From: <sip:a@b>;tag=1',
    'To: <sip:us@example.org>',
    'Call-ID: x',
    `CSeq: ${cseq} OPTIONS`,
    ...extra,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}
