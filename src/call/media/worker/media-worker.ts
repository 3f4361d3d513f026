/**
 * One media worker without its thread: sessions, port reserves and taps, driven by messages from the main thread. Packets
 * do not pass here; they go from a port straight to their session.
 */

import type { Cancel, Clock } from '../../../base/clock.ts';
import type { CallId, RandomBytes, StreamId } from '../../../base/ids.ts';
import type { Log } from '../../../base/log.ts';
import type { Metric, Metrics } from '../../../base/metrics.ts';
import { unreachable } from '../../../base/assert.ts';
import type { Side } from '../../../model/tenant.ts';
import { TapWriter } from '../../../link/tap-channel.ts';
import type { MediaDrop } from '../drop.ts';
import type { FromWorker, MediaInterface, ToWorker, WorkerStart } from '../messages.ts';
import type { SessionState } from '../session-state.ts';
import { EarlyPackets } from './early-packets.ts';
import type { Leg } from './leg.ts';
import type { OpenPort } from './packet-port.ts';
import { PortReserve } from './port-reserve.ts';
import { Session } from './session.ts';
import { TapBoard } from './tap-board.ts';
import type { PortPair, SideTraffic } from './side.ts';

const SWEEP_MS = 250;
const REPORT_MS = 1000;
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
}

export class MediaWorker {
  readonly taps: TapWriter;
  readonly #options: MediaWorkerOptions;
  readonly #board: TapBoard;
  readonly #reserves: readonly PortReserve[];
  /** By call; almost always one, one per anchored m-line. */
  readonly #sessions = new Map<CallId, Map<number, Session>>();
  readonly #drops = new Map<MediaDrop, Metric>();
  readonly #traffic: Readonly<Record<Side, SideTraffic>>;
  #timers: Cancel[] = [];
  #nextPair: number;

