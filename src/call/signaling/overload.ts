/**
 * When there is too much to do (RFC 3261 §21.5.4): a bucket of new calls, and how late and how busy the event loop is.
 * It says whether another call may begin; whoever asks sees to it that only new calls are asked about.
 */

import type { Cancel, Clock } from '../../base/clock.ts';
import type { Metric, Metrics } from '../../base/metrics.ts';
import type { SignalingLimits } from './limits.ts';

export type Overloaded = 'call_rate' | 'event_loop';

const SAMPLE_MS = 100;
const SAMPLES = 10;
/**
 * A loop that takes one message after the other is never late, and yet they wait for it in the socket. One that has had
 * no rest for two seconds does not keep up, and peers begin to repeat themselves, which makes it worse.
 */
const BUSY_SHARE = 0.97;
const BUSY_SAMPLES = 20;
/** One late sample in ten is a collection of garbage; two are a loop that does not keep up. */
const LATE_SAMPLES = 2;

export class Overload {
  readonly #clock: Clock;
  readonly #limits: SignalingLimits;
  readonly #lag: Metric;
  readonly #busyShare: () => number;
  readonly #lateness: number[] = [];
  #busySamples = 0;
  #tokens: number;
  #filledAtUs: number;
  #sampledAtUs: number;
  #cancel: Cancel | undefined;

  /** `busyShare` says which part of the time since it was last asked the loop had something to do. */
  constructor(options: {
    readonly clock: Clock;
    readonly limits: SignalingLimits;
    readonly metrics: Metrics;
    readonly busyShare: () => number;
  }) {
    this.#clock = options.clock;
    this.#busyShare = options.busyShare;
    this.#limits = options.limits;
    this.#lag = options.metrics.gauge('earshot_sip_loop_lag_ms');
    this.#tokens = options.limits.newCallBurst;
    this.#filledAtUs = options.clock.monoUs();
    this.#sampledAtUs = this.#filledAtUs;
  }

  start(): void {
    this.#sampledAtUs = this.#clock.monoUs();
    this.#cancel = this.#clock.every(SAMPLE_MS, () => this.#sample());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Why no call may begin now; undefined when one may, and then it is counted. */
  admit(): Overloaded | undefined {
    if (this.#isLate()) return 'event_loop';
    const { newCallsPerSecond, newCallBurst } = this.#limits;
    if (newCallsPerSecond === 0) return undefined;
    const nowUs = this.#clock.monoUs();
    const earned = ((nowUs - this.#filledAtUs) / 1_000_000) * newCallsPerSecond;
    this.#tokens = Math.min(newCallBurst, this.#tokens + earned);
    this.#filledAtUs = nowUs;
    if (this.#tokens < 1) return 'call_rate';
    this.#tokens -= 1;
    return undefined;
  }

  #isLate(): boolean {
    const { maxLoopLagMs } = this.#limits;
    if (maxLoopLagMs === 0 || !this.#cancel) return false;
    if (this.#busySamples >= BUSY_SAMPLES) return true;
    const late = this.#lateness.filter((lagMs) => lagMs > maxLoopLagMs).length;
    // The sample that is overdue now counts too: a loop that hangs in one phase takes none at all.
    const isOverdue = this.#overdueMs() > maxLoopLagMs;
    return late + (isOverdue ? 1 : 0) >= LATE_SAMPLES;
  }

  #sample(): void {
    const lagMs = Math.max(0, this.#overdueMs());
    this.#sampledAtUs = this.#clock.monoUs();
    this.#lateness.push(lagMs);
    if (this.#lateness.length > SAMPLES) this.#lateness.shift();
    this.#lag.set(Math.round(Math.max(...this.#lateness)));
    this.#busySamples = this.#busyShare() > BUSY_SHARE ? this.#busySamples + 1 : 0;
  }

  #overdueMs(): number {
    return (this.#clock.monoUs() - this.#sampledAtUs) / 1000 - SAMPLE_MS;
  }
}
