/** What a benchmark is to `main.ts`: something that runs within a minute and gives figures against a baseline. */

export interface Bench {
  /** One line for the list of benchmarks. */
  readonly says: string;
  /** Rejects when `signal` is aborted, after putting away what it started. */
  run(signal: AbortSignal): Promise<BenchResult>;
}

export type Figure = string | number | Figures;

export interface Figures {
  readonly [name: string]: Figure;
}

export interface BenchResult extends Figures {
  readonly bench: string;
  readonly baseline: string;
  /** Ours divided by the baseline's, of the same figure in the same run. */
  readonly ratio: number;
}
