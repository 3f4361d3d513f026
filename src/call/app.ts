/**
 * Builds the call plane once and hands it down: media pool, anchor, signaling, and the socket on which governance may
 * listen. What governance asks for is done if it can be done now, and refused otherwise; nothing waits for it.
 */

import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { unreachable } from '../base/assert.ts';
import { systemClock } from '../base/clock.ts';
import { systemRandom, type CallId, type StreamId, type TapId } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { Metrics } from '../base/metrics.ts';
import type { NodeInterface } from '../config/node-config.ts';
import type { CallRuntime } from '../config/runtime.ts';
import { reportHealth, type PlaneHealth } from '../link/heartbeat.ts';
import type { FromCallPlane, TapRefusal } from '../link/messages.ts';
import type { RoutingSnapshot } from '../model/routing.ts';
import { GovernanceLink, type GovernanceMessage } from './governance-link.ts';
import { ChainHeads } from './chain-heads.ts';
import type { MediaInterface } from './media/messages.ts';
import { MediaPool } from './media/pool.ts';
import { RoutesFile } from './routes-file.ts';
import { Anchor } from './signaling/anchor/anchor.ts';
import { Signaling } from './signaling/signaling.ts';
import { StreamStarts } from './stream-starts.ts';
import { trafficOf } from './traffic-status.ts';

export class CallApp {
  readonly #runtime: CallRuntime;
  readonly #log: Log;
  readonly #onStop: () => void;
  readonly #life = Buffer.from(systemRandom(8)).toString('hex');
  readonly #metrics = new Metrics();
  readonly #heads = new ChainHeads();
  readonly #starts = new StreamStarts();
  readonly #routesFile: RoutesFile;
  readonly #pool: MediaPool;
  readonly #signaling: Signaling;
  readonly #link: GovernanceLink;
  #routes: RoutingSnapshot | null = null;
  #isListening = false;
  #stopReporting: () => void = () => undefined;

