/**
 * Asks every next hop of the routes now and then whether it lives, and those that failed more often: a few at a time,
 * never all at once, and none while draining. What it learns is the health's to judge.
 */

import type { Cancel, Clock } from '../../base/clock.ts';
import type { RandomBytes } from '../../base/ids.ts';
import type { Metrics } from '../../base/metrics.ts';
import { bracketed } from '../../protocol/sip/ip-address.ts';
import type { HopTarget } from '../../protocol/sip/loose-route.ts';
import type { SipResponse } from '../../protocol/sip/message.ts';
import { Deadlines } from './deadlines.ts';
import type { HopHealth } from './hop-health.ts';
import { HopProbe } from './hop-probe.ts';
import type { ProbeResult } from './hop-probe.ts';
import type { Interfaces } from './interfaces.ts';
import type { SignalingLimits } from './limits.ts';
import type { Locator } from './locate.ts';
import { reach } from './reach.ts';
import type { Tally } from './tally.ts';

export interface ProbedHop {
  readonly hop: HopTarget;
  /** Name of the interface its requests leave by. */
  readonly egress: string;
}

export interface HopProbesOptions {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly limits: SignalingLimits;
  readonly health: HopHealth;
  readonly locator: Locator;
  readonly interfaces: Interfaces;
  readonly metrics: Metrics;
  readonly tally: Tally;
}

interface Watched extends ProbedHop {
  readonly label: string;
  /** When it was last asked, and by how much the next time is earlier or later than its interval says. */
  askedAtUs: number;
  jitter: number;
  /** Counts up, so that a hop with several places is asked at each in turn. */
  turn: number;
  asking: boolean;
}

const TICK_MS = 1000;
/** More are not asked, and come back by time alone. */
const MAX_WATCHED = 1024;
/** Gauges of their own; the series of metrics are bounded. */
const MAX_LABELS = 256;

export class HopProbes {
  readonly #options: HopProbesOptions;
  readonly #deadlines: Deadlines;
  readonly #underWay = new Map<string, HopProbe>();
  #watched: readonly Watched[] = [];
  #cancel: Cancel | undefined;
  #asking = 0;
  /** No questions while we are on our way out. */
  isPaused = false;

  constructor(options: HopProbesOptions) {
    this.#options = options;
    this.#deadlines = new Deadlines(options.clock);
  }

  start(): void {
    const { clock, limits, tally } = this.#options;
    if (limits.probeEveryMs === 0) return;
    this.#cancel = clock.every(TICK_MS, () => tally.fence('probe', () => this.#tick()));
  }

  stop(): void {
    this.#cancel?.();
    this.#deadlines.stop();
    this.#underWay.clear();
  }

