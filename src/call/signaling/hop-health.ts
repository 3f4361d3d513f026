/**
 * Which next hops live, with hysteresis: a few failures in a row take one down, a few answers in a row bring it back,
 * and its own Retry-After is obeyed within bounds. It orders them and leaves none out: a dead one is tried last.
 */

import type { Clock } from '../../base/clock.ts';
import type { HopTarget } from '../../protocol/sip/loose-route.ts';
import type { SignalingLimits } from './limits.ts';

const MAX_HOPS = 4096;

interface HopRecord {
  /** In a row, since the last of the other kind. */
  failures: number;
  answers: number;
  isDown: boolean;
  /** Tried last until then: it was silent just now. */
  restUntilUs: number;
  /** Tried last until then: it asked for it. */
  refusesUntilUs: number;
  /** The addresses it was found at: with all of them down, so is it. */
  places: readonly string[];
}

export type HopHealthLimits = Pick<
  SignalingLimits,
  'hopFailures' | 'hopRecoveries' | 'hopRestMs' | 'maxRetryAfterMs' | 'probeEveryMs'
>;

export class HopHealth {
  readonly #clock: Clock;
  readonly #limits: HopHealthLimits;
  readonly #records = new Map<string, HopRecord>();
  #watched = new Set<string>();

  constructor(options: { readonly clock: Clock; readonly limits: HopHealthLimits }) {
    this.#clock = options.clock;
    this.#limits = options.limits;
  }

  /** The hops in the order to try them: as given, those that rest or are down behind the others. */
  order(hops: readonly HopTarget[]): HopTarget[] {
    const isLast = hops.map((hop) => this.isDown(hop) || this.isResting(hop));
    return [...hops.filter((_hop, at) => !isLast[at]), ...hops.filter((_hop, at) => isLast[at])];
  }

  /** It did not answer, or could not be reached: every further caller would wait for it. */
  failed(hop: HopTarget): void {
    const record = this.#fail(hop);
    record.restUntilUs = this.#inMs(this.#limits.hopRestMs);
  }

  /** It said 503, and perhaps for how long (RFC 3261 §21.5.4): that costs nobody a wait, and one says little. */
  refused(hop: HopTarget, retryAfterS: number | undefined): void {
    const record = this.#fail(hop);
    if (record.isDown) record.restUntilUs = this.#inMs(this.#limits.hopRestMs);
    if (retryAfterS === undefined) return;
    record.refusesUntilUs = this.#inMs(Math.min(retryAfterS * 1000, this.#limits.maxRetryAfterMs));
  }

  /** It said anything else: it lives. */
  answered(hop: HopTarget): void {
    const record = this.#records.get(keyOf(hop));
    if (!record) return;
    record.failures = 0;
    record.answers += 1;
    if (record.isDown && record.answers < this.#limits.hopRecoveries) return;
    record.isDown = false;
    record.restUntilUs = 0;
    if (record.places.length === 0 && !this.isResting(hop)) this.#records.delete(keyOf(hop));
  }

  /** Where a hop was found. */
  foundAt(hop: HopTarget, places: readonly HopTarget[]): void {
    const keys = places.length > 1 ? places.map(keyOf) : [];
    if (keys.length > 0 || this.#records.has(keyOf(hop))) this.#record(hop).places = keys;
  }

  isDown(hop: HopTarget): boolean {
    const record = this.#records.get(keyOf(hop));
    if (!record) return false;
    if (this.#isDown(hop, record)) return true;
    const places = record.places.map((key) => this.#records.get(key));
    return places.length > 0 && places.every((place) => place?.isDown && place.restUntilUs > this.#clock.monoUs());
  }

  isResting(hop: HopTarget): boolean {
    const record = this.#records.get(keyOf(hop));
    return record !== undefined && Math.max(record.restUntilUs, record.refusesUntilUs) > this.#clock.monoUs();
  }

  /** Whether it failed since it last answered, or has not yet answered often enough. */
  isInDoubt(hop: HopTarget): boolean {
    const record = this.#records.get(keyOf(hop));
    const all = record ? [record, ...record.places.map((key) => this.#records.get(key))] : [];
    return all.some((one) => one !== undefined && (one.isDown || one.failures > 0));
  }

  /** Hops that are asked how they are: their state lasts until they say something else. */
  watch(hops: readonly HopTarget[]): void {
    this.#watched = new Set(hops.map(keyOf));
  }

  #isDown(hop: HopTarget, record: HopRecord): boolean {
    return record.isDown && (this.#isWatched(hop) || record.restUntilUs > this.#clock.monoUs());
  }

  #isWatched(hop: HopTarget): boolean {
    return this.#limits.probeEveryMs > 0 && this.#watched.has(keyOf(hop));
  }

  #fail(hop: HopTarget): HopRecord {
    const record = this.#record(hop);
    record.answers = 0;
    record.failures += 1;
    record.isDown ||= record.failures >= this.#limits.hopFailures;
    return record;
  }

  #inMs(ms: number): number {
    return this.#clock.monoUs() + ms * 1000;
  }

  #record(hop: HopTarget): HopRecord {
    const key = keyOf(hop);
    const known = this.#records.get(key);
    if (known) return known;
    if (this.#records.size >= MAX_HOPS) this.#records.clear();
    const record: HopRecord = { failures: 0, answers: 0, isDown: false, restUntilUs: 0, refusesUntilUs: 0, places: [] };
    this.#records.set(key, record);
    return record;
  }
}

function keyOf({ host, port, transport }: HopTarget): string {
  return `${host.toLowerCase()} ${port ?? ''} ${transport ?? ''}`;
}
