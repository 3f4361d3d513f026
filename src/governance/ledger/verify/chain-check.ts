/**
 * One chain, entry after entry: that each is what was hashed, stands where it says, follows the one before it, and that
 * the columns beside it say the same.
 */

import { readEntry, type Entry } from '../../../model/evidence.ts';
import { monthOf } from '../../../store/month.ts';
import type { EntryRow, Projections } from '../../../store/schema.ts';
import { decodeCanonical } from '../canonical.ts';
import { leafOf, NO_LEAF } from '../leaf.ts';
import { projectEntry } from '../projections.ts';
import type { Findings, Place } from './findings.ts';

export class ChainCheck {
  readonly #findings: Findings;
  #nextSeq = 0;
  #head: Buffer = NO_LEAF;
  #month: number | undefined;
  #isClosed = false;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Place after the last entry seen. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** Leaf (hex) of the last entry seen, computed from its bytes. */
  get head(): string {
    return this.#head.toString('hex');
  }

  /** Checks the next row. Returns its entry; `unknown` for a kind or schema of another version; undefined when bad. */
  add(row: EntryRow): Entry | 'unknown' | undefined {
    if (row.seq < this.#nextSeq) {
      this.#findings.add('integrity', 'out_of_order', row);
      return undefined;
    }
    const isContiguous = row.seq === this.#nextSeq;
    if (!isContiguous) this.#findings.add('completeness', 'missing_entry', { ...placeOf(row), seq: this.#nextSeq });
    const leaf = leafOf(row.raw);
    if (!leaf.equals(row.leaf)) this.#findings.add('integrity', 'leaf_mismatch', row);
    const before = isContiguous ? this.#head.toString('hex') : undefined;
    this.#nextSeq = row.seq + 1;
    this.#head = leaf;
    const entry = this.#read(row);
    if (entry !== undefined && entry !== 'unknown') this.#checkPlace(row, entry, before);
    return entry;
  }

  #read(row: EntryRow): Entry | 'unknown' | undefined {
    const value = decodeCanonical(row.raw);
    if (value === undefined) {
      this.#findings.add('integrity', 'not_canonical', row);
      return undefined;
    }
    const read = readEntry(value);
    if (read === 'unknown') return 'unknown';
    if (read !== 'invalid') return read.entry;
    this.#findings.add('integrity', 'invalid_entry', row);
    return undefined;
  }

  #checkPlace(row: EntryRow, entry: Entry, before: string | undefined): void {
    const { log, node, epoch, seq, prev } = entry;
    if (log !== row.log || node !== row.node || epoch !== row.epoch || seq !== row.seq) {
      this.#findings.add('integrity', 'misplaced', row);
    }
    if (before !== undefined && prev !== before) this.#findings.add('integrity', 'prev_mismatch', row);
    if ((entry.kind === 'epoch.open') !== (row.seq === 0)) this.#findings.add('integrity', 'wrong_opening', row);
    if (this.#isClosed) this.#findings.add('integrity', 'after_close', row);
    if (entry.kind === 'epoch.close') {
      this.#isClosed = true;
      if (entry.entries !== row.seq + 1) this.#findings.add('completeness', 'close_count', row);
    }
    this.#checkColumns(row, entry);
  }

  #checkColumns(row: EntryRow, entry: Entry): void {
    if (row.prev.toString('hex') !== entry.prev) this.#findings.add('projections', 'column_prev', row);
    this.#month ??= monthOf(entry.at_ms);
    if (row.month !== this.#month) this.#findings.add('projections', 'column_month', row);
    const expected = projectEntry(entry);
    for (const name of Object.keys(expected) as (keyof Projections)[]) {
      if (!isSame(row[name], expected[name])) this.#findings.add('projections', `column_${name}`, row);
    }
  }
}

function isSame(stored: Column, expected: Column): boolean {
  if (!Array.isArray(stored) || !Array.isArray(expected)) return stored === expected;
  return stored.length === expected.length && stored.every((item, index) => item === expected[index]);
}

type Column = Projections[keyof Projections];

function placeOf({ log, node, epoch, seq }: EntryRow): Place {
  return { log, node, epoch, seq };
}
