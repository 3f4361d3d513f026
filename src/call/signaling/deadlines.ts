/**
 * Many deadlines on one timer: a binary heap of alarms, each of which can be moved or taken out at once.
 * A cleared alarm leaves nothing behind, so a transaction that ended early is not held until its deadline.
 */

import type { Cancel, Clock } from '../../base/clock.ts';

export class Deadlines {
  readonly #clock: Clock;
  readonly #heap: Alarm[] = [];
  #armedAtMs = Number.POSITIVE_INFINITY;
  #cancelTimer: Cancel | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Monotonic time in milliseconds, the scale of every alarm. */
  nowMs(): number {
    return this.#clock.monoUs() / 1000;
  }

  /** An alarm that is not set yet. `ring` must not throw. */
  alarm(ring: (nowMs: number) => void): Alarm {
    return new Alarm(ring);
  }

  /** Sets or moves an alarm; an infinite time clears it. */
  set(alarm: Alarm, atMs: number): void {
    if (alarm.index >= 0 && alarm.atMs === atMs) return;
    this.#remove(alarm);
    if (atMs === Number.POSITIVE_INFINITY) return;
    alarm.atMs = atMs;
    alarm.index = this.#heap.length;
    this.#heap.push(alarm);
    this.#rise(alarm);
    this.#arm();
  }

  /** Clears every alarm and the timer. */
  stop(): void {
    for (const alarm of this.#heap.splice(0)) alarm.index = -1;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#armedAtMs = Number.POSITIVE_INFINITY;
  }

  /** A timer that fires too early is harmless, so it is moved forward only, never back. */
  #arm(): void {
    const next = this.#heap[0];
    if (!next || next.atMs >= this.#armedAtMs) return;
    this.#cancelTimer?.();
    this.#armedAtMs = next.atMs;
    this.#cancelTimer = this.#clock.after(Math.max(0, Math.ceil(next.atMs - this.nowMs())), () => this.#fire());
  }

  #fire(): void {
    this.#armedAtMs = Number.POSITIVE_INFINITY;
    this.#cancelTimer = undefined;
    const nowMs = this.nowMs();
    for (let next = this.#heap[0]; next && next.atMs <= nowMs; next = this.#heap[0]) {
      this.#remove(next);
      next.ring(nowMs);
    }
    this.#arm();
  }

  #remove(alarm: Alarm): void {
    const { index } = alarm;
    if (index < 0) return;
    alarm.index = -1;
    const last = this.#heap.pop();
    if (!last || last === alarm) return;
    last.index = index;
    this.#heap[index] = last;
    this.#rise(last);
    this.#sink(last);
  }

  #rise(alarm: Alarm): void {
    while (alarm.index > 0) {
      const above = this.#heap[(alarm.index - 1) >> 1];
      if (!above || above.atMs <= alarm.atMs) return;
      this.#swap(above, alarm);
    }
  }

  #sink(alarm: Alarm): void {
    for (;;) {
      const left = this.#heap[alarm.index * 2 + 1];
      const right = this.#heap[alarm.index * 2 + 2];
      const sooner = left && right ? (left.atMs <= right.atMs ? left : right) : left;
      if (!sooner || sooner.atMs >= alarm.atMs) return;
      this.#swap(alarm, sooner);
    }
  }

  #swap(above: Alarm, below: Alarm): void {
    const index = above.index;
    above.index = below.index;
    below.index = index;
    this.#heap[above.index] = above;
    this.#heap[below.index] = below;
  }
}

/** One deadline; moved only through `Deadlines.set`. */
export class Alarm {
  readonly ring: (nowMs: number) => void;
  atMs = Number.POSITIVE_INFINITY;
  /** Its place in the heap, -1 when it is not set. */
  index = -1;

  constructor(ring: (nowMs: number) => void) {
    this.ring = ring;
  }
}
