/**
 * What living calls need to survive the call plane that carries them, kept in memory for its next life. It never looks
 * inside, writes nothing to disk, and forgets everything when a life that was given it dies of it.
 */

import type { Socket } from 'node:net';
import { unreachable } from '../base/assert.ts';
import type { CallId } from '../base/ids.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { ControlConnection } from '../link/control.ts';
import {
  MAX_MIRROR_CHARS,
  MAX_MIRROR_UNSENT_BYTES,
  MAX_MIRRORED_BYTES,
  MAX_MIRRORED_CALLS,
  toMirror,
  type FromMirror,
  type ToMirror,
} from '../link/mirror.ts';

/** A life that ends sooner after it was given the mirror may have died of what is in it. */
const PROVEN_MS = 5000;
/** Lives that may die so in a row before calls are given up to save those to come. */
const MAX_SUSPICIOUS_DEATHS = 2;

type Connection = ControlConnection<ToMirror, FromMirror>;

/** A call plane on the line. */
interface Caller {
  readonly connection: Connection;
  readonly socket: Socket;
  /** From its hello on. */
  life: string | undefined;
  /** Calls it was given so far. */
  given: number;
}

export class MirrorStore {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #maxChars: number;
  readonly #states = new Map<CallId, string>();
  #chars = 0;
  #own: string | undefined;
  /** The life that has all that its predecessor left. */
  #life: string | undefined;
  #connection: Connection | undefined;
  #givenUs: number | undefined;
  #suspiciousDeaths = 0;
  #restored = 0;
  #refused = 0;

  constructor(options: { readonly clock: Clock; readonly log: Log; readonly maxChars?: number }) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#maxChars = options.maxChars ?? MAX_MIRROR_CHARS;
  }

  /** Calls that would be given to the next life. */
  get size(): number {
    return this.#states.size;
  }

  /** Calls handed to new lives so far. */
  get restored(): number {
    return this.#restored;
  }

  /** States there was no room for; those calls end with the process that carries them. */
  get refused(): number {
    return this.#refused;
  }

  /** Takes one new connection of a call plane; an older one of the same is no longer heard. */
  accept(socket: Socket): void {
    const connection: Connection = new ControlConnection<ToMirror, FromMirror>(
      socket,
      toMirror,
      {
        onMessage: (message) => this.#onMessage(caller, message),
        onEnd: () => {
          if (this.#connection === connection) this.#connection = undefined;
        },
      },
      MAX_MIRRORED_BYTES,
    );
    const caller: Caller = { connection, socket, life: undefined, given: 0 };
  }

  /** The call plane ended, asked for or not. */
  onPlaneGone(wasAsked: boolean): void {
    const livedMs = this.#givenUs === undefined ? Infinity : (this.#clock.monoUs() - this.#givenUs) / 1000;
    this.#givenUs = undefined;
    this.#suspiciousDeaths = livedMs < PROVEN_MS ? this.#suspiciousDeaths + 1 : 0;
    if (!wasAsked && this.#suspiciousDeaths < MAX_SUSPICIOUS_DEATHS) return;
    if (!wasAsked) this.#log.error({ calls: this.#states.size }, 'the mirror is given up: call planes died of it');
    this.#forget();
    this.#suspiciousDeaths = 0;
  }

  close(): void {
    this.#connection?.close();
    this.#forget();
  }

  #onMessage(caller: Caller, message: ToMirror): void {
    const { connection } = caller;
    if (message.kind === 'hello') {
      // Hung up on, and not only unheard: should the other be the one that lives, it connects again and tells all it has.
      if (this.#connection !== connection) this.#connection?.close();
      this.#connection = connection;
      caller.life = message.life;
      this.#give(caller);
      return;
    }
    if (this.#connection !== connection) return;
    this.#noteGiven(caller);
    switch (message.kind) {
      case 'own':
        this.#own = message.state;
        return;
      case 'drop':
        this.#drop(message.call);
        return;
      case 'put':
        this.#put(message.call, message.state);
        return;
      default:
        unreachable(message);
    }
  }

  /**
   * As fast as they are taken. A life whose connection broke is given everything again: it says of each call whether it
   * still lives, so that none that ended meanwhile is kept for the next life.
   */
  #give(caller: Caller): void {
    const { connection, socket, life } = caller;
    if (this.#own !== undefined) connection.send({ kind: 'own', state: this.#own });
    const kept = this.#states.entries();
    const goOn = (): void => {
      while (this.#connection === connection && socket.writable) {
        if (connection.unsentBytes >= MAX_MIRROR_UNSENT_BYTES) {
          socket.once('drain', goOn);
          return;
        }
        const next = kept.next();
        if (next.done === true) {
          connection.send({ kind: 'end' });
          return;
        }
        const [call, state] = next.value;
        if (life !== this.#life) this.#givenUs = this.#clock.monoUs();
        caller.given += 1;
        if (!connection.send({ kind: 'kept', call, state })) return;
      }
    };
    goOn();
  }

  /** Who was given everything goes on to say what is different: only then nothing can have been lost on the way. */
  #noteGiven({ life, given }: Caller): void {
    if (life === this.#life) return;
    this.#life = life;
    this.#restored += given;
  }

  #forget(): void {
    this.#states.clear();
    this.#chars = 0;
    this.#own = undefined;
  }

  #drop(call: CallId): void {
    this.#chars -= this.#states.get(call)?.length ?? 0;
    this.#states.delete(call);
  }

  /** An older state of a call whose newest has no room goes too: what it says is not true any more. */
  #put(call: CallId, state: string): void {
    this.#drop(call);
    if (this.#states.size >= MAX_MIRRORED_CALLS || this.#chars + state.length > this.#maxChars) {
      this.#refused += 1;
      return;
    }
    this.#states.set(call, state);
    this.#chars += state.length;
  }
}
