/** Looks every second for workers that hang, and has them ended: they carry nothing and keep their ports from others. */

import type { Cancel, Clock } from '../../base/clock.ts';
import type { WorkerSlot } from './worker-slot.ts';

const WATCH_MS = 1000;

export class WorkerWatch {
  readonly #clock: Clock;
  readonly #slots: readonly WorkerSlot[];
  readonly #onHung: (slot: WorkerSlot) => void;
  #watchedUs = 0;
  #cancel: Cancel | undefined;

  constructor(clock: Clock, slots: readonly WorkerSlot[], onHung: (slot: WorkerSlot) => void) {
    this.#clock = clock;
    this.#slots = slots;
    this.#onHung = onHung;
  }

  get isRunning(): boolean {
    return this.#cancel !== undefined;
  }

  start(): void {
    this.#watchedUs = this.#clock.monoUs();
    this.#cancel = this.#clock.every(WATCH_MS, () => this.#look());
  }

  stop(): void {
    this.#cancel?.();
  }

  #look(): void {
    const nowUs = this.#clock.monoUs();
    // Had this thread itself been stopped, what workers said meanwhile would still be waiting to be heard.
    const wasAway = nowUs - this.#watchedUs >= 2 * WATCH_MS * 1000;
    this.#watchedUs = nowUs;
    for (const slot of this.#slots) {
      if (wasAway) slot.forgiveSilence(nowUs);
      else if (slot.endIfHung(nowUs)) this.#onHung(slot);
    }
  }
}
