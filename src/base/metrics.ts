/**
 * Counters and gauges of one process or worker, cheap enough for the packet path and plain enough to cross a socket.
 * Labels are closed words of ours (reasons, directions, configured names), never anything a caller said.
 */

export type MetricKind = 'counter' | 'gauge';

export interface MetricSample {
  readonly name: string;
  readonly kind: MetricKind;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A single number that is incremented in place: `counter.add(1)` is one addition. */
export class Metric {
  readonly name: string;
  readonly kind: MetricKind;
  readonly labels: Readonly<Record<string, string>>;
  value = 0;

  constructor(name: string, kind: MetricKind, labels: Readonly<Record<string, string>>) {
    this.name = name;
    this.kind = kind;
    this.labels = labels;
  }

  add(amount = 1): void {
    this.value += amount;
  }

  set(value: number): void {
    this.value = value;
  }
}

const MAX_SERIES = 4096;

export class Metrics {
  readonly #series = new Map<string, Metric>();
  readonly #overflow = new Metric('earshot_metric_series_refused_total', 'counter', {});

  /** The counter of that name and labels; the same object every time, so callers may keep it. */
  counter(name: string, labels: Readonly<Record<string, string>> = {}): Metric {
    return this.#get(name, 'counter', labels);
  }

  gauge(name: string, labels: Readonly<Record<string, string>> = {}): Metric {
    return this.#get(name, 'gauge', labels);
  }

  snapshot(): MetricSample[] {
    return [this.#overflow, ...this.#series.values()].map(({ name, kind, labels, value }) => ({
      name,
      kind,
      labels,
      value,
    }));
  }

  #get(name: string, kind: MetricKind, labels: Readonly<Record<string, string>>): Metric {
    const key = name + JSON.stringify(labels);
    const known = this.#series.get(key);
    if (known) return known;
    const metric = new Metric(name, kind, labels);
    if (this.#series.size >= MAX_SERIES) this.#overflow.add();
    else this.#series.set(key, metric);
    return metric;
  }
}
