/**
 * What the ledger says was sealed of a call, to hold it against what is stored: anybody can seal to a public key, but
 * only what governance recorded is what it sealed.
 */

import { SYSTEM_LOG, readEntry, type Entry } from '../model/evidence.ts';
import type { StoredObject } from '../store/sealed.ts';
import type { OpenedObject } from './open-object.ts';

type OpenEntry = Extract<Entry, { kind: 'retention.open' }>;
type CloseEntry = Extract<Entry, { kind: 'retention.close' }>;

/** `unrecorded`: no entry says it was sealed, or says otherwise. `truncated`: there is less of it than was recorded. */
export type Discrepancy = 'unrecorded' | 'truncated';

export class Recorded {
  readonly #opens = new Map<string, OpenEntry>();
  readonly #closes = new Map<string, CloseEntry>();

  constructor(evidence: readonly Buffer[], place: { readonly tenant: string; readonly call: string }) {
    for (const raw of evidence) {
      const entry = readRaw(raw);
      if (entry === undefined || entry.log === SYSTEM_LOG || entry.log !== place.tenant) continue;
      if (entry.kind === 'retention.open' && entry.call === place.call) this.#opens.set(entry.sealed, entry);
      if (entry.kind === 'retention.close' && entry.call === place.call) this.#closes.set(entry.sealed, entry);
    }
  }

  /** Objects that were begun, stored or not. */
  get begun(): number {
    return this.#opens.size;
  }

  /** What does not fit, or undefined when stored and recorded agree. */
  compare(object: StoredObject, opened: Extract<OpenedObject, { kind: 'opened' }>): Discrepancy | undefined {
    const open = this.#opens.get(object.sealed);
    const isRecorded = open?.key_commit === object.key_commit.toString('hex') && open.class === object.class;
    if (!isRecorded) return 'unrecorded';
    const close = this.#closes.get(object.sealed);
    if (close === undefined) return undefined;
    const stored = object.chunks.length;
    // One more than the writer knew of may be there, where an answer of the database was lost; never one less.
    const isWhole = close.complete ? opened.hasEnd && stored === close.chunks : stored >= close.chunks;
    return isWhole ? undefined : 'truncated';
  }
}

function readRaw(raw: Buffer): Entry | undefined {
  try {
    const read = readEntry(JSON.parse(raw.toString('utf8')));
    return typeof read === 'object' ? read.entry : undefined;
  } catch {
    return undefined;
  }
}
