/**
 * The media workers, as the main thread sees them: takes pairs at once from what workers reported ahead, hands sessions
 * and taps over, keeps a copy of every session for the day its worker dies, and passes on what workers say. It never
 * waits for a worker and never sees a packet.
 */

import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { assert, unreachable } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { CallId, StreamId, TapId } from '../../base/ids.ts';
import type { Log, LogLevel } from '../../base/log.ts';
import { Metrics, type MetricSample } from '../../base/metrics.ts';
import type { DtlsCertificate } from '../../protocol/dtls/association.ts';
import { KeptSessions } from './kept-sessions.ts';
import type { FromWorker, MediaInterface, PacketPortKind, SessionStats } from './messages.ts';
import { PlacedTaps, type TapHandlers } from './placed-taps.ts';
import { ReadyPairs } from './ready-pairs.ts';
import type { MediaPair, SessionState } from './session-state.ts';
import { PAIRS_PER_LIFE, WorkerSlot } from './worker-slot.ts';
import { WorkerWatch } from './worker-watch.ts';
import { threadStarter, type StartWorker } from './worker-thread.ts';

export interface MediaPoolHandlers extends TapHandlers {
  /** Paths of the tap sockets by worker index: after start, and whenever a worker came back. */
  onTapSockets(paths: readonly string[]): void;
  /** Once per stream, at its first accepted packet (CLOCK_MONOTONIC): the origin of its timeline. */
  onStreamStarted(call: CallId, stream: StreamId, firstArrivalUs: number): void;
  /** A key was pressed: when (CLOCK_MONOTONIC) and how long, never which. */
  onStreamDtmf?(call: CallId, stream: StreamId, atUs: number, durationMs: number): void;
  /** Every 10 s for sessions with media, and once at the end of each. */
  onSessionStats(call: CallId, stats: SessionStats): void;
  /** What that session is to be gone on with from now on; null once it is over. Secret: it holds keys. */
  onSessionState?(call: CallId, mLine: number, state: SessionState | null): void;
  /** About every 10 s: calls that received accepted media since. */
  onActivity(calls: readonly CallId[]): void;
  /** A worker died; these calls are silent until its next life goes on with them. */
  onWorkerDown(worker: number, calls: readonly CallId[]): void;
}

export interface MediaPoolOptions {
  readonly workers: number;
  readonly interfaces: readonly MediaInterface[];
  /** Pairs kept ready per worker and interface. */
  readonly readyPairs: number;
  /** Folder for the tap sockets and nothing else; made if missing, and closed to everybody but us. */
  readonly tapFolder: string;
  readonly packetPort?: PacketPortKind | 'auto' | undefined;
  /** Ours, for DTLS; without it, or without the addon, no handshake is done. */
  readonly dtlsCertificate?: DtlsCertificate | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly logLevel: LogLevel;
  readonly handlers: MediaPoolHandlers;
  /** How a worker is started; a thread unless a test says otherwise. */
  readonly startWorker?: StartWorker;
}

export interface MediaPoolStats {
  readonly workers: number;
  readonly workersReady: number;
  readonly sessions: number;
  readonly pairsReady: number;
  readonly pairsTaken: number;
  readonly taps: number;
}

export class MediaPool {
  readonly #options: MediaPoolOptions;
  readonly #slots: readonly WorkerSlot[];
  readonly #ready = new ReadyPairs();
  readonly #taken = new Map<number, MediaPair>();
  readonly #sessions = new KeptSessions();
  readonly #taps: PlacedTaps;
  readonly #metrics = new Metrics();
  readonly #watch: WorkerWatch;
  #firstPair = 0;

