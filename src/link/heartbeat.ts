/** A plane's side of the supervisor socket: says hello and a heartbeat a second, again after every loss of it. */

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { MetricSample } from '../base/metrics.ts';
import { ControlConnection } from './control.ts';
import { fromSupervisor, LINK_VERSION, type FromSupervisor, type ToSupervisor } from './messages.ts';
import { keepConnected } from './unix-socket.ts';

export interface PlaneHealth {
  readonly ready: boolean;
  readonly conditions: readonly string[];
  readonly status: Readonly<Record<string, number | string | boolean>>;
  readonly metrics: readonly MetricSample[];
}

const HEARTBEAT_MS = 1000;
const MAX_METRICS = 8192;

/** Starts reporting; call the result to stop. The plane goes on whether or not anybody listens. */
export function reportHealth(options: {
  readonly socketPath: string;
  readonly plane: 'call' | 'governance';
  readonly life: string;
  readonly clock: Clock;
  readonly log: Log;
  health(): PlaneHealth;
  onStop(): void;
  /** Whether new work is to be refused. */
  onDrain?(on: boolean): void;
}): () => void {
  const { clock, log, plane, life } = options;
  let connection: ControlConnection<FromSupervisor, ToSupervisor> | undefined;

  const beat = (): void => {
    if (connection === undefined) return;
    const { ready, conditions, status, metrics } = options.health();
    connection.send({
      kind: 'heartbeat',
      ready,
      conditions: conditions.slice(0, 32),
      status: { ...status },
      metrics: metrics.slice(0, MAX_METRICS).map((sample) => ({ ...sample, labels: { ...sample.labels } })),
    });
  };

  const disconnect = keepConnected(options.socketPath, clock, (socket) => {
    const current = new ControlConnection<FromSupervisor, ToSupervisor>(socket, fromSupervisor, {
      onMessage: (message) => {
        if (message.kind === 'stop') options.onStop();
        else if (message.kind === 'drain') options.onDrain?.(message.on);
      },
      onEnd: () => {
        if (connection === current) {
          connection = undefined;
          log.warn({}, 'the supervisor is gone; going on without it');
        }
      },
    });
    connection = current;
    current.send({ kind: 'hello', version: LINK_VERSION, plane, life, pid: process.pid });
    beat();
  });
  const cancelBeat = clock.every(HEARTBEAT_MS, beat);

  return () => {
    cancelBeat();
    connection = undefined;
    disconnect();
  };
}
