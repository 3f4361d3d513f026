/**
 * The media workers, as the main thread sees them: takes pairs at once from what workers reported ahead, hands sessions
 * and taps over, and passes on what workers say. It never waits for a worker and never sees a packet.
 */

import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { assert, unreachable } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { CallId, StreamId, TapId } from '../../base/ids.ts';
import type { Log, LogLevel } from '../../base/log.ts';
import { Metrics, type MetricSample } from '../../base/metrics.ts';
import type { TapRefusal } from '../../link/messages.ts';
import type { FromWorker, MediaInterface, SessionStats, TapReport } from './messages.ts';
import { ReadyPairs } from './ready-pairs.ts';
import type { MediaPair, SessionState } from './session-state.ts';
import { WorkerSlot } from './worker-slot.ts';
import { threadStarter, type StartWorker } from './worker-thread.ts';

export interface MediaPoolHandlers {
  onTapOpened(tap: TapId, stream: StreamId): void;
  onTapRefused(tap: TapId, stream: StreamId, reason: TapRefusal): void;
  onTapEnded(ended: TapEnded): void;
  /** Paths of the tap sockets by worker index: after start, and whenever a worker came back. */
  onTapSockets(paths: readonly string[]): void;
  /** Once per stream, at its first accepted packet (CLOCK_MONOTONIC): the origin of its timeline. */
  onStreamStarted(call: CallId, stream: StreamId, firstArrivalUs: number): void;
  /** Every 10 s for sessions with media, and once at the end of each. */
  onSessionStats(call: CallId, stats: SessionStats): void;
  /** About every 10 s: calls that received accepted media since. */
  onActivity(calls: readonly CallId[]): void;
  /** A worker died; the media of these calls is lost until their sessions are built anew. */
  onWorkerDown(worker: number, calls: readonly CallId[]): void;
}

export type TapEnded = Omit<Extract<TapReport, { kind: 'tap.ended' }>, 'kind'>;

export interface MediaPoolOptions {
  readonly workers: number;
  readonly interfaces: readonly MediaInterface[];
  /** Pairs kept ready per worker and interface. */
  readonly readyPairs: number;
  /** Folder for the tap sockets and nothing else; made if missing, and closed to everybody but us. */
  readonly tapFolder: string;
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

interface PlacedCall {
  readonly worker: number;
  readonly pairs: Set<number>;
}

interface PlacedTap {
  readonly stream: StreamId;
  readonly worker: number;
  isOpen: boolean;
}

export class MediaPool {
  readonly #options: MediaPoolOptions;
  readonly #slots: readonly WorkerSlot[];
  readonly #ready = new ReadyPairs();
  readonly #taken = new Map<number, MediaPair>();
  readonly #calls = new Map<CallId, PlacedCall>();
  readonly #taps = new Map<TapId, PlacedTap>();
  readonly #metrics = new Metrics();

