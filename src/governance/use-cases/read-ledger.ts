/** A question from an auditor: the read is recorded before the first row is given, and its end afterwards. */

import { newId, type RandomBytes } from '../../base/ids.ts';
import { SYSTEM_LOG } from '../../model/evidence.ts';
import type { Database } from '../../store/database.ts';
import { readLedger } from '../../store/log-reader.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { exportRow, type ExportedRow } from '../ledger/verify/exported-row.ts';

/** Rejects with the ledger's own error when the read cannot be recorded: no evidence, no rows. */
export type ReadLedger = (reader: {
  readonly route: string;
  readonly actor: string;
}) => Promise<AsyncIterable<ExportedRow>>;

export function readLedgerOf(database: Database, ledger: Ledger, random: RandomBytes): ReadLedger {
  return async ({ route, actor }) => {
    const read = newId('read', random);
    await ledger.append(SYSTEM_LOG, { kind: 'read', read, route, actor });
    return exportAll(database, ledger, { read, route });
  };
}

async function* exportAll(
  database: Database,
  ledger: Ledger,
  { read, route }: { readonly read: string; readonly route: string },
): AsyncGenerator<ExportedRow> {
  let rows = 0;
  let outcome: 'complete' | 'broken' = 'broken';
  try {
    for await (const row of readLedger(database)) {
      rows += 1;
      yield exportRow(row);
    }
    outcome = 'complete';
  } finally {
    ledger.note(SYSTEM_LOG, { kind: 'read.done', read, route, rows, outcome });
  }
}
