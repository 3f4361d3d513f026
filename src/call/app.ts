/**
 * Builds the call plane once and hands it down: media pool, anchor, signaling, and the socket on which governance may
 * listen. What governance asks for is done if it can be done now, and refused otherwise; nothing waits for it.
 */

import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { unreachable } from '../base/assert.ts';
import { busyShareOfThread } from '../base/busy-share.ts';
import { systemClock } from '../base/clock.ts';
import { systemRandom, type CallId, type StreamId, type TapId } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import { Metrics } from '../base/metrics.ts';
import type { NodeInterface } from '../config/node-config.ts';
import type { CallRuntime } from '../config/runtime.ts';
import { reportHealth, type PlaneHealth } from '../link/heartbeat.ts';
import type { Left } from '../link/mirror.ts';
import type { MirrorClient } from '../link/mirror-client.ts';
import type { FromCallPlane, TapRefusal } from '../link/messages.ts';
import type { RoutingSnapshot } from '../model/routing.ts';
import { GovernanceLink, type GovernanceMessage } from './governance-link.ts';
import { ChainHeads } from './chain-heads.ts';
import type { MediaInterface } from './media/messages.ts';
import { MediaPool } from './media/pool.ts';
import type { MediaThreads } from './media/worker-thread.ts';
import { loadAddon } from '../native/addon.ts';
import { createCertificate, type DtlsExports } from '../native/dtls.ts';
import type { DtlsCertificate } from '../protocol/dtls/association.ts';
import { readMirrored, type CallParts, writeMirrored } from './mirrored-call.ts';
import { readOwn, writeOwn } from './mirrored-own.ts';
import { restoreCall } from './restore-call.ts';
import { RoutesFile } from './routes-file.ts';
import { Anchor } from './signaling/anchor/anchor.ts';
import { Signaling } from './signaling/signaling.ts';
import { signalingInterfaces } from './signaling-interfaces.ts';
import { signalingLimits } from './signaling-limits.ts';
import { StreamStarts } from './stream-starts.ts';
import { trafficOf } from './traffic-status.ts';

export interface CallAppOptions {
  readonly runtime: CallRuntime;
  /** Of this process, in its hellos. */
  readonly life: string;
  readonly log: Log;
  readonly mirror: MirrorClient;
  /** What the mirror had for us. */
  readonly left: Left;
  readonly threads: MediaThreads;
  onStop(): void;
}

export class CallApp {
  readonly #options: CallAppOptions;
  readonly #runtime: CallRuntime;
  readonly #log: Log;
  readonly #metrics = new Metrics();
  readonly #heads = new ChainHeads();
  readonly #starts = new StreamStarts();
  readonly #routesFile: RoutesFile;
  readonly #certificate: DtlsCertificate | undefined;
  readonly #pool: MediaPool;
  readonly #anchor: Anchor;
  readonly #signaling: Signaling;
  readonly #mirror: MirrorClient;
  readonly #link: GovernanceLink;
  #routes: RoutingSnapshot | null = null;
  #isListening = false;
  #isDraining = false;
  #stopReporting: () => void = () => undefined;

