/** The ledger as the use cases see it: durable or not, and never a third thing. */

import { CodedError } from '../../base/error.ts';
import type { TenantId } from '../../base/ids.ts';
import type { EntryBody, SYSTEM_LOG } from '../../model/evidence.ts';

export class LedgerError extends CodedError<
  'UNAVAILABLE' | 'DEADLINE' | 'QUOTA' | 'INVALID_ENTRY' | 'FENCED' | 'STOPPED'
> {}

export type LogName = TenantId | typeof SYSTEM_LOG;

/** Where an entry stands: its chain, place and leaf hash (hex). */
export interface Receipt {
  readonly log: string;
  readonly epoch: string;
  readonly seq: number;
  readonly leaf: string;
}

export interface Ledger {
  /**
   * Resolves once the entry is committed. Rejects with DEADLINE when that is not known within `deadlineMs` of the call
   * (5000 unless told): an entry that had no place yet is then dropped, one in flight may still be committed and is
   * followed by a `void`. Rejects with QUOTA past the tenant's share, where `urgent` entries (renewals, closes) are
   * still taken.
   */
  append(
    log: LogName,
    body: EntryBody,
    options?: { readonly deadlineMs?: number; readonly urgent?: boolean },
  ): Promise<Receipt>;
  /** Appends as soon as the ledger can, in order, without anybody waiting: closes, gaps, refusals. Bounded, counted. */
  note(log: LogName, body: EntryBody): void;
  readonly isAvailable: boolean;
}
