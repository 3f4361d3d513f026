/**
 * One media worker without its thread: sessions, port reserves and taps, driven by messages from the main thread. Packets
 * do not pass here; they go from a port straight to their session.
 */

import type { Cancel, Clock } from '../../../base/clock.ts';
import type { CallId, RandomBytes } from '../../../base/ids.ts';
import type { Log } from '../../../base/log.ts';
import type { Metric, Metrics } from '../../../base/metrics.ts';
import { unreachable } from '../../../base/assert.ts';
import { TapWriter } from '../../../link/tap-channel.ts';
import type { CreateDtls } from '../../../protocol/dtls/association.ts';
import { IceLiteAgent } from '../../../protocol/ice/lite-agent.ts';
import { createTransform } from '../../../protocol/srtp/suites.ts';
import type { CreateTransform } from '../../../protocol/srtp/transform.ts';
import type { MediaDrop } from '../drop.ts';
import type { FromWorker, MediaInterface, ToWorker, WorkerStart } from '../messages.ts';
import type { MediaPair, SessionState } from '../session-state.ts';
import type { Handshakes } from './dtls-end.ts';
import type { OpenPort } from './packet-port.ts';
import { PortReserve } from './port-reserve.ts';
import type { CreateIceAgent, PortPair, SessionParts } from './session-parts.ts';
import { SessionTable } from './session-table.ts';
import { MIRROR_MS, StateMirror } from './state-mirror.ts';
import { TapBoard } from './tap-board.ts';
import { countTraffic, gaugeTraffic } from './traffic.ts';

const SWEEP_MS = 250;
const REPORT_MS = 1000;
/** Retransmission timers of handshakes are whole seconds; this is precise enough and costs nothing while there is none. */
const HANDSHAKE_MS = 50;
/** Governance sweeps dialogs without BYE by this, so it need not be quick. */
const ACTIVITY_MS = 10_000;

export interface MediaWorkerOptions {
  readonly start: WorkerStart;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly openPort: OpenPort;
  readonly post: (message: FromWorker) => void;
  readonly soon?: (task: () => void) => void;
  /** The SRTP suites; ours in TypeScript unless told otherwise. */
  readonly createTransform?: CreateTransform | undefined;
  /** Handshakes; none without it, or without a certificate in `start`. */
  readonly createDtls?: CreateDtls | undefined;
  readonly createIceAgent?: CreateIceAgent | undefined;
}

export class MediaWorker {
  readonly taps: TapWriter;
  readonly #options: MediaWorkerOptions;
  readonly #board: TapBoard;
  readonly #reserves: readonly PortReserve[];
  readonly #table: SessionTable;
  readonly #mirror: StateMirror;
  readonly #parts: SessionParts;
  readonly #handshakes: Handshakes = new Set();
  readonly #drops = new Map<MediaDrop, Metric>();
  #timers: Cancel[] = [];
  #nextPair: number;

