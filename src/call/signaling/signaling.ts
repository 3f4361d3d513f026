/**
 * Signaling as one part with a life: it binds the listeners, builds the proxy around them, and takes it down again.
 * It decides nothing; the journey is in the proxy, the way back in the response path.
 */

import type { Cancel, Clock } from '../../base/clock.ts';
import type { CallId, RandomBytes } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { RoutingSnapshot } from '../../model/routing.ts';
import type { CallFact } from '../../model/call.ts';
import { deriveProxyKeys } from '../../protocol/sip/proxy-keys.ts';
import type { SipTransport } from '../../protocol/sip/transport.ts';
import { Admission } from './admission.ts';
import { guardSink } from './call-events.ts';
import type { CallSink } from './call-events.ts';
import { Calls } from './calls.ts';
import { CancelPath } from './cancel-path.ts';
import { openUdpPort } from './datagram-port.ts';
import type { OpenPort } from './datagram-port.ts';
import { systemLookups } from './dns-lookups.ts';
import { Forwarder } from './forwarder.ts';
import { guardAnchor } from './guarded-anchor.ts';
import { HopHealth } from './hop-health.ts';
import { HopProbes } from './hop-probes.ts';
import { Interfaces } from './interfaces.ts';
import { LateOffers } from './late-offers.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { SignalingLimits } from './limits.ts';
import { Locator } from './locate.ts';
import type { Lookups } from './locate.ts';
import type { MediaAnchor } from './media-anchor.ts';
import { Overload } from './overload.ts';
import { OwnAnswers } from './own-answers.ts';
import { Proxy } from './proxy.ts';
import { ResponsePath } from './response-path.ts';
import { streamOpener } from './listeners.ts';
import type { InterfaceOptions, OpenStream } from './listeners.ts';
import { Settlement } from './settlement.ts';
import { SignalingNotes } from './signaling-notes.ts';
import { SourceMeter } from './source-meter.ts';
import { Tally } from './tally.ts';
import { ConnectionCensus } from './transport/connection-census.ts';
import { DEFAULT_TRANSPORT_LIMITS } from './transport/transport-limits.ts';
import type { TransportLimits } from './transport/transport-limits.ts';
import { Transactions } from './transactions.ts';

export interface SignalingOptions {
  readonly interfaces: readonly InterfaceOptions[];
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly metrics: Metrics;
  /** 32 bytes that outlive the process: with them, dialogs survive a restart. Secret. */
  readonly tokenKey: Uint8Array;
  readonly anchor: MediaAnchor;
  readonly sink: CallSink;
  readonly limits?: Partial<SignalingLimits>;
  readonly transportLimits?: Partial<TransportLimits>;
  /** Real sockets and the system's resolver unless given. */
  readonly openPort?: OpenPort;
  readonly openStream?: OpenStream;
  readonly lookups?: Lookups;
  /** Which part of the time since it was last asked this thread was busy; never, unless given. */
  readonly busyShare?: () => number;
}

/** One listener, where it is really bound. */
export interface Listening {
  readonly interface: string;
  readonly transport: SipTransport;
  readonly address: string;
  readonly port: number;
}

export class Signaling {
  readonly #limits: SignalingLimits;
  readonly #clock: Clock;
  readonly #tally: Tally;
  readonly #interfaces: Interfaces;
  readonly #census: ConnectionCensus;
  readonly #locator: Locator;
  readonly #probes: HopProbes;
  readonly #overload: Overload;
  readonly #transactions: Transactions;
  readonly #calls: Calls;
  readonly #admission: Admission;
  readonly #proxy: Proxy;
  #cancelSweep: Cancel | undefined;

