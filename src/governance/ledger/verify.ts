/**
 * Verifies a ledger from its rows alone: no database, no trust in who delivers them. Verdicts stay apart, and what
 * was not looked at is `not_evaluated`, never a pass.
 */

import { SYSTEM_LOG, type Entry } from '../../model/evidence.ts';
import type { EntryRow } from '../../store/schema.ts';
import { ChainCheck } from './verify/chain-check.ts';
import { Commitments } from './verify/commitments.ts';
import type { ExportScope } from './verify/export-file.ts';
import { Findings, type Finding, type Verdict, type VerdictName } from './verify/findings.ts';
import { LeaseCheck } from './verify/lease-check.ts';
import { PciCheck, type PciFigures } from './verify/pci-check.ts';
import { ReadCheck } from './verify/read-check.ts';
import { ReleaseCheck } from './verify/release-check.ts';

/**
 * `verified`: nothing failed but that card data was sent and is admitted (`pci_windows`), and integrity, completeness,
 * projections and lease arithmetic were all evaluated.
 * `partial`: the logs of some tenants without the system log that witnesses them. All that they say holds; whether it is
 * all they once said is not known here.
 */
export type VerifyOutcome = 'verified' | 'partial' | 'not_verified';

export interface VerifyReport {
  readonly outcome: VerifyOutcome;
  /** Whether the outcome is `verified`. */
  readonly verified: boolean;
  /** Whose logs these claimed to be. */
  readonly scope: ExportScope;
  readonly verdicts: Readonly<Record<VerdictName, Verdict>>;
  readonly entries: number;
  readonly chains: number;
  /** Entries of a kind or schema this verifier does not know. */
  readonly unknown: number;
  /** Entries that record audio or text which did not get through. */
  readonly gaps: number;
  /** Reads that were recorded and of whose end nothing is said: going on, or broken off with their node. */
  readonly openReads: number;
  /** What was sent while card data was being taken: `pci_windows` passes only where that is nothing. */
  readonly pci: PciFigures;
  /** Entries no heartbeat covers yet, and which could therefore be cut off unnoticed. */
  readonly uncovered: number;
  readonly findings: readonly Finding[];
  readonly findingsOmitted: number;
}

/** What must be evaluated before anything may be called verified. */
const REQUIRED: readonly VerdictName[] = ['integrity', 'completeness', 'projections', 'lease_arithmetic'];
/** What needs the heartbeats of the system log, which tenants' logs come without. */
const NEEDS_SYSTEM: ReadonlySet<VerdictName> = new Set<VerdictName>(['completeness']);

/**
 * One pass over rows that come log by log, `system` first, each chain from its first entry on. Rows claim to be the whole
 * ledger unless `scope` names the tenants they are of. Memory grows with chains, leases and releases, not with entries.
 */
export async function verifyLedger(
  rows: Iterable<EntryRow> | AsyncIterable<EntryRow>,
  scope: ExportScope = 'all',
): Promise<VerifyReport> {
  const verifier = new LedgerVerifier(scope);
  for await (const row of rows) verifier.add(row);
  return verifier.finish();
}

export class LedgerVerifier {
  readonly #findings = new Findings();
  readonly #commitments = new Commitments(this.#findings);
  readonly #leases = new LeaseCheck(this.#findings);
  readonly #releases = new ReleaseCheck(this.#findings);
  readonly #reads = new ReadCheck(this.#findings);
  readonly #pci = new PciCheck(this.#findings);
  readonly #scope: ExportScope;
  readonly #chains = new Map<string, { readonly name: ChainName; readonly check: ChainCheck }>();
  /** By log and epoch, as heads name a chain; epoch ids are random, so one node's. */
  readonly #byHead = new Map<string, ChainCheck>();
  #entries = 0;
  #unknown = 0;
  #gaps = 0;

  constructor(scope: ExportScope = 'all') {
    this.#scope = scope;
  }

