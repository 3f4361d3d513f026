/** Time as a parameter. Production passes `systemClock`; tests pass a `ManualClock` and move it. */

export interface Clock {
  /** Wall time in whole milliseconds since 1970 (UTC). */
  wallMs(): number;
  /** CLOCK_MONOTONIC in whole microseconds: the same value in every process of this host until it reboots. */
  monoUs(): number;
  /** Runs `task` once after `delayMs`; the returned function cancels it. The timer never keeps a process alive. */
  after(delayMs: number, task: () => void): Cancel;
  /** Runs `task` every `intervalMs` until cancelled. The timer never keeps a process alive. */
  every(intervalMs: number, task: () => void): Cancel;
}

export type Cancel = () => void;

/** Both count by CLOCK_MONOTONIC, `performance.now` from where this process began, and without making a bigint. */
const originUs = Number(process.hrtime.bigint()) / 1000 - performance.now() * 1000;

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monoUs: () => Math.floor(originUs + performance.now() * 1000),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
  every(intervalMs, task) {
    const timer = setInterval(task, intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/** A clock that moves only when told to; timers due are run in order of their time. */
export class ManualClock implements Clock {
  #wallMs: number;
  #monoUs: number;
  #timers: { dueUs: number; everyUs: number | undefined; task: () => void }[] = [];

  constructor(options: { readonly wallMs?: number; readonly monoUs?: number } = {}) {
    this.#wallMs = options.wallMs ?? 1_800_000_000_000;
    this.#monoUs = options.monoUs ?? 1_000_000;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  monoUs(): number {
    return this.#monoUs;
  }

  after(delayMs: number, task: () => void): Cancel {
    return this.#add(delayMs, undefined, task);
  }

  every(intervalMs: number, task: () => void): Cancel {
    return this.#add(intervalMs, intervalMs * 1000, task);
  }

  /** Moves time forward by `ms`, running every timer that falls due on the way. */
  advance(ms: number): void {
    const targetUs = this.#monoUs + ms * 1000;
    for (;;) {
      const next = this.#timers.filter((timer) => timer.dueUs <= targetUs).sort((a, b) => a.dueUs - b.dueUs)[0];
      if (!next) break;
      this.#moveTo(next.dueUs);
      if (next.everyUs === undefined) this.#timers = this.#timers.filter((timer) => timer !== next);
      else next.dueUs += next.everyUs;
      next.task();
    }
    this.#moveTo(targetUs);
  }

  #add(delayMs: number, everyUs: number | undefined, task: () => void): Cancel {
    const timer = { dueUs: this.#monoUs + delayMs * 1000, everyUs, task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  #moveTo(monoUs: number): void {
    this.#wallMs += (monoUs - this.#monoUs) / 1000;
    this.#monoUs = monoUs;
  }
}
