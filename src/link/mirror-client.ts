/**
 * The call plane's side of the mirror: fetches once what a predecessor left, then keeps the supervisor's copy close to
 * the truth. Nothing waits for it: a supervisor that is gone costs the mirror, never a call.
 */

import type { CallId } from '../base/ids.ts';
import type { Cancel, Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { ControlConnection } from './control.ts';
import { LINK_VERSION } from './messages.ts';
import {
  fromMirror,
  MAX_MIRROR_UNSENT_BYTES,
  MAX_MIRRORED_CALLS,
  MAX_MIRRORED_CHARS,
  type FromMirror,
  type Left,
  type MirroredCall,
  type ToMirror,
} from './mirror.ts';
import { keepConnected } from './unix-socket.ts';

/** Changes of one call within this time travel once. What a process changed in its last moments is lost with it. */
const GATHER_MS = 50;
/** Calls of one turn: to write down thousands at once, for a supervisor that came back, would hold up signaling. */
const CALLS_A_TURN = 32;
/** Calls that wait to be told of: all that were kept, and as many new ones. */
const MAX_CHANGED = 2 * MAX_MIRRORED_CALLS;

export interface MirrorClientOptions {
  readonly socketPath: string;
  readonly life: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Who knows the truth. */
export interface Mirrored {
  /** What the process is towards all its peers, as plain JSON. */
  own(): unknown;
  /** The state of a living call as plain JSON; undefined when it lives no more. */
  stateOf(call: CallId): unknown;
  calls(): Iterable<CallId>;
}

type Connection = ControlConnection<FromMirror, ToMirror>;

const NOTHING: Left = { own: undefined, calls: [] };

export class MirrorClient {
  readonly #options: MirrorClientOptions;
  readonly #changed = new Set<CallId>();
  #mirrored: Mirrored | undefined;
  #connection: Connection | undefined;
  #left: Left | undefined;
  #disconnect: () => void = () => undefined;
  #cancelFlush: Cancel | undefined;
  #onFetched: ((left: Left) => void) | undefined;
  #cancelPatience: Cancel | undefined;

  constructor(options: MirrorClientOptions) {
    this.#options = options;
  }

  /** Connects and resolves with what is kept for us, or with nothing when not a word came for `timeoutMs`. Never rejects. */
  fetch(timeoutMs: number): Promise<Left> {
    const { clock, socketPath } = this.#options;
    const fetched = new Promise<Left>((resolve) => {
      this.#onFetched = resolve;
    });
    this.#bePatient(timeoutMs);
    this.#disconnect = keepConnected(socketPath, clock, (socket) => {
      const calls: MirroredCall[] = [];
      let own: unknown;
      const connection: Connection = new ControlConnection<FromMirror, ToMirror>(socket, fromMirror, {
        onMessage: (message) => {
          if (!this.#left) this.#bePatient(timeoutMs);
          if (message.kind === 'kept') calls.push(this.#read(message));
          else if (message.kind === 'own') own = parse(message.state);
          else this.#onEnd(connection, { own, calls });
        },
        onEnd: () => {
          if (this.#connection === connection) this.#connection = undefined;
        },
      });
      connection.send({ kind: 'hello', version: LINK_VERSION, life: this.#options.life });
    });
    return fetched;
  }

  /** What was fetched is gone on with, as far as it could be: from now on changes go out. */
  follow(mirrored: Mirrored): void {
    this.#mirrored = mirrored;
    this.noteOwn();
    this.#noteAll(this.#left?.calls ?? []);
  }

  /** Something about that call is different now, or it is over. */
  note(call: CallId): void {
    if (this.#changed.size >= MAX_CHANGED) this.#hangUp();
    this.#changed.add(call);
    this.#cancelFlush ??= this.#options.clock.after(GATHER_MS, () => this.#flush());
  }

  /** What the process is towards all its peers is different now. */
  noteOwn(): void {
    if (this.#mirrored) this.#connection?.send({ kind: 'own', state: JSON.stringify(this.#mirrored.own()) });
  }

  stop(): void {
    this.#cancelFlush?.();
    this.#cancelPatience?.();
    this.#mirrored = undefined;
    this.#connection = undefined;
    this.#disconnect();
  }

  /** A supervisor that came back is told everything; so is one that was too late, of what it kept for nothing. */
  #onEnd(connection: Connection, left: Left): void {
    this.#connection = connection;
    this.#settle(left);
    if (!this.#mirrored) return;
    this.noteOwn();
    this.#noteAll(left.calls);
  }

  #settle(left: Left): void {
    if (this.#left) return;
    this.#left = left;
    this.#cancelPatience?.();
    this.#onFetched?.(left);
  }

  /** Only the first to give us calls is believed; the others are told which of theirs still live. */
  #read({ call, state }: { readonly call: CallId; readonly state: string }): MirroredCall {
    return { call, state: this.#left ? undefined : parse(state) };
  }

  /** A supervisor that takes nothing for so long is told everything when it connects again. */
  #hangUp(): void {
    this.#changed.clear();
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** Thousands of calls take their time; a supervisor that says nothing is not there. */
  #bePatient(timeoutMs: number): void {
    this.#cancelPatience?.();
    this.#cancelPatience = this.#options.clock.after(timeoutMs, () => {
      this.#options.log.warn({}, 'the supervisor has no mirror for us in time; starting with no calls');
      this.#settle(NOTHING);
    });
  }

  /** Of what was kept, that which lives no more is let go. */
  #noteAll(kept: readonly MirroredCall[]): void {
    for (const { call } of kept) this.note(call);
    for (const call of this.#mirrored?.calls() ?? []) this.note(call);
  }

  #flush(): void {
    this.#cancelFlush = undefined;
    const connection = this.#connection;
    const mirrored = this.#mirrored;
    // Whoever connects next is told everything, so nothing need be remembered for it.
    if (!connection || !mirrored) {
      this.#changed.clear();
      return;
    }
    // Who does not take what it has been sent is sent the newest when it does, and costs no memory meanwhile.
    let turn = connection.unsentBytes < MAX_MIRROR_UNSENT_BYTES ? CALLS_A_TURN : 0;
    for (const call of this.#changed) {
      if (turn === 0) break;
      turn -= 1;
      this.#changed.delete(call);
      this.#send(connection, call, mirrored.stateOf(call));
    }
    if (this.#changed.size > 0) this.#cancelFlush = this.#options.clock.after(GATHER_MS, () => this.#flush());
  }

  /** One that is too large for the mirror is lost with this process, and costs the others nothing. */
  #send(connection: Connection, call: CallId, state: unknown): void {
    const text = state === undefined ? undefined : JSON.stringify(state);
    const isKept = text !== undefined && text.length <= MAX_MIRRORED_CHARS;
    if (text !== undefined && !isKept)
      this.#options.log.debug({ call, chars: text.length }, 'too large to be mirrored');
    connection.send(isKept ? { kind: 'put', call, state: text } : { kind: 'drop', call });
  }
}

/** What cannot be read is as good as nothing, and costs the calls beside it nothing. */
function parse(state: string): unknown {
  try {
    return JSON.parse(state);
  } catch {
    return undefined;
  }
}