  constructor(options: MediaPoolOptions) {
    const { workers, interfaces, readyPairs, tapFolder, clock, logLevel, packetPort, dtlsCertificate } = options;
    this.#options = options;
    this.#taps = new PlacedTaps(options.handlers);
    this.#slots = Array.from({ length: workers }, (_, index) => {
      const tapSocket = join(tapFolder, `media-${index}.sock`);
      const extra = { ...(packetPort ? { packetPort } : {}), ...(dtlsCertificate ? { dtlsCertificate } : {}) };
      return new WorkerSlot({
        start: { index, workers, interfaces, readyPairs, tapSocket, logLevel, ...extra },
        startWorker: options.startWorker ?? threadStarter(),
        clock,
        firstPair: () => this.#firstPair,
        carried: () => this.#carried(index),
        onMessage: (slot, message) => this.#onMessage(slot, message),
        onDown: (slot, thrown) => this.#onDown(slot, thrown),
      });
    });
    this.#watch = new WorkerWatch(clock, this.#slots, (slot) => this.#onHung(slot));
  }

  /**
   * Takes over what an earlier life of the call plane left, before `start`: its workers then bind those ports first and
   * go on with those sessions. Pairs and sessions are as if they had been taken and applied; `pairs` may be of sessions
   * that are yet to come.
   */
  restore(states: readonly SessionState[], pairs: readonly MediaPair[] = []): void {
    assert(!this.#watch.isRunning, 'sessions are restored before the pool starts');
    for (const pair of pairs) this.#restorePair(this.#placePair(pair));
    for (const state of states) {
      const placed = this.#place(state);
      this.#sessions.adopt(placed);
      this.#restorePair(placed.sides.caller.pair);
      this.#restorePair(placed.sides.callee.pair);
    }
  }

  /** Starts every worker; rejects with `MediaWorkerError` when one cannot get ready. */
  async start(): Promise<void> {
    mkdirSync(this.#options.tapFolder, { recursive: true, mode: 0o700 });
    chmodSync(this.#options.tapFolder, 0o700);
    this.#watch.start();
    await Promise.all(this.#slots.map((slot) => slot.start()));
    this.#options.handlers.onTapSockets(this.tapSockets());
  }

  async stop(): Promise<void> {
    this.#watch.stop();
    await Promise.all(this.#slots.map((slot) => slot.stop()));
  }

  tapSockets(): string[] {
    return this.#slots.map((slot) => slot.tapSocket);
  }

  /**
   * A bound pair on that interface, of that worker or else of the least loaded that has one; undefined when none is
   * ready. Both sides of a session need the same worker.
   */
  takePair(interfaceName: string, worker?: number): MediaPair | undefined {
    const slot = this.#slots
      .filter(
        (each) => (worker === undefined || each === this.#slotOf(worker)) && this.#ready.has(interfaceName, each.index),
      )
      .sort((a, b) => a.pairsTaken - b.pairsTaken)[0];
    const pair = slot && this.#ready.take(interfaceName, slot.index);
    if (!pair) {
      this.#metrics.counter('earshot_media_pair_missing_total', { interface: interfaceName }).add();
      return undefined;
    }
    slot.pairsTaken += 1;
    this.#taken.set(pair.pair, pair);
    slot.post({ kind: 'pair.taken', pair: pair.pair });
    return pair;
  }

  /** Gives a pair back; it rests 2 s before it is ready again. A pair nobody has any more is left alone. */
  freePair(pair: MediaPair): void {
    if (!this.#taken.delete(pair.pair)) return;
    const slot = this.#slotOf(pair.worker);
    slot.pairsTaken -= 1;
    slot.post({ kind: 'pair.free', pair: pair.pair });
  }

  /** Builds or updates the session of that call and m-line. Idempotent; what packets taught the worker is kept. */
  apply(signalled: SessionState): void {
    const state = this.#place(signalled);
    const { caller, callee } = state.sides;
    assert(caller.pair.worker === callee.pair.worker, 'both sides of a session are on one worker');
    const kept = this.#sessions.signal(state);
    this.#slotOf(caller.pair.worker).post({ kind: 'session.apply', state });
    this.#options.handlers.onSessionState?.(state.call, state.mLine, kept);
  }

  /** Ends the sessions of a call and frees their pairs. */
  end(call: CallId): void {
    const ended = this.#sessions.end(call);
    if (!ended) return;
    this.#slotOf(ended.worker).post({ kind: 'session.end', call });
    for (const id of ended.pairs) {
      const pair = this.#taken.get(id);
      if (pair) this.freePair(pair);
    }
    for (const mLine of ended.mLines) this.#options.handlers.onSessionState?.(call, mLine, null);
  }

  /** Every session as it would be gone on with, of one call or of all. Secret: they hold keys. */
  states(call?: CallId): readonly SessionState[] {
    return call === undefined ? this.#sessions.states() : this.#sessions.statesOf(call);
  }

  /** Opens a tap up to an absolute CLOCK_MONOTONIC deadline; the answer comes to `onTapOpened` or `onTapRefused`. */
  openTap(open: {
    readonly tap: TapId;
    readonly call: CallId;
    readonly stream: StreamId;
    readonly deadlineUs: number;
  }): void {
    const { tap, call, stream, deadlineUs } = open;
    const worker = this.#sessions.workerOf(call);
    const slot = worker === undefined ? undefined : this.#slotOf(worker);
    if (!slot?.isReady) {
      this.#options.handlers.onTapRefused(tap, stream, slot ? 'worker_down' : 'unknown_call');
      return;
    }
    this.#taps.place(tap, stream, slot.index);
    slot.post({ kind: 'tap.open', tap, call, stream, deadlineUs });
  }

  /** Moves the deadline of these taps forward; those that are over stay so. */
  renewTaps(taps: readonly TapId[], deadlineUs: number): void {
    for (const slot of this.#slots) {
      const ofSlot = taps.filter((tap) => this.#taps.workerOf(tap) === slot.index);
      if (ofSlot.length > 0) slot.post({ kind: 'tap.renew', taps: ofSlot, deadlineUs });
    }
  }

  closeTap(tap: TapId): void {
    const worker = this.#taps.workerOf(tap);
    if (worker !== undefined) this.#slotOf(worker).post({ kind: 'tap.close', tap });
  }

  stats(): MediaPoolStats {
    return {
      workers: this.#slots.length,
      workersReady: this.#slots.filter((slot) => slot.isReady).length,
      sessions: this.#sessions.size,
      pairsReady: this.#ready.total(),
      pairsTaken: this.#taken.size,
      taps: this.#taps.size,
    };
  }

  /** Own counters, and each worker's last report labelled with its index. */
  metrics(): MetricSample[] {
    const { workersReady, sessions, pairsReady, pairsTaken, taps } = this.stats();
    const gauges = { workers_ready: workersReady, sessions, pairs_ready: pairsReady, pairs_taken: pairsTaken, taps };
    for (const [name, value] of Object.entries(gauges)) this.#metrics.gauge(`earshot_media_${name}`).set(value);
    const ofWorkers = this.#slots.flatMap(({ index, metrics }) =>
      metrics.map((sample) => ({ ...sample, labels: { ...sample.labels, worker: String(index) } })),
    );
    return [...this.#metrics.snapshot(), ...ofWorkers];
  }

  #onMessage(slot: WorkerSlot, message: FromWorker): void {
    const { handlers, log } = this.#options;
    switch (message.kind) {
      case 'ready':
        if (slot.isReborn) handlers.onTapSockets(this.tapSockets());
        return;
      case 'pair.ready':
        this.#ready.add(message.pair);
        return;
      case 'pairs.exhausted':
        this.#metrics.counter('earshot_media_ports_exhausted_total', { interface: message.interface }).add();
        log.warn({ interface: message.interface, worker: slot.index }, 'no media port is left');
        return;
      case 'tap.opened':
      case 'tap.refused':
      case 'tap.ended':
        this.#taps.report(message);
        return;
      case 'stream.started':
        handlers.onStreamStarted(message.call, message.stream, message.firstArrivalUs);
        return;
      case 'stream.dtmf':
        handlers.onStreamDtmf?.(message.call, message.stream, message.atUs, message.durationMs);
        return;
      case 'session.state':
        this.#onState(message.state);
        return;
      case 'session.lost':
        this.#onLost(message.call, message.mLine);
        return;
      case 'pair.lost':
        this.#metrics.counter('earshot_media_pairs_lost_total', { interface: message.pair.interface }).add();
        if (this.#taken.delete(message.pair.pair)) slot.pairsTaken -= 1;
        return;
      case 'activity':
        handlers.onActivity(message.calls);
        return;
      case 'session.stats':
        handlers.onSessionStats(message.stats.call, message.stats);
        return;
      case 'report':
        slot.metrics = message.metrics;
        return;
      default:
        unreachable(message);
    }
  }

  #onState(state: SessionState): void {
    const kept = this.#sessions.learn(state);
    if (kept) this.#options.handlers.onSessionState?.(state.call, state.mLine, kept);
  }

  /** Signaling goes on without media, and may build the session anew. */
  #onLost(call: CallId, mLine: number): void {
    this.#metrics.counter('earshot_media_sessions_lost_total').add();
    this.#options.log.error({ call }, 'a media session could not be gone on with');
    this.#sessions.drop(call, mLine);
    this.#options.handlers.onSessionState?.(call, mLine, null);
  }

  /** Taps and idle ports die with a worker. Its calls keep their ports and go on in its next life. */
  #onDown(slot: WorkerSlot, thrown: unknown): void {
    const { handlers, log } = this.#options;
    this.#metrics.counter('earshot_media_worker_deaths_total').add();
    this.#ready.forget(slot.index);
    this.#taps.endOf(slot.index);
    const calls = this.#sessions.callsOf(slot.index);
    log.error({ worker: slot.index, calls: calls.length, error: thrown }, 'a media worker died');
    handlers.onWorkerDown(slot.index, calls);
  }

  #carried(worker: number): { taken: MediaPair[]; elsewhere: MediaPair[]; restored: SessionState[] } {
    const taken = [...this.#taken.values()].filter((pair) => pair.worker === worker);
    const elsewhere = [...this.#taken.values()].filter((pair) => pair.worker !== worker);
    return { taken, elsewhere, restored: this.#sessions.states(worker) };
  }

  #onHung(slot: WorkerSlot): void {
    this.#metrics.counter('earshot_media_worker_hangs_total').add();
    this.#options.log.error({ worker: slot.index }, 'a media worker hangs and is ended');
  }

  #restorePair(pair: MediaPair): void {
    if (this.#taken.has(pair.pair)) return;
    this.#taken.set(pair.pair, pair);
    this.#slotOf(pair.worker).pairsTaken += 1;
    this.#firstPair = Math.max(this.#firstPair, Math.ceil((pair.pair + 1) / PAIRS_PER_LIFE) * PAIRS_PER_LIFE);
  }

  /** On workers that this life has: an earlier one may have had more. */
  #place(state: SessionState): SessionState {
    const { caller, callee } = state.sides;
    if (caller.pair.worker < this.#slots.length) return state;
    const [near, far] = [this.#placePair(caller.pair), this.#placePair(callee.pair)];
    return { ...state, sides: { caller: { ...caller, pair: near }, callee: { ...callee, pair: far } } };
  }

  #placePair(pair: MediaPair): MediaPair {
    return { ...pair, worker: this.#slotOf(pair.worker).index };
  }

  #slotOf(worker: number): WorkerSlot {
    const slot = this.#slots[worker % this.#slots.length];
    assert(slot, 'a pool has workers');
    return slot;
  }
}
