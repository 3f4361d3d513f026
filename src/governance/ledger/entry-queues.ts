/**
 * Entries waiting for their place, one queue per log, served round-robin so that no tenant can starve another. Bounded
 * per log and purpose, and in total; what does not fit is refused here, never silently lost.
 */

import type { EntryBody } from '../../model/evidence.ts';
import type { Instant } from './chain.ts';
import type { LedgerError, Receipt } from './ledger.ts';

/**
 * Why somebody wants the entry, and so what it counts against: `grant` (new permission, refused first), `urgent`
 * (renewals, closes), `note` (nobody waits). `own` is the ledger's book-keeping and is always taken.
 */
export type Purpose = 'grant' | 'urgent' | 'note' | 'own';

export interface Waiting {
  readonly log: string;
  readonly body: EntryBody;
  readonly instant: Instant;
  readonly purpose: Purpose;
  /** Once it is durable. Returns false when nobody wanted it any more. */
  readonly settle: (receipt: Receipt) => boolean;
  readonly fail: (error: LedgerError) => void;
}

export interface QueueLimits {
  /** Per log. */
  readonly grants: number;
  readonly urgent: number;
  readonly notes: number;
  /** Over all logs and purposes but `own`. */
  readonly total: number;
}

export class EntryQueues {
  readonly #limits: QueueLimits;
  /** In the order they will be served; a log leaves when it is empty and returns to the end. */
  readonly #logs = new Map<string, LogQueue>();
  #counted = 0;
  #size = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#size;
  }

  /** Takes `entry` in, or returns false at a limit. */
  offer(entry: Waiting): boolean {
    const queue = this.#logs.get(entry.log) ?? new LogQueue();
    if (entry.purpose !== 'own') {
      if (this.#counted >= this.#limits.total) return false;
      if (queue.counts[entry.purpose] >= this.#limitOf(entry.purpose)) return false;
      this.#counted += 1;
    }
    queue.add(entry);
    this.#logs.set(entry.log, queue);
    this.#size += 1;
    return true;
  }

  /** Takes an entry back before it was served; false when it is not here any more. */
  withdraw(entry: Waiting): boolean {
    const queue = this.#logs.get(entry.log);
    if (!queue?.remove(entry)) return false;
    this.#forget(entry);
    if (queue.isEmpty) this.#logs.delete(entry.log);
    return true;
  }

  /** The next entries: one of each log in turn, the urgent ones of a log before its others. */
  take(limit: number): Waiting[] {
    const taken: Waiting[] = [];
    while (taken.length < limit) {
      const [turn] = this.#logs;
      if (!turn) break;
      const [log, queue] = turn;
      const entry = queue.shift();
      this.#logs.delete(log);
      if (!queue.isEmpty) this.#logs.set(log, queue);
      if (!entry) continue;
      this.#forget(entry);
      taken.push(entry);
    }
    return taken;
  }

  #forget(entry: Waiting): void {
    this.#size -= 1;
    if (entry.purpose !== 'own') this.#counted -= 1;
  }

  #limitOf(purpose: Exclude<Purpose, 'own'>): number {
    const { grants, urgent, notes } = this.#limits;
    return { grant: grants, urgent, note: notes }[purpose];
  }
}

/** Sets keep their order and give up any member at once, wherever it stands. */
class LogQueue {
  readonly counts = { grant: 0, urgent: 0, note: 0, own: 0 };
  readonly #first = new Set<Waiting>();
  readonly #second = new Set<Waiting>();

  get isEmpty(): boolean {
    return this.#first.size === 0 && this.#second.size === 0;
  }

  add(entry: Waiting): void {
    this.#laneOf(entry).add(entry);
    this.counts[entry.purpose] += 1;
  }

  remove(entry: Waiting): boolean {
    if (!this.#laneOf(entry).delete(entry)) return false;
    this.counts[entry.purpose] -= 1;
    return true;
  }

  shift(): Waiting | undefined {
    const [entry] = this.#first.size > 0 ? this.#first : this.#second;
    if (entry) this.remove(entry);
    return entry;
  }

  #laneOf(entry: Waiting): Set<Waiting> {
    return entry.purpose === 'urgent' || entry.purpose === 'own' ? this.#first : this.#second;
  }
}
