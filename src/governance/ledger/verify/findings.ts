/** What a verifier found: one line per defect, naming the place. Bounded, because a forged ledger can be all defects. */

export type VerdictName =
  | 'integrity'
  | 'completeness'
  | 'projections'
  | 'lease_arithmetic'
  | 'release_order'
  | 'reads'
  | 'signer'
  | 'policy_conformance'
  | 'pci_windows';

export type Verdict = 'pass' | 'fail' | 'not_evaluated';

/** A place in a chain. */
export interface Place {
  readonly log: string;
  readonly node: string;
  readonly epoch: string;
  readonly seq: number;
}

export interface Finding extends Place {
  readonly verdict: VerdictName;
  /** A closed word of ours, such as `leaf_mismatch`. */
  readonly code: string;
}

const MAX_FINDINGS = 1000;

export class Findings {
  readonly list: Finding[] = [];
  readonly #failed = new Set<VerdictName>();
  #total = 0;

  get omitted(): number {
    return this.#total - this.list.length;
  }

  add(verdict: VerdictName, code: string, { log, node, epoch, seq }: Place): void {
    this.#failed.add(verdict);
    this.#total += 1;
    if (this.list.length < MAX_FINDINGS) this.list.push({ verdict, code, log, node, epoch, seq });
  }

  hasFailed(verdict: VerdictName): boolean {
    return this.#failed.has(verdict);
  }
}
