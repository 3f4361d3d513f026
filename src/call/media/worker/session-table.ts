/**
 * The sessions of one worker by call: built, updated, found and ended. A state whose ports are not here is refused; what
 * arrived early for one that is built is handed to it.
 */

import type { CallId, StreamId } from '../../../base/ids.ts';
import type { FromWorker } from '../messages.ts';
import type { SessionState } from '../session-state.ts';
import { EarlyPackets } from './early-packets.ts';
import type { Leg } from './leg.ts';
import type { PacketPort } from './packet-port.ts';
import type { PortPair, SessionEvents, SessionParts } from './session-parts.ts';
import { Session } from './session.ts';
import type { StateMirror } from './state-mirror.ts';

export interface SessionTableOptions {
  readonly parts: SessionParts;
  readonly mirror: StateMirror;
  /** The ports of a pair that a call has. */
  readonly portsOf: (pair: number) => PortPair | undefined;
  readonly post: (message: FromWorker) => void;
}

export class SessionTable {
  readonly #options: SessionTableOptions;
  /** By call, then by m-line; almost always one of each. */
  readonly #sessions = new Map<CallId, Map<number, Session>>();

  constructor(options: SessionTableOptions) {
    this.#options = options;
  }

  /** Calls with a session. */
  get size(): number {
    return this.#sessions.size;
  }

  *all(): Iterable<Session> {
    for (const sessions of this.#sessions.values()) yield* sessions.values();
  }

  calls(): CallId[] {
    return [...this.#sessions.keys()];
  }

  get(call: CallId, mLine: number): Session | undefined {
    return this.#sessions.get(call)?.get(mLine);
  }

  ofCall(call: CallId): Iterable<Session> {
    return this.#sessions.get(call)?.values() ?? [];
  }

  /** Builds or updates the session. False when its ports are not here. */
  apply(state: SessionState): boolean {
    const session = this.get(state.call, state.mLine);
    if (!session) return this.#build(state);
    for (const over of session.apply(state)) over.tap?.end('stream_ended');
    this.#options.mirror.note(session);
    return true;
  }

  /** What arrives for a call before its session is held. */
  awaitSession({ rtp, rtcp }: PortPair): void {
    const { countDrop } = this.#options.parts;
    rtp.receiver ??= new EarlyPackets(countDrop);
    rtcp.receiver ??= new EarlyPackets(countDrop, false);
  }

  end(call: CallId): void {
    const { mirror, post } = this.#options;
    for (const session of this.ofCall(call)) {
      for (const leg of session.legs()) leg.tap?.end('call_ended');
      mirror.remove(session);
      session.end();
      post({ kind: 'session.stats', stats: session.stats(true) });
    }
    this.#sessions.delete(call);
  }

  findLeg(call: CallId, stream: StreamId): Leg | 'unknown_call' | 'unknown_stream' {
    if (!this.#sessions.has(call)) return 'unknown_call';
    for (const session of this.ofCall(call)) {
      const leg = session.findStream(stream);
      if (leg) return leg;
    }
    return 'unknown_stream';
  }

  /**
   * A session on inherited ports may go on under keys of an earlier life even where that left no session: its copy is
   * older than the truth, and signaling, which knows the keys, may say again what it said then.
   */
  #build(state: SessionState): boolean {
    const { portsOf, parts, mirror } = this.#options;
    const caller = portsOf(state.sides.caller.pair.pair);
    const callee = portsOf(state.sides.callee.pair.pair);
    if (!caller || !callee) return false;
    const early = [caller.rtp, caller.rtcp, callee.rtp, callee.rtcp].map((port) => ({ port, held: port.receiver }));
    const isRestored = caller.isInherited || callee.isInherited;
    const events = new TableEvents(state.call, this.#options);
    const session = new Session(state, { parts, ports: { caller, callee }, events, isRestored });
    events.session = session;
    const sessions = this.#sessions.get(state.call) ?? new Map<number, Session>();
    sessions.set(state.mLine, session);
    this.#sessions.set(state.call, sessions);
    mirror.add(session);
    const nowUs = parts.clock.monoUs();
    for (const { port, held } of early) release(port, held, nowUs);
    return true;
  }
}

/** What one session says, with its call's name. */
class TableEvents implements SessionEvents {
  session: Session | undefined;
  readonly #call: CallId;
  readonly #options: SessionTableOptions;

  constructor(call: CallId, options: SessionTableOptions) {
    this.#call = call;
    this.#options = options;
  }

  onStreamStarted(stream: StreamId, firstArrivalUs: number): void {
    this.#options.post({ kind: 'stream.started', call: this.#call, stream, firstArrivalUs });
  }

  onDtmf(stream: StreamId, atUs: number, durationMs: number): void {
    this.#options.post({ kind: 'stream.dtmf', call: this.#call, stream, atUs, durationMs });
  }

  onChange(): void {
    if (this.session) this.#options.mirror.note(this.session);
  }

  onKeys(): void {
    const { mirror, parts } = this.#options;
    if (this.session) mirror.postNow(this.session, parts.clock.monoUs());
  }
}

function release(port: PacketPort, held: PacketPort['receiver'], nowUs: number): void {
  if (held instanceof EarlyPackets) held.release(port.receiver, nowUs);
}
