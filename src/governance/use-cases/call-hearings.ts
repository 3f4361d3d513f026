/** What the entries of several calls tell of who heard them and how they ended, without reading all of their entries. */

import type { RowCondition } from '../../model/access.ts';
import type { EntryKind } from '../../model/evidence.ts';
import { readCallEntries, type CallName } from '../../store/call-query.ts';
import type { Database } from '../../store/database.ts';
import { CallAccount } from '../ledger/accounts/call-account.ts';
import { entryOf } from '../ledger/stored-entry.ts';

/** A few entries a call; renewals are many, and wanted only where a close does not say what was sent. */
const ENDS: readonly EntryKind[] = ['call.close', 'lease.open', 'lease.close'];
const USES: readonly EntryKind[] = [...ENDS, 'lease.renew'];

/** By call; one of which there is no such entry is missing. */
export async function hearingsOf(
  database: Database,
  condition: RowCondition,
  calls: readonly CallName[],
): Promise<ReadonlyMap<string, CallAccount>> {
  const told = await tell(database, condition, calls, ENDS);
  const uncertain = calls.filter(({ call }) => told.get(call)?.hearing.isUncertain === true);
  return new Map([...told, ...(await tell(database, condition, uncertain, USES))]);
}

async function tell(
  database: Database,
  condition: RowCondition,
  calls: readonly CallName[],
  kinds: readonly EntryKind[],
): Promise<ReadonlyMap<string, CallAccount>> {
  const accounts = new Map<string, CallAccount>();
  for await (const row of readCallEntries(database, { calls, condition, kinds })) {
    const name = row.call ?? '';
    const account = accounts.get(name) ?? new CallAccount();
    accounts.set(name, account);
    account.add(entryOf(row), row.is_voided);
  }
  return accounts;
}