  /** These are the next hops of the routes now; what is known of those that stay is kept. */
  watch(hops: readonly ProbedHop[]): void {
    const { health } = this.#options;
    const before = new Map(this.#watched.map((watched) => [keyOf(watched), watched]));
    const wanted = new Map(hops.map((probed) => [keyOf(probed), probed]));
    this.#watched = [...wanted].slice(0, MAX_WATCHED).map(([key, probed]) => before.get(key) ?? this.#begin(probed));
    health.watch(this.#watched.map(({ hop }) => hop));
    for (const gone of before.values()) if (!this.#watched.includes(gone)) this.#gauge(gone)?.set(0);
  }

  /** Whether that response answers a question of ours. */
  receive(response: SipResponse): boolean {
    const probe = this.#underWay.get(response.topVia.branch);
    if (!probe || response.cseq.method !== 'OPTIONS') return false;
    probe.receive(response);
    return true;
  }

  /** Not all at once: the first question comes at a random moment of the shorter interval. */
  #begin(probed: ProbedHop): Watched {
    const { clock, limits } = this.#options;
    const spreadMs = limits.probeEveryMs - limits.probeFailedEveryMs * this.#chance();
    const askedAtUs = clock.monoUs() - spreadMs * 1000;
    return { ...probed, label: labelOf(probed.hop), askedAtUs, jitter: 1, turn: 0, asking: false };
  }

  #tick(): void {
    const { limits, health } = this.#options;
    for (const watched of this.#watched) {
      this.#gauge(watched)?.set(health.isDown(watched.hop) ? 1 : 0);
      if (this.isPaused || this.#asking >= limits.maxProbes || watched.asking) continue;
      if (this.#isDue(watched)) this.#ask(watched);
    }
  }

  #isDue({ hop, askedAtUs, jitter }: Watched): boolean {
    const { clock, limits, health } = this.#options;
    const everyMs = health.isInDoubt(hop) ? limits.probeFailedEveryMs : limits.probeEveryMs;
    return clock.monoUs() >= askedAtUs + everyMs * jitter * 1000;
  }

  #ask(watched: Watched): void {
    const { clock, locator, tally } = this.#options;
    watched.askedAtUs = clock.monoUs();
    watched.jitter = 0.8 + 0.4 * this.#chance();
    watched.turn += 1;
    watched.asking = true;
    this.#asking += 1;
    locator.locate(watched.hop, (targets) => {
      const went = tally.fence('probe', () => this.#askAt(watched, targets));
      if (!went) this.#conclude(watched, watched.hop, { kind: 'unsent' });
    });
  }

  /** Each of its places has its turn; sorted, as chance orders them anew each time. */
  #askAt(watched: Watched, targets: readonly HopTarget[]): void {
    const places = [...targets].sort((a, b) => (labelOf(a) < labelOf(b) ? -1 : 1));
    const place = places[watched.turn % Math.max(1, places.length)];
    this.#options.health.foundAt(watched.hop, places);
    this.#send(watched, places.length > 1 ? place : watched.hop, place);
  }

  #send(watched: Watched, judged: HopTarget | undefined, place: HopTarget | undefined): void {
    const { random, limits, interfaces } = this.#options;
    const egress = interfaces.named(watched.egress);
    const reached = egress && place && reach(egress, place, [place.host]);
    if (!egress || !reached || !judged) {
      this.#conclude(watched, judged ?? watched.hop, { kind: 'unsent' });
      return;
    }
    const probe = new HopProbe({
      hop: watched.hop,
      egress,
      reached,
      random,
      deadlines: this.#deadlines,
      patienceMs: limits.probePatienceMs,
      onResult: (result) => {
        this.#underWay.delete(probe.branch);
        this.#conclude(watched, judged, result);
      },
    });
    this.#underWay.set(probe.branch, probe);
  }

  #conclude(watched: Watched, judged: HopTarget, result: ProbeResult): void {
    const { health, metrics } = this.#options;
    watched.asking = false;
    this.#asking -= 1;
    metrics.counter('earshot_next_hop_probes_total', { result: result.kind }).add();
    if (result.kind === 'answered') health.answered(judged);
    else if (result.kind === 'refused') health.refused(judged, result.retryAfterS);
    else health.failed(judged);
    this.#gauge(watched)?.set(health.isDown(watched.hop) ? 1 : 0);
  }

  #gauge(watched: Watched): { set(value: number): void } | undefined {
    const isNamed = this.#watched.indexOf(watched) < MAX_LABELS;
    return isNamed ? this.#options.metrics.gauge('earshot_next_hop_down', { hop: watched.label }) : undefined;
  }

  #chance(): number {
    return Buffer.from(this.#options.random(4)).readUInt32BE() / 2 ** 32;
  }
}

/** As configured, never as a caller said it. */
function labelOf({ host, port, transport }: HopTarget): string {
  const place = port === undefined ? bracketed(host) : `${bracketed(host)}:${port}`;
  return transport === undefined || transport === 'udp' ? place : `${place}/${transport}`;
}

function keyOf({ hop, egress }: ProbedHop): string {
  return `${egress} ${labelOf(hop)}`;
}