  constructor(options: SignalingOptions) {
    const { clock, random, log, metrics } = options;
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const keys = deriveProxyKeys(options.tokenKey);
    const anchor = guardAnchor(options.anchor, metrics, log);
    const sink = guardSink(options.sink, metrics, log);
    const tally = new Tally(metrics, log);
    const transportLimits = { ...DEFAULT_TRANSPORT_LIMITS, ...options.transportLimits };
    const census = new ConnectionCensus({ clock, limits: transportLimits });
    const interfaces = new Interfaces(options.interfaces, {
      udp: options.openPort ?? openUdpPort,
      stream: options.openStream ?? streamOpener({ census, clock, random, limits: transportLimits }),
    });
    const locator = new Locator({ clock, random, lookups: options.lookups ?? systemLookups(), limits });
    const health = new HopHealth({ clock, limits });
    const probes = new HopProbes({ clock, random, limits, health, locator, interfaces, metrics, tally });
    const overload = new Overload({ clock, limits, metrics, busyShare: options.busyShare ?? (() => 0) });
    const calls = new Calls({ clock, random, anchor, sink, limits });
    const refusalMeter = new SourceMeter({ clock, perSecond: limits.maxRefusalsPerSourcePerSecond });
    const answers = new OwnAnswers({ tagKey: keys.tag, meter: refusalMeter, tally });
    const transactions = new Transactions({
      clock,
      limits,
      tally,
      onEvent: (attempt, event, response) => responses.onEvent(attempt, event, response),
    });
    const notes = new SignalingNotes(clock);
    const settlement = new Settlement({ transactions, calls, anchor, answers, notes });
    const forwarder = new Forwarder({
      branchKey: keys.branch,
      locator,
      health,
      transactions,
      calls,
      limits,
      notes,
      tally,
      onExhausted: (exchange) => settlement.exhausted(exchange),
    });
    const lateOffers = new LateOffers({ anchor, limits, tally });
    const parts = { interfaces, transactions, calls, anchor, lateOffers, health, forwarder, settlement, notes, tally };
    const responses = new ResponsePath({ ...parts, branchKey: keys.branch, locator, probes });
    const admission = new Admission({ transactions, calls, overload });
    const cancels = new CancelPath({ ...parts, admission, answers });
    const meter = new SourceMeter({ clock, perSecond: limits.maxDatagramsPerSourcePerSecond });

    this.#limits = limits;
    this.#clock = clock;
    this.#tally = tally;
    this.#interfaces = interfaces;
    this.#census = census;
    this.#locator = locator;
    this.#probes = probes;
    this.#overload = overload;
    this.#transactions = transactions;
    this.#calls = calls;
    this.#admission = admission;
    this.#proxy = new Proxy({ ...parts, admission, cancels, keys, meter, responses, answers });
  }

  /** Binds every listener; rejects with `SignalingError` naming the one that could not be bound. */
  async start(): Promise<void> {
    await this.#interfaces.start({
      onDatagram: (bytes, arrival) => this.#proxy.receive(bytes, arrival),
      onFramed: (framed, arrival) => this.#proxy.receiveFramed(framed, arrival),
      onError: (interfaceName, code) => this.#tally.sendFailed(interfaceName, code),
      onEvent: (transport, event) => this.#tally.connection(transport, event),
    });
    this.#overload.start();
    this.#probes.start();
    this.#cancelSweep = this.#clock.every(this.#limits.sweepEveryMs, () => {
      this.#tally.fence('sweep', () => this.#sweep());
    });
  }

  /** Closes the listeners and forgets every transaction. Calls are left as they are: they outlive us by their tokens. */
  async stop(): Promise<void> {
    this.#cancelSweep?.();
    this.#overload.stop();
    this.#probes.stop();
    this.#transactions.stop();
    await this.#interfaces.stop();
  }

  /** What to route by from now on; null means nothing, and new requests are answered 503. */
  setRoutes(snapshot: RoutingSnapshot | null): void {
    this.#admission.routes = snapshot;
    const probed = (snapshot?.tenants ?? []).flatMap(({ nextHops, egress }) =>
      nextHops.map((hop) => ({ hop, egress })),
    );
    this.#locator.keep(probed.map(({ hop }) => hop));
    this.#probes.watch(probed);
  }

  /** Draining: new INVITEs are answered 503, everything else goes on. */
  refuseNewCalls(refuse: boolean): void {
    this.#admission.refusesNewCalls = refuse;
    this.#probes.isPaused = refuse;
    this.#tally.draining(refuse);
  }

  /** Every call the sink was told of, as it stands now. */
  liveCalls(): CallFact[] {
    return this.#calls.facts();
  }

  /** One call as it stands now; undefined when it is over, or the sink was never told of it. */
  liveCall(call: CallId): CallFact | undefined {
    return this.#calls.fact(call);
  }

  /** A living call as data; undefined when it is over. */
  callState(call: CallId): unknown {
    return this.#calls.state(call);
  }

  callIds(): Iterable<CallId> {
    return this.#calls.ids();
  }

  /** Goes on with a call of an earlier life of this plane; the anchor must have it already. */
  restoreCall(state: unknown): void {
    this.#calls.restore(state);
  }

  /** Media of that call was seen: it is not to be swept. */
  touch(call: CallId): void {
    const known = this.#calls.find(call);
    if (known) this.#calls.touch(known);
  }

  /** Something about that call's media changed: the sink is told if the facts differ. */
  refresh(call: CallId): void {
    const known = this.#calls.find(call);
    if (known?.told) this.#calls.tell(known);
  }

  /** Where each interface is really bound, for people and for tests that asked for port 0. */
  listening(): Listening[] {
    return this.#interfaces.names.flatMap((name) =>
      (this.#interfaces.named(name)?.ports ?? []).map(({ transport, local }) => ({
        interface: name,
        transport,
        ...local,
      })),
    );
  }

  stats(): { readonly calls: number; readonly transactions: number } {
    const stats = { calls: this.#calls.size, transactions: this.#transactions.size };
    this.#tally.gauges({ ...stats, connections: this.#census.size });
    return stats;
  }

  #sweep(): void {
    const swept = this.#calls.sweep();
    for (let count = 0; count < swept; count += 1) this.#tally.noted('call_swept');
    this.stats();
  }
}
