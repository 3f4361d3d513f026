/** How many connections the node has, in all and from each source: who may begin another. It opens and closes none. */

import type { Clock } from '../../../base/clock.ts';
import { SourceMeter } from '../source-meter.ts';
import type { TransportEvent } from './sip-port.ts';
import type { TransportLimits } from './transport-limits.ts';

export type AcceptRefusal = Extract<
  TransportEvent,
  'too_many_connections' | 'too_many_from_source' | 'too_often_from_source'
>;

export class ConnectionCensus {
  readonly #limits: TransportLimits;
  readonly #meter: SourceMeter;
  readonly #bySource = new Map<string, number>();
  #accepted = 0;
  #opened = 0;
  #connecting = 0;

  constructor(options: { readonly clock: Clock; readonly limits: TransportLimits }) {
    this.#limits = options.limits;
    this.#meter = new SourceMeter({ clock: options.clock, perSecond: options.limits.maxAcceptsPerSourcePerSecond });
  }

  get size(): number {
    return this.#accepted + this.#opened;
  }

  /** Counts one in from that source, or says why it may not come; each one counted must leave. */
  admit(source: string): AcceptRefusal | undefined {
    if (!this.#meter.admit(source)) return 'too_often_from_source';
    // A quarter is kept for the connections that we open: a crowd at the door must not cut us off from our next hops.
    if (this.#accepted >= this.#limits.maxConnections * 0.75) return 'too_many_connections';
    const count = this.#bySource.get(source) ?? 0;
    if (count >= this.#limits.maxConnectionsPerSource) return 'too_many_from_source';
    this.#bySource.set(source, count + 1);
    this.#accepted += 1;
    return undefined;
  }

  leave(source: string): void {
    this.#accepted -= 1;
    const left = (this.#bySource.get(source) ?? 0) - 1;
    if (left > 0) this.#bySource.set(source, left);
    else this.#bySource.delete(source);
  }

  /** Counts one that we begin to open; false when there are too many. */
  beginConnecting(): boolean {
    const { maxConnecting, maxConnections } = this.#limits;
    if (this.#connecting >= maxConnecting || this.#opened >= maxConnections / 4) return false;
    this.#connecting += 1;
    this.#opened += 1;
    return true;
  }

  /** Its opening is over, well or not. */
  endConnecting(): void {
    this.#connecting -= 1;
  }

  /** One that we opened, or began to, is closed. */
  close(): void {
    this.#opened -= 1;
  }
}
