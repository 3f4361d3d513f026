/** A ledger that refuses new evidence for a log whose tail is missing, so that AI stays off there until somebody looked. */

import type { EntryBody } from '../../model/evidence.ts';
import { LedgerError, type Ledger, type LogName, type Receipt } from '../ledger/ledger.ts';

export class TailGuard implements Ledger {
  readonly #inner: Ledger;
  readonly #lost = new Set<string>();

  constructor(inner: Ledger) {
    this.#inner = inner;
  }

  get isAvailable(): boolean {
    return this.#inner.isAvailable;
  }

  /** Logs whose tail is missing. */
  get lostTails(): readonly string[] {
    return [...this.#lost];
  }

  /** From now on nothing is granted on that log; the incident itself is recorded there. */
  stopLog(head: Receipt): void {
    if (this.#lost.has(head.log)) return;
    this.#lost.add(head.log);
    const { log, epoch, seq, leaf } = head;
    this.#inner.note(log as LogName, { kind: 'incident', code: 'tail_lost', head: { log, epoch, seq, leaf } });
  }

  append(log: LogName, body: EntryBody, options?: Parameters<Ledger['append']>[2]): Promise<Receipt> {
    if (!this.#lost.has(log)) return this.#inner.append(log, body, options);
    return Promise.reject(new LedgerError('UNAVAILABLE', 'the tail of this log is missing'));
  }

  note(log: LogName, body: EntryBody): void {
    this.#inner.note(log, body);
  }
}