  constructor(options: CallAppOptions) {
    this.#options = options;
    this.#runtime = options.runtime;
    this.#log = options.log;
    this.#mirror = options.mirror;
    this.#routesFile = new RoutesFile(options.runtime.routesFile, options.log);
    this.#certificate = this.#chooseCertificate(options.left);
    this.#pool = this.#buildPool();
    this.#anchor = new Anchor({
      ports: this.#pool,
      random: systemRandom,
      metrics: this.#metrics,
      dtls: this.#certificate && { fingerprint: this.#certificate.fingerprint },
    });
    this.#signaling = this.#buildSignaling();
    this.#link = new GovernanceLink({
      socketPath: options.runtime.sockets.control,
      life: options.life,
      log: options.log,
      snapshot: () => this.#snapshot(),
      onMessage: (message) => this.#onGovernance(message),
    });
  }

  /** Media first, so that the first INVITE finds ports ready; signaling last. */
  async start(): Promise<void> {
    this.#setRoutes(this.#routesFile.read());
    const { left } = this.#options;
    this.#drain(readOwn(left.own).isDraining);
    this.#restore(left);
    await this.#pool.start();
    await this.#link.start();
    await this.#signaling.start();
    this.#isListening = true;
    this.#stopReporting = reportHealth({
      socketPath: this.#runtime.sockets.supervisor,
      plane: 'call',
      life: this.#options.life,
      clock: systemClock,
      log: this.#log,
      health: () => this.#health(),
      onStop: () => this.#options.onStop(),
      onDrain: (on) => this.#drain(on),
    });
    this.#log.info({ listening: this.#signaling.listening() }, 'the call plane is listening');
  }

  async stop(): Promise<void> {
    this.#stopReporting();
    this.#mirror.stop();
    await this.#signaling.stop();
    this.#link.stop();
    await this.#pool.stop();
  }

  /** Calls of an earlier life go on, each by itself: what one of them cannot be restored for costs that one alone. */
  #restore({ calls }: Left): void {
    let restored = 0;
    for (const mirrored of calls) {
      const parts = readMirrored(mirrored);
      if (parts && this.#restoreCall(parts)) restored += 1;
    }
    this.#mirror.follow({
      own: () => writeOwn({ certificate: this.#certificate ?? null, isDraining: this.#isDraining }),
      stateOf: (call) => this.#mirrorState(call),
      calls: () => this.#signaling.callIds(),
    });
    if (restored > 0) this.#log.warn({ calls: restored }, 'going on with the calls of an earlier life');
  }

  #restoreCall(parts: CallParts & { readonly call: CallId }): boolean {
    const { call } = parts;
    try {
      restoreCall({ pool: this.#pool, anchor: this.#anchor, signaling: this.#signaling, starts: this.#starts }, parts);
      return true;
    } catch (error) {
      this.#log.error({ call, error }, 'a call of an earlier life cannot be gone on with');
      return false;
    }
  }

  #mirrorState(call: CallId): unknown {
    const signaling = this.#signaling.callState(call);
    if (signaling === undefined) return undefined;
    return writeMirrored({ signaling, anchor: this.#anchor.state(call), sessions: this.#pool.states(call) });
  }

  /**
   * The one that peers were told of, if there was a life before: handshakes under way and those to come must show it.
   * Without the addon there is no DTLS; media is slower then, and everything else is as it is.
   */
  #chooseCertificate({ own }: Left): DtlsCertificate | undefined {
    const addon = loadAddon<DtlsExports>();
    if (addon.kind === 'loaded') return readOwn(own).certificate ?? createCertificate(addon.exports);
    this.#log.warn({ reason: addon.reason }, 'the native addon is not there: no DTLS, slower media and signaling');
    return undefined;
  }

  #buildPool(): MediaPool {
    const { config, sockets } = this.#runtime;
    return new MediaPool({
      workers: config.call.mediaWorkers,
      interfaces: config.interfaces.map(mediaInterface),
      readyPairs: config.call.reservePairs,
      dtlsCertificate: this.#certificate,
      tapFolder: sockets.taps,
      clock: systemClock,
      log: this.#log,
      logLevel: config.log.level,
      startWorker: this.#options.threads.start,
      handlers: {
        onTapOpened: (tap, stream) => this.#link.tell({ kind: 'tap.opened', tap, stream }),
        onTapRefused: (tap, stream, reason) => this.#tellRefused(tap, stream, reason),
        onTapEnded: (ended) => this.#link.tell({ kind: 'tap.ended', ...ended }),
        onTapSockets: (paths) => this.#link.tell({ kind: 'tap.sockets', tapSockets: [...paths] }),
        onStreamStarted: (call, stream, firstArrivalUs) => this.#onStreamStarted(call, stream, firstArrivalUs),
        onSessionState: (call) => this.#mirror.note(call),
        onStreamDtmf: (call, stream, atUs, durationMs) =>
          this.#link.tell({ kind: 'stream.dtmf', call, stream, atUs, durationMs }),
        onSessionStats: () => undefined,
        onActivity: (calls) => calls.forEach((call) => this.#signaling.touch(call)),
        onWorkerDown: (_worker, calls) =>
          this.#log.error({ calls: calls.length }, 'calls are silent until their media worker is back'),
      },
    });
  }

  #buildSignaling(): Signaling {
    const { config, tokenKeyFile } = this.#runtime;
    return new Signaling({
      interfaces: signalingInterfaces(config.interfaces),
      clock: systemClock,
      random: systemRandom,
      log: this.#log,
      metrics: this.#metrics,
      tokenKey: readFileSync(tokenKeyFile),
      anchor: this.#anchor,
      sink: {
        callStarted: (fact) => this.#link.tell({ kind: 'call.started', fact: this.#starts.addTo(fact) }),
        callChanged: (fact) => this.#link.tell({ kind: 'call.changed', fact: this.#starts.addTo(fact) }),
        callMoved: (call) => this.#mirror.note(call),
        callEnded: (call, tenant, reason, signaling) => {
          this.#starts.forget(call);
          this.#link.tell({ kind: 'call.ended', call, tenant, reason, signaling });
        },
      },
      limits: signalingLimits(config.call),
      busyShare: busyShareOfThread(),
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

  #drain(on: boolean): void {
    if (on === this.#isDraining) return;
    this.#isDraining = on;
    this.#signaling.refuseNewCalls(on);
    this.#mirror.noteOwn();
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
    // A thread stands by for a media worker that dies. To load its code takes a core, which no call is to miss.
    if (calls === 0 && this.#isListening) this.#options.threads.prepare(1);
    const conditions: string[] = [];
    if (this.#routes === null) conditions.push('no_routes');
    if (media.workersReady < media.workers) conditions.push('media_worker_down');
    if (media.pairsReady === 0) conditions.push('no_media_ports');
    if (this.#certificate === undefined) conditions.push('native_addon_absent');
    if (!this.#link.isConnected) conditions.push('governance_away');
    return {
      ready: this.#isListening && this.#routes !== null,
      conditions,
      status: {
        calls,
        draining: this.#isDraining,
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
