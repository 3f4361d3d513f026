/** A read is an entry before it is a row: one in the log of every tenant whose data is asked for, all durable first. */

import { newId, type RandomBytes, type ReadId, type TenantId } from '../../base/ids.ts';
import type { Principal } from '../../model/access.ts';
import { SYSTEM_LOG } from '../../model/evidence.ts';
import type { Ledger, LogName } from '../ledger/ledger.ts';
import { AskError } from './administration.ts';

/** Asking for more tenants at once would write more entries than anybody reads rows. */
export const MAX_TENANTS_A_READ = 64;

export interface ReadRecord {
  readonly read: ReadId;
  /** Says how many rows were given, and whether all of them; nobody waits for it. */
  done(rows: number, outcome?: 'complete' | 'broken'): void;
}

/**
 * Rejects with the ledger's own error when the read cannot be recorded: no evidence, no rows. With no tenant the read is
 * the system log's.
 */
export async function recordRead(
  deps: { readonly ledger: Ledger; readonly random: RandomBytes },
  principal: Principal,
  asked: {
    readonly route: string;
    readonly tenants: readonly TenantId[];
    readonly call?: string | undefined;
    /** What was asked for, in closed words and ids; never a text somebody typed freely. */
    readonly filter?: Readonly<Record<string, string>> | undefined;
  },
): Promise<ReadRecord> {
  const { route, tenants, call, filter } = asked;
  if (tenants.length > MAX_TENANTS_A_READ) {
    throw new AskError(
      'TOO_MANY_TENANTS',
      `name the tenants: at most ${MAX_TENANTS_A_READ} can be asked about at once`,
    );
  }
  const read = newId('read', deps.random);
  const logs: readonly LogName[] = tenants.length === 0 ? [SYSTEM_LOG] : tenants;
  const body = {
    kind: 'read',
    read,
    route,
    actor: principal.token,
    ...(call === undefined ? {} : { call }),
    ...(filter === undefined || Object.keys(filter).length === 0 ? {} : { filter: { ...filter } }),
  } as const;
  await Promise.all(logs.map((log) => deps.ledger.append(log, body)));
  return {
    read,
    done: (rows, outcome = 'complete') => {
      for (const log of logs) deps.ledger.note(log, { kind: 'read.done', read, route, rows, outcome });
    },
  };
}
