/** Lists what is kept, by size and time alone: this process could not open it. That somebody looked is recorded first. */

import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { asTenantId, type RandomBytes, type TenantId } from '../../base/ids.ts';
import type { Principal, RowCondition } from '../../model/access.ts';
import type { TranscriptPage, TranscriptsQuery } from '../../model/api/transcripts.ts';
import { timeMs } from '../../model/api/words.ts';
import type { Database } from '../../store/database.ts';
import { listSealed, type SealedQuestion } from '../../store/sealed.ts';
import { listTenantsWithKeys } from '../../store/tenant-keys.ts';
import { conditionOf, matches } from '../access/condition.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { askDatabase } from './ask-database.ts';
import { readCursor, writeCursor } from './page-cursor.ts';
import { recordRead } from './record-read.ts';

export interface ListTranscriptsDeps {
  /** Of the `app` role. */
  readonly database: Database;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

export type ListTranscripts = (principal: Principal, query: TranscriptsQuery) => Promise<TranscriptPage>;

const place = z.tuple([timeMs, z.string().regex(/^o_[0-9a-f]{32}$/)]);

/** Newest first. Throws INVALID for a cursor that is none, TOO_MANY_TENANTS, UNAVAILABLE, or the ledger's error. */
export function listTranscriptsOf({ database, ledger, clock, random }: ListTranscriptsDeps): ListTranscripts {
  return async (principal, query) => {
    const after = query.cursor === undefined ? undefined : readPlace(query.cursor);
    const condition = conditionOf(principal, 'read', 'Transcript');
    const tenants = await askedTenants(database, condition, query.tenant);
    const { call, limit } = query;
    const read = await recordRead({ ledger, random }, principal, { route: '/v1/transcripts', tenants, call });
    const nowMs = clock.wallMs();
    const question = { tenants, condition, call, nowMs, after, limit: limit + 1 };
    const found = await askDatabase(listSealed(database, question)).catch((error: unknown) => {
      read.done(0, 'broken');
      throw error;
    });
    const items = found.slice(0, limit);
    read.done(items.length);
    const last = items.at(-1);
    if (found.length <= limit || last === undefined) return { items };
    return { items, next: writeCursor([last.opened_ms, last.sealed]) };
  };
}

/**
 * Of the tenants asked about, or of all, those that keep anything and that whoever asks may see: a name that nobody has
 * gets no log by being asked about.
 */
async function askedTenants(
  database: Database,
  condition: RowCondition,
  named: readonly string[] | undefined,
): Promise<TenantId[]> {
  if (condition.kind === 'never') return [];
  const keeping = await askDatabase(listTenantsWithKeys(database));
  const asked = named === undefined ? keeping : keeping.filter((tenant) => named.includes(tenant));
  return asked.filter((tenant) => matches(condition, { tenant })).map(asTenantId);
}

function readPlace(cursor: string): SealedQuestion['after'] {
  const [openedMs, sealed] = readCursor(place, cursor);
  return { openedMs, sealed };
}
