/** What a benchmark is to `main.ts`: something that ends by itself and gives figures against a baseline. */

export interface Bench {
  /** One line for the list of benchmarks. */
  readonly says: string;
  /** How long it may take; a minute unless it says so. */
  readonly limitMs?: number;
  /** Figures that what it says shows already, and better. */
  readonly said?: readonly string[];
  /**
   * Rejects when `signal` is aborted, after putting away what it started. `say` is for what people read and programs
   * do not: it comes before the figures.
   */
  run(signal: AbortSignal, say: (text: string) => void): Promise<BenchResult>;
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
