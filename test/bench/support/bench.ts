/** What a benchmark is to `main.ts`: something that ends by itself and gives figures against a baseline. */

export interface Bench {
  /** One line for the list of benchmarks. */
  readonly says: string;
  /** How long it may take; a minute unless it says so. */
  readonly limitMs?: number;
  /** Rejects when `signal` is aborted, after putting away what it started. */
  run(signal: AbortSignal): Promise<BenchResult>;
}

export type Figure = string | number | boolean | Figures | readonly Figures[];

export interface Figures {
  readonly [name: string]: Figure;
}

export interface BenchResult extends Figures {
  readonly bench: string;
  /** What the ratio is against, where it is no other program. */
  readonly baseline?: string | Figures;
  /** Ours divided by the baseline's, of the same figure in the same run. */
  readonly ratio: number;
}
