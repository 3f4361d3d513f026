/**
 * What one chain says about another: heads in heartbeats, ends of abandoned and of preceding epochs. A chain that was
 * cut, or taken away whole, is contradicted here.
 */

import type { Entry } from '../../../model/evidence.ts';
import type { Receipt } from '../ledger.ts';
import type { Findings, Place } from './findings.ts';

interface ChainState {
  readonly nextSeq: number;
  readonly head: string;
}

interface Said {
  readonly leaf: string;
  /** Who committed to it. */
  readonly node: string;
}

interface Ending extends Receipt {
  readonly said: Place;
}

export class Commitments {
  readonly #findings: Findings;
  /** Heads not met yet, by chain and seq. Of heads said again and again one is kept. */
  readonly #expected = new Map<string, Map<number, Said>>();
  readonly #endings: Ending[] = [];
  readonly #lastCommitted = new Map<string, number>();
  #heartbeats = 0;
  #unchecked = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  get heartbeats(): number {
    return this.#heartbeats;
  }

  /** Heads of places that had already gone by: rows did not come with the system log first. */
  get unchecked(): number {
    return this.#unchecked;
  }

  /** Notes what `entry` says of other chains; `chainOf` knows how far each has been read. */
  note(entry: Entry, chainOf: (log: string, epoch: string) => ChainState | undefined): void {
    const said = { log: entry.log, node: entry.node, epoch: entry.epoch, seq: entry.seq };
    if (entry.kind === 'heartbeat') {
      this.#heartbeats += 1;
      for (const head of entry.heads) this.#expect(head, entry.node, chainOf(head.log, head.epoch));
    }
    if (entry.kind === 'epoch.abandoned') this.#endings.push({ ...entry.abandoned, said });
    if (entry.kind === 'epoch.open' && entry.previous) this.#endings.push({ ...entry.previous, said });
  }

  /** Compares an entry just read with what was said about its place. */
  meet(place: Place, leaf: string): void {
    const expected = this.#expected.get(nameOf(place.log, place.epoch));
    const said = expected?.get(place.seq);
    if (!said) return;
    expected?.delete(place.seq);
    if (said.leaf !== leaf) this.#findings.add('completeness', 'head_mismatch', place);
  }

  /** Reports heads that were never met and endings that were not the end. */
  finish(chainOf: (log: string, epoch: string) => ChainState | undefined): void {
    for (const [name, places] of this.#expected) {
      const [log = '', epoch = ''] = name.split('\n');
      for (const [seq, { node }] of places) this.#findings.add('completeness', 'head_lost', { log, node, epoch, seq });
    }
    for (const { log, epoch, seq, leaf, said } of this.#endings) {
      const chain = chainOf(log, epoch);
      const place = { log, node: said.node, epoch, seq };
      if (!chain) this.#findings.add('completeness', 'chain_lost', place);
      else if (chain.nextSeq !== seq + 1 || chain.head !== leaf) {
        this.#findings.add('completeness', 'end_mismatch', place);
      }
    }
  }

  /** Entries of a chain that no heartbeat covers yet: what could be cut off without this ledger noticing. */
  uncovered(log: string, epoch: string, nextSeq: number): number {
    return nextSeq - 1 - (this.#lastCommitted.get(nameOf(log, epoch)) ?? -1);
  }

  #expect(head: Receipt, node: string, chain: ChainState | undefined): void {
    const name = nameOf(head.log, head.epoch);
    this.#lastCommitted.set(name, Math.max(head.seq, this.#lastCommitted.get(name) ?? -1));
    const place = { log: head.log, node, epoch: head.epoch, seq: head.seq };
    if (chain && chain.nextSeq > head.seq) {
      if (chain.nextSeq !== head.seq + 1) this.#unchecked += 1;
      else if (chain.head !== head.leaf) this.#findings.add('completeness', 'head_mismatch', place);
      return;
    }
    const places = this.#expected.get(name) ?? new Map<number, Said>();
    const known = places.get(head.seq);
    if (known && known.leaf !== head.leaf) this.#findings.add('completeness', 'head_contradiction', place);
    places.set(head.seq, { leaf: head.leaf, node });
    this.#expected.set(name, places);
  }
}

/** Neither a log's name nor an epoch's holds a line feed. */
function nameOf(log: string, epoch: string): string {
  return `${log}\n${epoch}`;
}