  constructor(options: { readonly runtime: CallRuntime; readonly log: Log; onStop(): void }) {
    this.#runtime = options.runtime;
    this.#log = options.log;
    this.#onStop = () => options.onStop();
    this.#routesFile = new RoutesFile(options.runtime.routesFile, options.log);
    this.#pool = this.#buildPool();
    this.#signaling = this.#buildSignaling();
    this.#link = new GovernanceLink({
      socketPath: options.runtime.sockets.control,
      life: this.#life,
      log: options.log,
      snapshot: () => this.#snapshot(),
      onMessage: (message) => this.#onGovernance(message),
    });
  }

  /** Media first, so that the first INVITE finds ports ready; signaling last. */
  async start(): Promise<void> {
    this.#setRoutes(this.#routesFile.read());
    await this.#pool.start();
    await this.#link.start();
    await this.#signaling.start();
    this.#isListening = true;
    this.#stopReporting = reportHealth({
      socketPath: this.#runtime.sockets.supervisor,
      plane: 'call',
      life: this.#life,
      clock: systemClock,
      log: this.#log,
      health: () => this.#health(),
      onStop: () => this.#onStop(),
      onDrain: (on) => this.#signaling.refuseNewCalls(on),
    });
    this.#log.info({ listening: this.#signaling.listening() }, 'the call plane is listening');
  }

  async stop(): Promise<void> {
    this.#stopReporting();
    await this.#signaling.stop();
    this.#link.stop();
    await this.#pool.stop();
  }

  #buildPool(): MediaPool {
    const { config, sockets } = this.#runtime;
    return new MediaPool({
      workers: config.call.mediaWorkers,
      interfaces: config.interfaces.map(mediaInterface),
      readyPairs: config.call.reservePairs,
      tapFolder: sockets.taps,
      clock: systemClock,
      log: this.#log,
      logLevel: config.log.level,
      handlers: {
        onTapOpened: (tap, stream) => this.#link.tell({ kind: 'tap.opened', tap, stream }),
        onTapRefused: (tap, stream, reason) => this.#tellRefused(tap, stream, reason),
        onTapEnded: (ended) => this.#link.tell({ kind: 'tap.ended', ...ended }),
        onTapSockets: (paths) => this.#link.tell({ kind: 'tap.sockets', tapSockets: [...paths] }),
        onStreamStarted: (call, stream, firstArrivalUs) => this.#onStreamStarted(call, stream, firstArrivalUs),
        onSessionStats: () => undefined,
        onActivity: (calls) => calls.forEach((call) => this.#signaling.touch(call)),
        onWorkerDown: (_worker, calls) => this.#log.error({ calls: calls.length }, 'calls lost their media'),
      },
    });
  }

  #buildSignaling(): Signaling {
    const { config, tokenKeyFile } = this.#runtime;
    return new Signaling({
      interfaces: config.interfaces.map(({ name, sip, advertised }) => ({
        name,
        listeners: [sip],
        advertisedHost: advertised ?? sip.address,
      })),
      clock: systemClock,
      random: systemRandom,
      log: this.#log,
      metrics: this.#metrics,
      tokenKey: readFileSync(tokenKeyFile),
      anchor: new Anchor({ ports: this.#pool, random: systemRandom, metrics: this.#metrics }),
      sink: {
        callStarted: (fact) => this.#link.tell({ kind: 'call.started', fact: this.#starts.addTo(fact) }),
        callChanged: (fact) => this.#link.tell({ kind: 'call.changed', fact: this.#starts.addTo(fact) }),
        callEnded: (call, tenant, reason) => {
          this.#starts.forget(call);
          this.#link.tell({ kind: 'call.ended', call, tenant, reason });
        },
      },
      limits: { maxCalls: config.call.maxCalls, idleCallMs: config.call.sweepIdleMs },
    });
  }

  #onGovernance(message: GovernanceMessage): void {
    switch (message.kind) {
      case 'routes':
        this.#setRoutes(message.snapshot);
        void this.#routesFile.store(message.snapshot);
        return;
      case 'tap.open':
        this.#pool.openTap(message);
        return;
      case 'tap.renew':
        this.#pool.renewTaps(message.taps, message.deadlineUs);
        return;
      case 'tap.close':
        this.#pool.closeTap(message.tap);
        return;
      case 'ledger.heads':
        this.#heads.note(message.heads);
        return;
      default:
        unreachable(message);
    }
  }

  #onStreamStarted(call: CallId, stream: StreamId, firstArrivalUs: number): void {
    const fact = this.#signaling.liveCall(call);
    // A worker may still speak of a call that has just ended: what is noted of it then, nobody would ever forget.
    if (fact === undefined) return;
    this.#starts.note(call, stream, firstArrivalUs);
    this.#link.tell({ kind: 'call.changed', fact: this.#starts.addTo(fact) });
  }

  #tellRefused(tap: TapId, stream: StreamId, reason: TapRefusal): void {
    this.#link.tell({ kind: 'tap.refused', tap, stream, reason });
  }

  #setRoutes(routes: RoutingSnapshot | null): void {
    this.#routes = routes;
    this.#signaling.setRoutes(routes);
  }

  #snapshot(): Extract<FromCallPlane, { kind: 'snapshot' }> {
    return {
      kind: 'snapshot',
      calls: this.#signaling.liveCalls().map((fact) => this.#starts.addTo(fact)),
      tapSockets: [...this.#pool.tapSockets()],
      routesRevision: this.#routes?.revision ?? null,
      heads: this.#heads.all(),
    };
  }

  #health(): PlaneHealth {
    const { calls, transactions } = this.#signaling.stats();
    const media = this.#pool.stats();
    const metrics = [...this.#metrics.snapshot(), ...this.#pool.metrics()];
    const conditions: string[] = [];
    if (this.#routes === null) conditions.push('no_routes');
    if (media.workersReady < media.workers) conditions.push('media_worker_down');
    if (media.pairsReady === 0) conditions.push('no_media_ports');
    if (!this.#link.isConnected) conditions.push('governance_away');
    return {
      ready: this.#isListening && this.#routes !== null,
      conditions,
      status: {
        calls,
        transactions,
        sessions: media.sessions,
        ...trafficOf(metrics),
        taps: media.taps,
        media_pairs_ready: media.pairsReady,
        routes_revision: this.#routes?.revision ?? 0,
        governance: this.#link.isConnected,
      },
      metrics,
    };
  }
}

function mediaInterface({ name, media }: NodeInterface): MediaInterface {
  return {
    name,
    bindAddress: media.bind,
    advertisedAddress: media.advertised ?? media.bind,
    family: isIPv6(media.bind) ? 6 : 4,
    portMin: media.ports.from,
    portMax: media.ports.to,
  };
}