  constructor(options: MediaWorkerOptions) {
    const { start, clock, post, soon } = options;
    this.#options = options;
    this.#nextPair = start.firstPair;
    this.#parts = this.#makeParts();
    this.#mirror = new StateMirror((state) => post({ kind: 'session.state', state }));
    this.#table = new SessionTable({
      parts: this.#parts,
      mirror: this.#mirror,
      portsOf: (pair) => this.#portsOf(pair),
      post,
    });
    this.taps = new TapWriter({ onReaderGone: () => this.#board.endAll('reader_gone'), ...(soon ? { soon } : {}) });
    this.#board = new TapBoard({
      clock,
      writer: this.taps,
      findLeg: (call, stream) => this.#table.findLeg(call, stream),
      report: post,
    });
    this.#reserves = start.interfaces.map((each) => this.#createReserve(each));
  }

  /** Goes on with what an earlier life left, then fills the reserves; the worker is then ready. */
  async start(): Promise<void> {
    const { clock, start } = this.#options;
    this.#timers = [
      clock.every(SWEEP_MS, () => this.#guard('sweep', () => this.#sweep())),
      clock.every(MIRROR_MS, () => this.#guard('mirror', () => this.#mirror.tick(clock.monoUs()))),
      clock.every(HANDSHAKE_MS, () => this.#guard('handshake', () => this.#wakeHandshakes())),
      clock.every(REPORT_MS, () => this.#report()),
      clock.every(ACTIVITY_MS, () => this.#reportActivity()),
    ];
    const bound = new Map((start.taken ?? []).map((pair) => [pair.pair, this.#bind(pair)]));
    // Each as soon as its own ports are bound: one that somebody else has is tried again for a second.
    const restored = (start.restored ?? []).map(async (state) => {
      const { caller, callee } = state.sides;
      await bound.get(caller.pair.pair);
      await bound.get(callee.pair.pair);
      this.#restore(state);
    });
    await Promise.all([...bound.values(), ...restored]);
    for (const reserve of this.#reserves) await reserve.fill();
  }

  /** Does what the main thread says. */
  handle(message: ToWorker): void {
    this.#guard(message.kind, () => this.#dispatch(message));
  }

  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers = [];
    for (const call of this.#table.calls()) this.#table.end(call);
    this.taps.close();
    for (const reserve of this.#reserves) reserve.stop();
  }

  countDrop(reason: MediaDrop): void {
    let drop = this.#drops.get(reason);
    if (!drop) {
      drop = this.#options.metrics.counter('earshot_media_dropped_total', { reason });
      this.#drops.set(reason, drop);
    }
    drop.add();
  }

  /** The session of a call as data, for whoever carries it on. */
  sessionState(call: CallId, mLine: number): SessionState | undefined {
    return this.#table.get(call, mLine)?.toState();
  }

  /** A bug that one call's message or timer meets must not end every other call of this worker. */
  #guard(kind: string, task: () => void): void {
    try {
      task();
    } catch (thrown) {
      this.#countFault(kind, thrown);
    }
  }

  #countFault(kind: string, thrown: unknown): void {
    this.#options.metrics.counter('earshot_media_message_faults_total', { kind }).add();
    this.#options.log.error({ kind, error: thrown }, 'a message to a media worker failed');
  }

  #dispatch(message: ToWorker): void {
    switch (message.kind) {
      case 'pair.taken': {
        for (const reserve of this.#reserves) reserve.take(message.pair);
        const ports = this.#portsOf(message.pair);
        if (ports) this.#table.awaitSession(ports);
        return;
      }
      case 'pair.free':
        for (const reserve of this.#reserves) reserve.free(message.pair);
        return;
      case 'session.apply':
        if (!this.#table.apply(message.state)) this.#refuse(message.state);
        return;
      case 'session.end':
        this.#table.end(message.call);
        return;
      case 'tap.open':
        this.#board.open(message);
        return;
      case 'tap.renew':
        this.#board.renew(message.taps, message.deadlineUs);
        return;
      case 'tap.close':
        this.#board.close(message.tap);
        return;
      case 'stop':
        this.stop();
        return;
      default:
        unreachable(message);
    }
  }

  /** Takes a pair that a call has already; what comes before its session is held, as for any. */
  async #bind(pair: MediaPair): Promise<void> {
    const reserve = this.#reserves.find(({ name }) => name === pair.interface);
    const ports = await reserve?.adopt(pair);
    if (ports) this.#table.awaitSession(ports);
    else this.#options.post({ kind: 'pair.lost', pair });
  }

  #restore(state: SessionState): void {
    const { call, mLine } = state;
    try {
      if (this.#table.apply(state)) {
        this.#options.metrics.counter('earshot_media_sessions_restored_total').add();
        return;
      }
    } catch (thrown) {
      this.#countFault('session.restore', thrown);
    }
    this.#options.post({ kind: 'session.lost', call, mLine });
  }

  #refuse({ call, mLine }: SessionState): void {
    this.#options.metrics.counter('earshot_media_sessions_refused_total').add();
    this.#options.post({ kind: 'session.lost', call, mLine });
  }

  #portsOf(pair: number): PortPair | undefined {
    for (const reserve of this.#reserves) {
      const ports = reserve.portsOf(pair);
      if (ports) return ports;
    }
    return undefined;
  }

  #makeParts(): SessionParts {
    const { start, clock, random, metrics, createDtls } = this.#options;
    const certificate = start.dtlsCertificate;
    return {
      clock,
      random,
      createTransform: this.#options.createTransform ?? createTransform,
      dtls: createDtls && certificate ? { create: createDtls, certificate } : undefined,
      createIceAgent: this.#options.createIceAgent ?? ((local) => new IceLiteAgent(local)),
      handshakes: this.#handshakes,
      countDrop: (reason) => this.countDrop(reason),
      countDtls: (result) => metrics.counter('earshot_media_dtls_total', { result }).add(),
      traffic: { caller: countTraffic(metrics, 'caller'), callee: countTraffic(metrics, 'callee') },
    };
  }

  #createReserve(where: MediaInterface): PortReserve {
    const { start, clock, log, openPort, post } = this.#options;
    return new PortReserve({
      interface: where,
      worker: start.index,
      workers: start.workers,
      readyPairs: start.readyPairs,
      elsewhere: (start.elsewhere ?? []).filter((pair) => pair.interface === where.name).map(({ rtpPort }) => rtpPort),
      clock,
      log,
      openPort,
      breathe: () => new Promise(setImmediate),
      nextPairId: () => this.#nextPair++,
      onReady: (pair) => post({ kind: 'pair.ready', pair }),
      onExhausted: () => post({ kind: 'pairs.exhausted', interface: where.name }),
    });
  }

  #sweep(): void {
    this.#board.sweep();
    const nowUs = this.#options.clock.monoUs();
    for (const session of this.#table.all()) session.sweep(nowUs);
  }

  #wakeHandshakes(): void {
    if (this.#handshakes.size === 0) return;
    const nowUs = this.#options.clock.monoUs();
    for (const handshake of this.#handshakes) handshake.wake(nowUs);
  }

  #report(): void {
    const { metrics, post } = this.#options;
    gaugeTraffic(metrics, this.#table.all());
    metrics.gauge('earshot_media_dtls_handshakes').set(this.#handshakes.size);
    post({ kind: 'report', sessions: this.#table.size, taps: this.#board.size, metrics: metrics.snapshot() });
  }

  #reportActivity(): void {
    const { post } = this.#options;
    const calls = new Set<CallId>();
    for (const session of this.#table.all()) {
      if (!session.wasActive()) continue;
      calls.add(session.call);
      post({ kind: 'session.stats', stats: session.stats(false) });
    }
    if (calls.size > 0) post({ kind: 'activity', calls: [...calls] });
  }
}
