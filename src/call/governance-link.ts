/**
 * The call plane's side of the control socket. One governance process at a time, the newest wins; it is told everything
 * on arrival, and events after that. Nobody here waits for it, and nothing is kept for it while it is away.
 */

import type { Server, Socket } from 'node:net';
import type { Log } from '../base/log.ts';
import { ControlConnection } from '../link/control.ts';
import { fromGovernance, LINK_VERSION, type FromCallPlane, type FromGovernance } from '../link/messages.ts';
import { serveUnixSocket } from '../link/unix-socket.ts';

export type GovernanceMessage = Exclude<FromGovernance, { kind: 'hello' }>;

export interface GovernanceLinkOptions {
  readonly socketPath: string;
  readonly life: string;
  readonly log: Log;
  /** Everything there is, as it stands when a governance process has said hello. */
  snapshot(): Extract<FromCallPlane, { kind: 'snapshot' }>;
  onMessage(message: GovernanceMessage): void;
}

export class GovernanceLink {
  readonly #options: GovernanceLinkOptions;
  #server: Server | undefined;
  #current: ControlConnection<FromGovernance, FromCallPlane> | undefined;
  #isGreeted = false;

  constructor(options: GovernanceLinkOptions) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#isGreeted;
  }

  async start(): Promise<void> {
    this.#server = await serveUnixSocket(this.#options.socketPath, (socket) => this.#accept(socket));
  }

  stop(): void {
    this.#current?.close();
    this.#server?.close();
  }

  /** Tells governance, if it is there. */
  tell(message: FromCallPlane): void {
    if (this.#isGreeted) this.#current?.send(message);
  }

  #accept(socket: Socket): void {
    const { life, log } = this.#options;
    const connection = new ControlConnection<FromGovernance, FromCallPlane>(socket, fromGovernance, {
      onMessage: (message) => this.#onMessage(connection, message),
      onEnd: (reason) => {
        if (this.#current !== connection) return;
        this.#current = undefined;
        this.#isGreeted = false;
        log.info({ reason }, 'governance is gone; calls go on, taps will lapse');
      },
    });
    connection.send({ kind: 'hello', version: LINK_VERSION, plane: 'call', life, pid: process.pid });
  }

  #onMessage(connection: ControlConnection<FromGovernance, FromCallPlane>, message: FromGovernance): void {
    if (message.kind === 'hello') {
      this.#greet(connection, message.version);
      return;
    }
    if (connection === this.#current && this.#isGreeted) this.#options.onMessage(message);
  }

  #greet(connection: ControlConnection<FromGovernance, FromCallPlane>, version: number): void {
    if (version !== LINK_VERSION) {
      this.#options.log.error({ version }, 'governance speaks another version');
      connection.close();
      return;
    }
    this.#current?.close();
    this.#current = connection;
    this.#isGreeted = true;
    connection.send(this.#options.snapshot());
  }
}