  constructor(options: MediaPoolOptions) {
    const { workers, interfaces, readyPairs, tapFolder, clock, logLevel } = options;
    this.#options = options;
    this.#slots = Array.from({ length: workers }, (_, index) => {
      const tapSocket = join(tapFolder, `media-${index}.sock`);
      return new WorkerSlot({
        start: { index, workers, interfaces, readyPairs, tapSocket, logLevel },
        startWorker: options.startWorker ?? threadStarter(),
        clock,
        onMessage: (slot, message) => this.#onMessage(slot, message),
        onDown: (slot, thrown) => this.#onDown(slot, thrown),
      });
    });
  }

  /** Starts every worker; rejects with `MediaWorkerError` when one cannot get ready. */
  async start(): Promise<void> {
    mkdirSync(this.#options.tapFolder, { recursive: true, mode: 0o700 });
    chmodSync(this.#options.tapFolder, 0o700);
    await Promise.all(this.#slots.map((slot) => slot.start()));
    this.#options.handlers.onTapSockets(this.tapSockets());
  }

  async stop(): Promise<void> {
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
      .filter((each) => (worker === undefined || each.index === worker) && this.#ready.has(interfaceName, each.index))
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
  apply(state: SessionState): void {
    const { caller, callee } = state.sides;
    assert(caller.pair.worker === callee.pair.worker, 'both sides of a session are on one worker');
    const placed = this.#calls.get(state.call) ?? { worker: caller.pair.worker, pairs: new Set<number>() };
    placed.pairs.add(caller.pair.pair).add(callee.pair.pair);
    this.#calls.set(state.call, placed);
    this.#slotOf(placed.worker).post({ kind: 'session.apply', state });
  }

  /** Ends the sessions of a call and frees their pairs. */
  end(call: CallId): void {
    const placed = this.#calls.get(call);
    if (!placed) return;
    this.#calls.delete(call);
    this.#slotOf(placed.worker).post({ kind: 'session.end', call });
    for (const id of placed.pairs) {
      const pair = this.#taken.get(id);
      if (pair) this.freePair(pair);
    }
  }

  /** Opens a tap up to an absolute CLOCK_MONOTONIC deadline; the answer comes to `onTapOpened` or `onTapRefused`. */
  openTap(open: {
    readonly tap: TapId;
    readonly call: CallId;
    readonly stream: StreamId;
    readonly deadlineUs: number;
  }): void {
    const { tap, call, stream, deadlineUs } = open;
    const placed = this.#calls.get(call);
    const slot = placed && this.#slotOf(placed.worker);
    if (!slot?.isReady) {
      this.#options.handlers.onTapRefused(tap, stream, placed ? 'worker_down' : 'unknown_call');
      return;
    }
    if (!this.#taps.has(tap)) this.#taps.set(tap, { stream, worker: slot.index, isOpen: false });
    slot.post({ kind: 'tap.open', tap, call, stream, deadlineUs });
  }

  /** Moves the deadline of these taps forward; those that are over stay so. */
  renewTaps(taps: readonly TapId[], deadlineUs: number): void {
    for (const slot of this.#slots) {
      const ofSlot = taps.filter((tap) => this.#taps.get(tap)?.worker === slot.index);
      if (ofSlot.length > 0) slot.post({ kind: 'tap.renew', taps: ofSlot, deadlineUs });
    }
  }

  closeTap(tap: TapId): void {
    const placed = this.#taps.get(tap);
    if (placed) this.#slotOf(placed.worker).post({ kind: 'tap.close', tap });
  }

  stats(): MediaPoolStats {
    return {
      workers: this.#slots.length,
      workersReady: this.#slots.filter((slot) => slot.isReady).length,
      sessions: this.#calls.size,
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
        this.#onTapReport(message);
        return;
      case 'stream.started':
        handlers.onStreamStarted(message.call, message.stream, message.firstArrivalUs);
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

  #onTapReport(report: TapReport): void {
    const { handlers } = this.#options;
    const { tap, stream } = report;
    switch (report.kind) {
      case 'tap.opened': {
        const placed = this.#taps.get(tap);
        if (placed) placed.isOpen = true;
        handlers.onTapOpened(tap, stream);
        return;
      }
      case 'tap.refused':
        if (this.#taps.get(tap)?.isOpen === false) this.#taps.delete(tap);
        handlers.onTapRefused(tap, stream, report.reason);
        return;
      case 'tap.ended': {
        const { reason, frames, dropped } = report;
        this.#taps.delete(tap);
        handlers.onTapEnded({ tap, stream, reason, frames, dropped });
        return;
      }
    }
  }

  /** Nothing of a dead worker is left: not its ports, its sessions, nor its taps. */
  #onDown(slot: WorkerSlot, thrown: unknown): void {
    const { handlers, log } = this.#options;
    this.#metrics.counter('earshot_media_worker_deaths_total').add();
    this.#ready.forget(slot.index);
    for (const [id, pair] of this.#taken) if (pair.worker === slot.index) this.#taken.delete(id);
    for (const [tap, { stream, worker, isOpen }] of this.#taps) {
      if (worker !== slot.index) continue;
      this.#taps.delete(tap);
      if (isOpen) handlers.onTapEnded({ tap, stream, reason: 'worker_down', frames: 0, dropped: 0 });
      else handlers.onTapRefused(tap, stream, 'worker_down');
    }
    const calls = [...this.#calls].filter(([, { worker }]) => worker === slot.index).map(([call]) => call);
    for (const call of calls) this.#calls.delete(call);
    log.error({ worker: slot.index, calls: calls.length, error: thrown }, 'a media worker died');
    handlers.onWorkerDown(slot.index, calls);
  }

  #slotOf(worker: number): WorkerSlot {
    const slot = this.#slots[worker];
    assert(slot, 'a pair names a worker of this pool');
    return slot;
  }
}
