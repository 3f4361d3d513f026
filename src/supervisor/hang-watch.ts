/**
 * Looks for planes that have said nothing for too long, and has them ended. While this process itself was stopped or
 * starved nobody could be heard, so nobody is blamed for a silence of then: it would end planes that carry calls.
 */

import type { Cancel, Clock } from '../base/clock.ts';

const WATCH_MS = 500;
/** A process that never said hello is given the time a start takes on top. */
const START_GRACE_MS = 20_000;

/** What it must know of a plane. */
export interface Watched<Name extends string> {
  readonly name: Name;
  /** Ms since it was last heard, or undefined before its first hello. */
  silentMs(): number | undefined;
  /** Ms since its process was started or adopted; 0 while there is none. */
  ageMs(): number;
}

export interface HangWatchOptions<Name extends string> {
  readonly clock: Clock;
  readonly hangMs: number;
  readonly planes: readonly Watched<Name>[];
  /** We were away until now: what planes said meanwhile is still waiting to be read. */
  onAway(): void;
  onHung(name: Name): void;
}

export class HangWatch<Name extends string> {
  readonly #options: HangWatchOptions<Name>;
  #lookedUs = 0;
  #cancel: Cancel | undefined;

  constructor(options: HangWatchOptions<Name>) {
    this.#options = options;
  }

  start(): void {
    const { clock } = this.#options;
    this.#lookedUs = clock.monoUs();
    this.#cancel = clock.every(WATCH_MS, () => this.#look());
  }

  stop(): void {
    this.#cancel?.();
  }

  #look(): void {
    const { clock, hangMs, planes } = this.#options;
    const nowUs = clock.monoUs();
    const wasAway = nowUs - this.#lookedUs >= 2 * WATCH_MS * 1000;
    this.#lookedUs = nowUs;
    if (wasAway) {
      this.#options.onAway();
      return;
    }
    for (const plane of planes) {
      const silentMs = plane.silentMs() ?? plane.ageMs() - START_GRACE_MS;
      if (silentMs >= hangMs) this.#options.onHung(plane.name);
    }
  }
}
