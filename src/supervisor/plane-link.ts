/** The supervisor's side of its socket: who said hello, their newest heartbeat, and how long ago it was. */

import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { ControlConnection } from '../link/control.ts';
import { LINK_VERSION, toSupervisor, type FromSupervisor, type ToSupervisor } from '../link/messages.ts';
import type { PlaneName } from './scheduling.ts';

export type Heartbeat = Extract<ToSupervisor, { kind: 'heartbeat' }>;

type Connection = ControlConnection<ToSupervisor, FromSupervisor>;

export interface PlaneReport {
  readonly pid: number;
  readonly heartbeat: Heartbeat | undefined;
  readonly heardUs: number;
}

export class PlaneLink {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #life: string;
  readonly #reports = new Map<PlaneName, PlaneReport>();
  /** The connection each plane speaks on now: an older process of the same plane is no longer heard. */
  readonly #current = new Map<PlaneName, Connection>();
  readonly #open = new Set<Connection>();
  /** Undefined until somebody said so or not: the operator, or a plane that was told by our predecessor. */
  #isDraining: boolean | undefined;

  constructor(options: { readonly clock: Clock; readonly log: Log; readonly life: string }) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#life = options.life;
  }

  /** Takes one new connection; its first message must be a hello of our version. */
  accept(socket: Socket): void {
    let plane: PlaneName | undefined;
    const connection: Connection = new ControlConnection(socket, toSupervisor, {
      onMessage: (message) => {
        if (message.kind === 'hello') {
          if (message.version !== LINK_VERSION) {
            this.#log.error({ plane: message.plane, version: message.version }, 'a plane speaks another version');
            connection.close();
            return;
          }
          plane = message.plane;
          this.#current.set(plane, connection);
          this.#reports.set(plane, { pid: message.pid, heartbeat: undefined, heardUs: this.#clock.monoUs() });
          if (this.#isDraining !== undefined && plane === 'call') {
            connection.send({ kind: 'drain', on: this.#isDraining });
          }
          return;
        }
        if (plane === undefined) connection.close();
        else if (this.#current.get(plane) === connection) this.#onHeartbeat(plane, message);
      },
      onEnd: () => {
        this.#open.delete(connection);
        if (plane !== undefined && this.#current.get(plane) === connection) this.#current.delete(plane);
      },
    });
    this.#open.add(connection);
    connection.send({ kind: 'hello', version: LINK_VERSION, plane: 'supervisor', life: this.#life, pid: process.pid });
  }

  /** Hangs up on everybody; a plane that goes on without us connects to our successor. */
  close(): void {
    for (const connection of this.#open) connection.close();
  }

  get isDraining(): boolean {
    return this.#isDraining === true;
  }

  /** Has the call plane refuse new calls or take them again; its next life is told too. */
  drain(on: boolean): void {
    this.#isDraining = on;
    this.#current.get('call')?.send({ kind: 'drain', on });
  }

  /** The newest word of that plane's process, or undefined when it has not said hello. */
  report(plane: PlaneName): PlaneReport | undefined {
    return this.#reports.get(plane);
  }

  /** Ms since that plane was last heard, or undefined before its first hello. */
  silentMs(plane: PlaneName): number | undefined {
    const report = this.#reports.get(plane);
    return report === undefined ? undefined : (this.#clock.monoUs() - report.heardUs) / 1000;
  }

  /** This process itself was away until now: silence before proves nothing. */
  forgiveSilence(): void {
    for (const [plane, report] of this.#reports) this.#reports.set(plane, { ...report, heardUs: this.#clock.monoUs() });
  }

  /** Forgets a process that ended, so that its last words are not taken for its successor's. */
  forget(plane: PlaneName): void {
    this.#reports.delete(plane);
  }

  #onHeartbeat(plane: PlaneName, heartbeat: Heartbeat): void {
    if (plane === 'call' && heartbeat.status['draining'] === true) this.#isDraining ??= true;
    const known = this.#reports.get(plane);
    if (known !== undefined) this.#reports.set(plane, { ...known, heartbeat, heardUs: this.#clock.monoUs() });
  }
}
