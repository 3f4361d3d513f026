/**
 * The call plane's side of the mirror: fetches once what a predecessor left, then keeps the supervisor's copy close to
 * the truth. Nothing waits for it: a supervisor that is gone costs the mirror, never a call.
 */

import type { CallId } from '../base/ids.ts';
import type { Cancel, Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { ControlConnection } from './control.ts';
import { LINK_VERSION } from './messages.ts';
import { fromMirror, type FromMirror, type MirroredCall, type ToMirror } from './mirror.ts';
import { keepConnected } from './unix-socket.ts';

/** Changes of one call within this time travel once. What a process changed in its last moments is lost with it. */
const GATHER_MS = 20;

export interface MirrorClientOptions {
  readonly socketPath: string;
  readonly life: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The state of a living call as plain JSON; undefined when it lives no more. */
  readonly stateOf: (call: CallId) => unknown;
  readonly calls: () => Iterable<CallId>;
}

type Connection = ControlConnection<FromMirror, ToMirror>;

export class MirrorClient {
  readonly #options: MirrorClientOptions;
  readonly #changed = new Set<CallId>();
  #connection: Connection | undefined;
  #isSettled = false;
  #disconnect: () => void = () => undefined;
  #cancelFlush: Cancel | undefined;
  #onFetched: ((kept: readonly MirroredCall[]) => void) | undefined;

  constructor(options: MirrorClientOptions) {
    this.#options = options;
  }

  /** Connects and resolves with what is kept for us, or with nothing when no answer came in `timeoutMs`. Never rejects. */
  fetch(timeoutMs: number): Promise<readonly MirroredCall[]> {
    const { clock, socketPath, log } = this.#options;
    const fetched = new Promise<readonly MirroredCall[]>((resolve) => {
      const cancel = clock.after(timeoutMs, () => {
        log.warn({}, 'the supervisor has no mirror for us in time; starting with no calls');
        this.#settle([]);
      });
      this.#onFetched = (kept) => {
        cancel();
        resolve(kept);
      };
    });
    this.#disconnect = keepConnected(socketPath, clock, (socket) => {
      const kept: MirroredCall[] = [];
      const connection: Connection = new ControlConnection<FromMirror, ToMirror>(socket, fromMirror, {
        onMessage: (message) => {
          if (message.kind === 'kept') kept.push({ call: message.call, state: message.state });
          else this.#onEnd(connection, kept);
        },
        onEnd: () => {
          if (this.#connection === connection) this.#connection = undefined;
        },
      });
      connection.send({ kind: 'hello', version: LINK_VERSION, life: this.#options.life });
    });
    return fetched;
  }

  /** Something about that call is different now, or it is over. */
  note(call: CallId): void {
    this.#changed.add(call);
    this.#cancelFlush ??= this.#options.clock.after(GATHER_MS, () => this.#flush());
  }

  stop(): void {
    this.#cancelFlush?.();
    this.#connection = undefined;
    this.#disconnect();
  }

  /** From here on changes go out; a supervisor that came back is told everything. */
  #onEnd(connection: Connection, kept: readonly MirroredCall[]): void {
    this.#connection = connection;
    this.#settle(kept);
    for (const call of this.#options.calls()) this.note(call);
  }

  #settle(kept: readonly MirroredCall[]): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#onFetched?.(kept);
  }

  #flush(): void {
    this.#cancelFlush = undefined;
    const connection = this.#connection;
    // Whoever connects next is told everything, so nothing need be remembered for it.
    if (connection) for (const call of this.#changed) this.#send(connection, call);
    this.#changed.clear();
  }

  #send(connection: Connection, call: CallId): void {
    const state = this.#options.stateOf(call);
    connection.send(state === undefined ? { kind: 'drop', call } : { kind: 'put', call, state });
  }
}
