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
import { MAX_MIRRORED_BYTES, MAX_MIRRORED_CALLS, toMirror, type FromMirror, type ToMirror } from '../link/mirror.ts';

/** A life that ends sooner after it was given the mirror may have died of what is in it. */
const PROVEN_MS = 5000;
/** Lives that may die so in a row before calls are given up to save those to come. */
const MAX_SUSPICIOUS_DEATHS = 2;

type Connection = ControlConnection<ToMirror, FromMirror>;

export class MirrorStore {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #states = new Map<CallId, string>();
  #own: string | undefined;
  #life: string | undefined;
  #connection: Connection | undefined;
  #givenUs: number | undefined;
  #suspiciousDeaths = 0;
  #restored = 0;

  constructor(options: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Calls that would be given to the next life. */
  get size(): number {
    return this.#states.size;
  }

  /** Calls handed to new lives so far. */
  get restored(): number {
    return this.#restored;
  }

  /** Takes one new connection of a call plane; an older one of the same is no longer heard. */
  accept(socket: Socket): void {
    const connection: Connection = new ControlConnection<ToMirror, FromMirror>(
      socket,
      toMirror,
      {
        onMessage: (message) => this.#onMessage(connection, message),
        onEnd: () => {
          if (this.#connection === connection) this.#connection = undefined;
        },
      },
      MAX_MIRRORED_BYTES,
    );
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

  #onMessage(connection: Connection, message: ToMirror): void {
    if (message.kind === 'hello') {
      this.#connection = connection;
      if (message.life !== this.#life) this.#give(connection);
      this.#life = message.life;
      connection.send({ kind: 'end' });
      return;
    }
    if (this.#connection !== connection) return;
    switch (message.kind) {
      case 'own':
        this.#own = message.state;
        return;
      case 'drop':
        this.#states.delete(message.call);
        return;
      case 'put':
        this.#put(message.call, message.state);
        return;
      default:
        unreachable(message);
    }
  }

  #give(connection: Connection): void {
    if (this.#own !== undefined) connection.send({ kind: 'own', state: this.#own });
    if (this.#states.size === 0) return;
    this.#givenUs = this.#clock.monoUs();
    this.#restored += this.#states.size;
    for (const [call, state] of this.#states) connection.send({ kind: 'kept', call, state });
  }

  #forget(): void {
    this.#states.clear();
    this.#own = undefined;
  }

  #put(call: CallId, state: string): void {
    const isNew = !this.#states.has(call);
    if (isNew && this.#states.size >= MAX_MIRRORED_CALLS) return;
    this.#states.set(call, state);
  }
}
