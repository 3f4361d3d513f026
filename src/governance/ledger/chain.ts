/**
 * One chain: the entries of one log by one node in one epoch, each naming the leaf before it. It hands out places and
 * never takes one back, so an entry must be known to be good before it comes here.
 */

import { assert } from '../../base/assert.ts';
import { ENTRY_SCHEMA, type Entry, type EntryBody } from '../../model/evidence.ts';
import type { EntryRow } from '../../store/schema.ts';
import { encodeCanonical } from './canonical.ts';
import { leafOf, NO_LEAF } from './leaf.ts';
import type { Receipt } from './ledger.ts';
import { projectEntry } from './projections.ts';

export interface ChainName {
  readonly log: string;
  readonly node: string;
  readonly epoch: string;
  /** Partition of every entry of the epoch. */
  readonly month: number;
}

/** When something was said, by wall clock and CLOCK_MONOTONIC. */
export interface Instant {
  readonly at_ms: number;
  readonly mono_us: number;
}

export class Chain {
  readonly name: ChainName;
  #nextSeq = 0;
  #prev: Buffer = NO_LEAF;
  #isClosed = false;

  constructor(name: ChainName) {
    this.name = name;
  }

  /** Entries written so far, which is also the next place. */
  get length(): number {
    return this.#nextSeq;
  }

  /** Gives `body` the next place and returns it as it is stored. Entry 0 is `epoch.open`, the last `epoch.close`. */
  add(body: EntryBody, instant: Instant): EntryRow {
    assert(!this.#isClosed, 'a closed chain takes no entry');
    assert((body.kind === 'epoch.open') === (this.#nextSeq === 0), 'a chain begins with epoch.open and only there');
    const { month, log, node, epoch } = this.name;
    const seq = this.#nextSeq;
    const entry = frameEntry(body, { log, node, epoch, seq, prev: this.#prev.toString('hex'), ...instant });
    const raw = encodeCanonical(entry);
    const leaf = leafOf(raw);
    const row = { month, log, node, epoch, seq, prev: this.#prev, leaf, raw, ...projectEntry(entry) };
    this.#nextSeq += 1;
    this.#prev = leaf;
    this.#isClosed = body.kind === 'epoch.close';
    return row;
  }
}

export function receiptOf(row: EntryRow): Receipt {
  return { log: row.log, epoch: row.epoch, seq: row.seq, leaf: row.leaf.toString('hex') };
}

/** Whether `body` still fits the limit of an entry at any place of any chain of this log. */
export function fitsEntry(body: EntryBody, log: string, node: string): boolean {
  const widest = Number.MAX_SAFE_INTEGER;
  const place = { log, node, epoch: `p_${'0'.repeat(32)}`, seq: widest, prev: '0'.repeat(64) };
  try {
    encodeCanonical(frameEntry(body, { ...place, at_ms: widest, mono_us: widest }));
    return true;
  } catch {
    return false;
  }
}

type Frame = Pick<Entry, 'log' | 'node' | 'epoch' | 'seq' | 'prev' | 'at_ms' | 'mono_us'>;

function frameEntry(body: EntryBody, frame: Frame): Entry {
  return { ...body, ...frame, schema: ENTRY_SCHEMA };
}
