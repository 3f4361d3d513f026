/**
 * Exports the ledger for whoever verifies it elsewhere: the whole of it, or the logs of some tenants. Every log that is
 * given says that it was, before its first row; how many rows it came to follows when the last is taken.
 */

import { asTenantId, type TenantId } from '../../base/ids.ts';
import type { Principal } from '../../model/access.ts';
import type { RawQuery } from '../../model/api/ledger.ts';
import { SYSTEM_LOG } from '../../model/evidence.ts';
import { listLogs, readEntries, readLedger } from '../../store/log-reader.ts';
import type { EntryRow } from '../../store/schema.ts';
import { exportFooter, exportHeader, type ExportLine, type ExportScope } from '../ledger/verify/export-file.ts';
import { exportRow } from '../ledger/verify/exported-row.ts';
import { AskError } from './administration.ts';
import { askDatabase } from './ask-database.ts';
import type { QuestionDeps } from './query-ledger.ts';
import { conditionFor, scopeOf } from './question-scope.ts';
import { MAX_TENANTS_A_READ, recordRead, type ReadRecord } from './record-read.ts';

export type ExportLedger = (principal: Principal, query: RawQuery) => Promise<AsyncIterable<ExportLine>>;

interface Export {
  readonly scope: ExportScope;
  readonly rows: AsyncIterable<EntryRow>;
  readonly reads: readonly ReadRecord[];
}

/** Throws FORBIDDEN, NOT_FOUND, TOO_MANY_TENANTS, UNAVAILABLE, or the ledger's error, all before the first line. */
export function exportLedgerOf(deps: QuestionDeps): ExportLedger {
  return async (principal, { tenant: named }) => {
    const asked = named === undefined ? await askForAll(deps, principal) : await askFor(deps, principal, named);
    const lines = exportLines(asked);
    // Begun here, so that its end is noted however little of it is taken.
    const header = await lines.next();
    return resume(header, lines);
  };
}

/** Tenants are many and the entries about them few, so every log says that it was read, and the system log as well. */
async function askForAll(deps: QuestionDeps, principal: Principal): Promise<Export> {
  if (conditionFor(principal, 'Entry').kind !== 'always') {
    throw new AskError('FORBIDDEN', 'the whole ledger takes a token for every tenant: name the tenants');
  }
  const logs = await askDatabase(listLogs(deps.database));
  const tenants = logs.filter((log) => log !== SYSTEM_LOG).map(asTenantId);
  const groups: TenantId[][] = [[]];
  for (let from = 0; from < tenants.length; from += MAX_TENANTS_A_READ) {
    groups.push(tenants.slice(from, from + MAX_TENANTS_A_READ));
  }
  const reads: ReadRecord[] = [];
  for (const group of groups) reads.push(await recordRead(deps, principal, { route: ROUTE, tenants: group }));
  return { scope: 'all', rows: readLedger(deps.database), reads };
}

async function askFor(deps: QuestionDeps, principal: Principal, named: readonly string[]): Promise<Export> {
  const { tenants, condition } = await scopeOf(deps, principal, { subject: 'Entry', named });
  if (tenants.length === 0) throw new AskError('NOT_FOUND', 'there is no such log');
  const reads = [await recordRead(deps, principal, { route: ROUTE, tenants })];
  async function* rows(): AsyncGenerator<EntryRow> {
    for (const log of tenants) yield* readEntries(deps.database, log, condition);
  }
  return { scope: tenants, rows: rows(), reads };
}

const ROUTE = '/v1/ledger/raw';

async function* exportLines({ scope, rows, reads }: Export): AsyncGenerator<ExportLine> {
  let given = 0;
  let outcome: 'complete' | 'broken' = 'broken';
  try {
    yield exportHeader(scope);
    for await (const row of rows) {
      given += 1;
      yield exportRow(row);
    }
    outcome = 'complete';
    yield exportFooter(given);
  } finally {
    for (const read of reads) read.done(given, outcome);
  }
}

function resume<Line>(first: IteratorResult<Line>, rest: AsyncGenerator<Line>): AsyncIterable<Line> {
  let held: IteratorResult<Line> | undefined = first;
  const next = (): Promise<IteratorResult<Line>> => {
    const result = held;
    held = undefined;
    return result === undefined ? rest.next() : Promise.resolve(result);
  };
  return { [Symbol.asyncIterator]: () => ({ next, return: () => rest.return(undefined) }) };
}