  add(row: EntryRow): void {
    this.#entries += 1;
    if (this.#scope !== 'all' && !this.#scope.includes(row.log)) this.#findings.add('integrity', 'out_of_scope', row);
    const chain = this.#chainOf(row);
    const isNext = row.seq >= chain.nextSeq;
    const entry = chain.add(row);
    if (isNext) this.#commitments.meet(row, chain.head);
    if (entry === 'unknown') this.#unknown += 1;
    else if (entry) this.#judge(entry);
  }

  finish(): VerifyReport {
    this.#commitments.finish((log, epoch) => this.#findChain(log, epoch));
    this.#leases.finish();
    this.#releases.finish();
    this.#pci.finish(this.#leases.leases);
    this.#checkSystemChains();
    const verdicts = this.#verdicts();
    const outcome = this.#outcomeOf(verdicts);
    return {
      outcome,
      verified: outcome === 'verified',
      scope: this.#scope,
      verdicts,
      entries: this.#entries,
      chains: this.#chains.size,
      unknown: this.#unknown,
      gaps: this.#gaps,
      openReads: this.#reads.open,
      pci: this.#pci.figures,
      uncovered: this.#countUncovered(),
      findings: this.#findings.list,
      findingsOmitted: this.#findings.omitted,
    };
  }

  #judge(entry: Entry): void {
    if (entry.kind === 'gap') this.#gaps += 1;
    this.#commitments.note(entry, (log, epoch) => this.#findChain(log, epoch));
    this.#leases.add(entry);
    this.#releases.add(entry);
    this.#reads.add(entry);
    this.#pci.add(entry);
  }

  #outcomeOf(verdicts: Readonly<Record<VerdictName, Verdict>>): VerifyOutcome {
    // That card data was sent, and is admitted, is a failure of conduct and not of the evidence.
    const isEvidence = (name: string): boolean => name !== 'pci_windows' || this.#pci.isContradicted;
    const failed = Object.entries(verdicts).filter(([, verdict]) => verdict === 'fail');
    if (failed.some(([name]) => isEvidence(name))) return 'not_verified';
    const missing = REQUIRED.filter((name) => verdicts[name] !== 'pass');
    if (missing.length === 0 && this.#scope === 'all') return 'verified';
    const isPartial = this.#scope !== 'all' && missing.every((name) => NEEDS_SYSTEM.has(name));
    return isPartial ? 'partial' : 'not_verified';
  }

  #chainOf(row: EntryRow): ChainCheck {
    const key = `${row.log}\n${row.node}\n${row.epoch}`;
    const known = this.#chains.get(key);
    if (known) return known.check;
    const check = new ChainCheck(this.#findings);
    this.#chains.set(key, { name: { log: row.log, node: row.node, epoch: row.epoch }, check });
    this.#byHead.set(`${row.log}\n${row.epoch}`, check);
    return check;
  }

  #findChain(log: string, epoch: string): ChainCheck | undefined {
    return this.#byHead.get(`${log}\n${epoch}`);
  }

  /** Every epoch writes its heartbeats; a chain without them had its witness removed. */
  #checkSystemChains(): void {
    if (this.#commitments.heartbeats === 0) return;
    for (const { name } of this.#chains.values()) {
      if (this.#findChain(SYSTEM_LOG, name.epoch)) continue;
      this.#findings.add('completeness', 'system_chain_lost', { ...name, log: SYSTEM_LOG, seq: 0 });
    }
  }

  #countUncovered(): number {
    let uncovered = 0;
    for (const { name, check } of this.#chains.values()) {
      if (name.log === SYSTEM_LOG) continue;
      uncovered += this.#commitments.uncovered(name.log, name.epoch, check.nextSeq);
    }
    return uncovered;
  }

  #verdicts(): Record<VerdictName, Verdict> {
    const judge = (name: VerdictName, isEvaluated: boolean): Verdict => {
      if (this.#findings.hasFailed(name)) return 'fail';
      return isEvaluated && this.#entries > 0 ? 'pass' : 'not_evaluated';
    };
    const isAllKnown = this.#unknown === 0;
    const isCommitted = this.#commitments.heartbeats > 0 && this.#commitments.unchecked === 0;
    return {
      integrity: judge('integrity', true),
      completeness: judge('completeness', isCommitted),
      projections: judge('projections', isAllKnown),
      lease_arithmetic: judge('lease_arithmetic', isAllKnown),
      release_order: judge('release_order', isAllKnown),
      reads: judge('reads', isAllKnown),
      signer: 'not_evaluated',
      policy_conformance: 'not_evaluated',
      // Where no card data was ever taken there was nothing to be kept from anybody.
      pci_windows: judge('pci_windows', isAllKnown && this.#pci.figures.windows > 0),
    };
  }
}

interface ChainName {
  readonly log: string;
  readonly node: string;
  readonly epoch: string;
}