  constructor(options: MediaWorkerOptions) {
    const { start, clock, post, soon } = options;
    this.#options = options;
    this.#nextPair = start.firstPair;
    this.#traffic = {
      caller: countTraffic(options.metrics, 'caller'),
      callee: countTraffic(options.metrics, 'callee'),
    };
    this.taps = new TapWriter({ onReaderGone: () => this.#board.endAll('reader_gone'), ...(soon ? { soon } : {}) });
    this.#board = new TapBoard({
      clock,
      writer: this.taps,
      findLeg: (call, stream) => this.#findLeg(call, stream),
      report: post,
    });
    this.#reserves = start.interfaces.map((each) => this.#createReserve(each));
  }

  /** Fills the reserves and starts the timers; the worker is then ready. */
  async start(): Promise<void> {
    const { clock } = this.#options;
    for (const reserve of this.#reserves) await reserve.fill();
    this.#timers = [
      clock.every(SWEEP_MS, () => this.#board.sweep()),
      clock.every(REPORT_MS, () => this.#report()),
      clock.every(ACTIVITY_MS, () => this.#reportActivity()),
    ];
  }

  /** Does what the main thread says. A bug that one call's message meets must not end every other call of this worker. */
  handle(message: ToWorker): void {
    try {
      this.#dispatch(message);
    } catch (thrown) {
      this.#options.metrics.counter('earshot_media_message_faults_total', { kind: message.kind }).add();
      this.#options.log.error({ kind: message.kind, error: thrown }, 'a message to a media worker failed');
    }
  }

  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers = [];
    for (const call of [...this.#sessions.keys()]) this.#end(call);
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
    return this.#sessions.get(call)?.get(mLine)?.toState();
  }

  #dispatch(message: ToWorker): void {
    switch (message.kind) {
      case 'pair.taken':
        for (const reserve of this.#reserves) reserve.take(message.pair);
        this.#awaitSession(message.pair);
        return;
      case 'pair.free':
        for (const reserve of this.#reserves) reserve.free(message.pair);
        return;
      case 'session.apply':
        this.#apply(message.state);
        return;
      case 'session.end':
        this.#end(message.call);
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

  #apply(state: SessionState): void {
    const sessions = this.#sessions.get(state.call) ?? new Map<number, Session>();
    const session = sessions.get(state.mLine);
    if (session) {
      for (const gone of session.apply(state)) gone.tap?.end('stream_ended');
      return;
    }
    const caller = this.#portsOf(state.sides.caller.pair.pair);
    const callee = this.#portsOf(state.sides.callee.pair.pair);
    if (!caller || !callee) {
      this.#options.metrics.counter('earshot_media_sessions_refused_total').add();
      return;
    }
    const { call } = state;
    const early = [caller, callee].map(({ rtp }) => ({ rtp, held: rtp.receiver }));
    const created = new Session(state, {
      ports: { caller, callee },
      random: this.#options.random,
      countDrop: (reason) => this.countDrop(reason),
      traffic: this.#traffic,
      onStreamStarted: (stream, firstArrivalUs) =>
        this.#options.post({ kind: 'stream.started', call, stream, firstArrivalUs }),
    });
    sessions.set(state.mLine, created);
    this.#sessions.set(state.call, sessions);
    const nowUs = this.#options.clock.monoUs();
    for (const { rtp, held } of early) if (held instanceof EarlyPackets) held.release(rtp.receiver, nowUs);
  }

  /** Until the answer is through, what arrives for the call is held; RTCP repeats itself and need not be. */
  #awaitSession(pair: number): void {
    const ports = this.#portsOf(pair);
    if (ports) ports.rtp.receiver ??= new EarlyPackets((reason) => this.countDrop(reason));
  }

  #end(call: CallId): void {
    for (const session of this.#sessions.get(call)?.values() ?? []) {
      for (const leg of session.legs()) leg.tap?.end('call_ended');
      session.end();
      this.#options.post({ kind: 'session.stats', stats: session.stats(true) });
    }
    this.#sessions.delete(call);
  }

  #findLeg(call: CallId, stream: StreamId): Leg | 'unknown_call' | 'unknown_stream' {
    const sessions = this.#sessions.get(call);
    if (!sessions) return 'unknown_call';
    for (const session of sessions.values()) {
      const leg = session.findStream(stream);
      if (leg) return leg;
    }
    return 'unknown_stream';
  }

  #portsOf(pair: number): PortPair | undefined {
    for (const reserve of this.#reserves) {
      const ports = reserve.portsOf(pair);
      if (ports) return ports;
    }
    return undefined;
  }

  #createReserve(where: MediaInterface): PortReserve {
    const { start, clock, log, openPort, post } = this.#options;
    return new PortReserve({
      interface: where,
      worker: start.index,
      workers: start.workers,
      readyPairs: start.readyPairs,
      clock,
      log,
      openPort,
      nextPairId: () => this.#nextPair++,
      onReady: (pair) => post({ kind: 'pair.ready', pair }),
      onExhausted: () => post({ kind: 'pairs.exhausted', interface: where.name }),
    });
  }

  #report(): void {
    const { metrics, post } = this.#options;
    const sessions = this.#sessions.size;
    this.#countLegs();
    post({ kind: 'report', sessions, taps: this.#board.size, metrics: metrics.snapshot() });
  }

  #countLegs(): void {
    let legs = 0;
    let streams = 0;
    for (const sessions of this.#sessions.values()) {
      for (const session of sessions.values()) {
        const counts = session.counts();
        legs += counts.legs;
        streams += counts.streams;
      }
    }
    this.#options.metrics.gauge('earshot_media_legs').set(legs);
    this.#options.metrics.gauge('earshot_media_streams').set(streams);
  }

  #reportActivity(): void {
    const calls: CallId[] = [];
    for (const [call, sessions] of this.#sessions) {
      const active = [...sessions.values()].filter((session) => session.wasActive());
      if (active.length > 0) calls.push(call);
      for (const session of active) {
        this.#options.post({ kind: 'session.stats', stats: session.stats(false) });
      }
    }
    if (calls.length > 0) this.#options.post({ kind: 'activity', calls });
  }
}

function countTraffic(metrics: Metrics, side: Side): SideTraffic {
  const counter = (direction: 'received' | 'sent'): Metric =>
    metrics.counter('earshot_media_packets_total', { side, direction });
  const lost = metrics.counter('earshot_media_packets_lost_total', { side });
  return { received: counter('received'), sent: counter('sent'), lost };
}
