/** What signaling counts: closed words only. A drop or refusal is a number here and never a line in the log. */

import { errorCode } from '../../base/error.ts';
import type { Log } from '../../base/log.ts';
import type { Metric, Metrics } from '../../base/metrics.ts';

export class Tally {
  readonly #metrics: Metrics;
  readonly #log: Log;
  readonly #requests: Metric;
  readonly #responses: Metric;

  constructor(metrics: Metrics, log: Log) {
    this.#metrics = metrics;
    this.#log = log;
    this.#requests = metrics.counter('earshot_sip_received_total', { kind: 'request' });
    this.#responses = metrics.counter('earshot_sip_received_total', { kind: 'response' });
  }

  received(kind: 'request' | 'response'): void {
    (kind === 'request' ? this.#requests : this.#responses).add();
  }

  /** A message that went nowhere. */
  dropped(reason: string): void {
    this.#metrics.counter('earshot_sip_dropped_total', { reason }).add();
  }

  /** A request that we answered with a refusal of our own. */
  refused(status: number, reason: string): void {
    this.#metrics.counter('earshot_sip_refused_total', { status: String(status), reason }).add();
  }

  /** Something worth a number that is neither: a failover, a body left alone. */
  noted(event: string): void {
    this.#metrics.counter('earshot_sip_events_total', { event }).add();
  }

  sendFailed(interfaceName: string, code: string): void {
    this.#metrics.counter('earshot_sip_socket_errors_total', { interface: interfaceName, code }).add();
  }

  /** What became of a connection, or of one that was not let in. */
  connection(transport: string, event: string): void {
    this.#metrics.counter('earshot_sip_connection_events_total', { transport, event }).add();
  }

  /** Runs a step that nobody stands behind (a timer, a lookup); false when it threw, which is counted. */
  fence(where: string, step: () => void): boolean {
    try {
      step();
      return true;
    } catch (thrown) {
      this.failed(where, thrown);
      return false;
    }
  }

  /** A bug of ours that a fence caught. */
  failed(where: string, thrown: unknown): void {
    this.#metrics.counter('earshot_sip_failures_total', { where }).add();
    this.#log.error({ where, code: errorCode(thrown), error: thrown }, 'signaling failed on one message');
  }

  /** Whether new calls are sent elsewhere because we are about to go. */
  draining(isDraining: boolean): void {
    this.#metrics.gauge('earshot_sip_draining').set(isDraining ? 1 : 0);
  }

  gauges(values: { readonly calls: number; readonly transactions: number; readonly connections: number }): void {
    this.#metrics.gauge('earshot_calls').set(values.calls);
    this.#metrics.gauge('earshot_sip_transactions').set(values.transactions);
    this.#metrics.gauge('earshot_sip_connections').set(values.connections);
  }
}
