/**
 * Repeats what the store did not answer, ever more slowly, and says meanwhile that the ledger is not available. Gives
 * up only when told to; bugs of ours are not repeated.
 */

import type { Clock } from '../../base/clock.ts';
import { CodedError, errorCode } from '../../base/error.ts';
import type { Metrics } from '../../base/metrics.ts';
import { WakeSignal } from './wake-signal.ts';

const RETRY_FIRST_MS = 100;
const RETRY_LAST_MS = 5000;

export class OutOfPatience extends Error {}

export class Patience {
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #onAvailability: (isAvailable: boolean, reason: string) => void;
  readonly #retry = new WakeSignal();
  readonly #end: Promise<never>;
  #isOver = false;
  #hasOpened = false;
  #isAvailable: boolean | undefined;
  #giveUp: (reason: OutOfPatience) => void = () => undefined;

  constructor(options: {
    readonly clock: Clock;
    readonly metrics: Metrics;
    readonly onAvailability: (isAvailable: boolean, reason: string) => void;
  }) {
    this.#clock = options.clock;
    this.#metrics = options.metrics;
    this.#onAvailability = options.onAvailability;
    this.#end = new Promise<never>((_resolve, reject) => {
      this.#giveUp = reject;
    });
    // Nobody may be waiting when it ends.
    this.#end.catch(() => undefined);
  }

  get isAvailable(): boolean {
    return this.#isAvailable === true;
  }

  /** Runs `work`, which must be harmless to repeat, until it answers. Throws OutOfPatience after `end`. */
  async insist<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let delayMs = RETRY_FIRST_MS; ; delayMs = Math.min(2 * delayMs, RETRY_LAST_MS)) {
      try {
        const result = await Promise.race([work(), this.#end]);
        if (this.#hasOpened) this.set(true, 'answered');
        return result;
      } catch (thrown) {
        if (!(thrown instanceof CodedError)) throw thrown;
        this.set(false, errorCode(thrown));
        this.#metrics.counter('earshot_ledger_retries_total', { reason: errorCode(thrown) }).add();
      }
      if (this.#isOver) throw new OutOfPatience();
      await this.#retry.wait(this.#clock, delayMs);
    }
  }

  /** Tries again at once, for instance because there is little time left. */
  hurry(): void {
    this.#retry.set();
  }

  end(): void {
    this.#isOver = true;
    this.#giveUp(new OutOfPatience());
    this.#retry.set();
  }

  /** Answers count as availability only after the first `set(true)`: before it there is nothing to append to. */
  set(isAvailable: boolean, reason: string): void {
    this.#hasOpened ||= isAvailable;
    if (this.#isAvailable === isAvailable) return;
    this.#isAvailable = isAvailable;
    this.#onAvailability(isAvailable, reason);
  }
}
