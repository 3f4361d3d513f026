/**
 * Governance's side of the control socket. After every hello the call plane sends all it has, and we believe that
 * alone; whatever was said while it was away is not kept.
 */

import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { ControlConnection } from '../../link/control.ts';
import { fromCallPlane, LINK_VERSION, type FromCallPlane, type FromGovernance } from '../../link/messages.ts';
import { keepConnected } from '../../link/unix-socket.ts';
import type { CallPlanePort } from './ports.ts';

export type CallPlaneMessage = Exclude<FromCallPlane, { kind: 'hello' }>;

export interface CallPlaneHandlers {
  /** The call plane of that life is there and of our version; its snapshot follows. */
  onConnected(life: string): void;
  onMessage(message: CallPlaneMessage): void;
  onDisconnected(): void;
}

export class CallPlaneLink implements CallPlanePort {
  readonly #options: { readonly socketPath: string; readonly life: string; readonly clock: Clock; readonly log: Log };
  readonly #handlers: CallPlaneHandlers;
  #connection: ControlConnection<FromCallPlane, FromGovernance> | undefined;
  #isGreeted = false;
  #disconnect: () => void = () => undefined;

  constructor(
    options: { readonly socketPath: string; readonly life: string; readonly clock: Clock; readonly log: Log },
    handlers: CallPlaneHandlers,
  ) {
    this.#options = options;
    this.#handlers = handlers;
  }

  get isConnected(): boolean {
    return this.#isGreeted;
  }

  start(): void {
    this.#disconnect = keepConnected(this.#options.socketPath, this.#options.clock, (socket) => this.#onSocket(socket));
  }

  stop(): void {
    this.#disconnect();
    this.#connection = undefined;
    this.#isGreeted = false;
  }

  /** False when the call plane is away: it will hear of what matters in the next resynchronisation. */
  send(message: FromGovernance): boolean {
    return this.#isGreeted && this.#connection !== undefined && this.#connection.send(message);
  }

  #onSocket(socket: Socket): void {
    const connection = new ControlConnection<FromCallPlane, FromGovernance>(socket, fromCallPlane, {
      onMessage: (message) => this.#onMessage(connection, message),
      onEnd: (reason) => {
        if (this.#connection !== connection) return;
        this.#connection = undefined;
        this.#options.log.warn({ reason }, 'the control connection to the call plane ended');
        if (!this.#isGreeted) return;
        this.#isGreeted = false;
        this.#handlers.onDisconnected();
      },
    });
    this.#connection = connection;
    connection.send({
      kind: 'hello',
      version: LINK_VERSION,
      plane: 'governance',
      life: this.#options.life,
      pid: process.pid,
    });
  }

  #onMessage(connection: ControlConnection<FromCallPlane, FromGovernance>, message: FromCallPlane): void {
    if (message.kind !== 'hello') {
      if (this.#isGreeted) this.#handlers.onMessage(message);
      return;
    }
    if (message.version !== LINK_VERSION) {
      this.#options.log.error({ version: message.version }, 'the call plane speaks another version');
      connection.close();
      return;
    }
    this.#isGreeted = true;
    this.#handlers.onConnected(message.life);
  }
}
