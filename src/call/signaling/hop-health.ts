/** Which next hops failed lately: they are tried last, so a dead one costs the first callers a wait and not every caller. */

import type { Clock } from '../../base/clock.ts';
import type { HopTarget } from '../../protocol/sip/loose-route.ts';

const MAX_HOPS = 4096;

export class HopHealth {
  readonly #clock: Clock;
  readonly #restMs: number;
  readonly #restingUntilUs = new Map<string, number>();

  constructor(options: { readonly clock: Clock; readonly restMs: number }) {
    this.#clock = options.clock;
    this.#restMs = options.restMs;
  }

  /** The hops in the order to try them: as given, those resting behind the others. None is ever left out. */
  order(hops: readonly HopTarget[]): HopTarget[] {
    return [...hops.filter((hop) => !this.#isResting(hop)), ...hops.filter((hop) => this.#isResting(hop))];
  }

  failed(hop: HopTarget): void {
    if (this.#restingUntilUs.size >= MAX_HOPS) this.#restingUntilUs.clear();
    this.#restingUntilUs.set(keyOf(hop), this.#clock.monoUs() + this.#restMs * 1000);
  }

  answered(hop: HopTarget): void {
    this.#restingUntilUs.delete(keyOf(hop));
  }

  #isResting(hop: HopTarget): boolean {
    const until = this.#restingUntilUs.get(keyOf(hop));
    return until !== undefined && this.#clock.monoUs() < until;
  }
}

function keyOf(hop: HopTarget): string {
  return `${hop.host} ${hop.port ?? ''}`;
}
