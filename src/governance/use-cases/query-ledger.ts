/** The ledger's entries, as they were hashed, by what they say and when; a page at a time. */

import { z } from 'zod';
import type { RandomBytes } from '../../base/ids.ts';
import type { Principal } from '../../model/access.ts';
import type { EntriesQuery, EntryPage, EntryView } from '../../model/api/ledger.ts';
import { tenantName, timeMs, whole } from '../../model/api/words.ts';
import { SYSTEM_LOG } from '../../model/evidence.ts';
import { findEntries, type EntryFilter, type EntryPlace } from '../../store/entry-query.ts';
import type { EntryRow } from '../../store/schema.ts';
import { decodeCanonical } from '../ledger/canonical.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { AskError } from './administration.ts';
import { readCursor, writeCursor } from './page-cursor.ts';
import { conditionFor, scopeOf, type QuestionScope, type ScopeDeps } from './question-scope.ts';
import { knownReason, knownType, readFilter } from './read-filter.ts';
import { answerRecorded } from './recorded-answer.ts';

export interface QuestionDeps extends ScopeDeps {
  readonly ledger: Ledger;
  readonly random: RandomBytes;
}

export type QueryLedger = (principal: Principal, query: EntriesQuery) => Promise<EntryPage>;

/** Throws FORBIDDEN, INVALID, TOO_MANY_TENANTS, UNAVAILABLE, or the ledger's error. */
export function queryLedgerOf(deps: QuestionDeps): QueryLedger {
  return async (principal, query) => {
    const after = readPlace(query.cursor);
    const scope = query.system === true ? systemScope(principal, query) : await tenantScope(deps, principal, query);
    const asked = { route: '/v1/ledger/entries', tenants: scope.tenants, call: query.call, filter: describe(query) };
    return answerRecorded(deps, principal, asked, {
      answer: async () => {
        const { order, limit } = query;
        const { logs, condition } = scope;
        const found = await findEntries(deps.database, {
          logs,
          condition,
          filter: filterOf(query),
          order,
          limit,
          after,
        });
        const items = found.rows.map(viewEntry);
        return found.next === undefined ? { items } : { items, next: writePlace(found.next) };
      },
      rowsOf: ({ items }) => items.length,
    });
  };
}

/** Where a page begins: after an entry, or where the page before it stopped looking. */
export function readPlace(cursor: string | undefined): EntryPlace | undefined {
  if (cursor === undefined) return undefined;
  const [atMs, log = '', node = '', epoch = '', seq = 0] = readCursor(place, cursor);
  return { atMs, log, node, epoch, seq };
}

export function writePlace({ atMs, log, node, epoch, seq }: EntryPlace): string {
  return writeCursor(log === '' ? [atMs] : [atMs, log, node, epoch, seq]);
}

const nodeName = z.string().regex(/^[\x21-\x7e]{1,128}$/);
const epochId = z.string().regex(/^p_[0-9a-f]{32}$/);
const place = z.union([
  z.tuple([timeMs, z.union([tenantName, z.literal(SYSTEM_LOG)]), nodeName, epochId, whole]),
  z.tuple([timeMs]),
]);

type LogScope = QuestionScope & { readonly logs: readonly string[] };

/** Nobody's but theirs who see every tenant, because it speaks of all of them. */
function systemScope(principal: Principal, { tenant }: EntriesQuery): LogScope {
  if (tenant !== undefined) throw new AskError('INVALID', 'the system log is no tenant: ask for one or the other');
  const condition = conditionFor(principal, 'Entry');
  if (condition.kind !== 'always') throw new AskError('FORBIDDEN', 'the system log takes a token for every tenant');
  return { tenants: [], logs: [SYSTEM_LOG], condition };
}

async function tenantScope(deps: ScopeDeps, principal: Principal, query: EntriesQuery): Promise<LogScope> {
  const { tenant: named, call } = query;
  const scope = await scopeOf(deps, principal, { subject: 'Entry', named, call });
  return { ...scope, logs: scope.tenants };
}

function filterOf(query: EntriesQuery): EntryFilter {
  return {
    kinds: query.kind,
    call: query.call,
    processor: query.processor,
    allow: query.allow,
    word: query.reason,
    entity: query.entity,
    sinceMs: query.since_ms,
    untilMs: query.until_ms,
  };
}

function describe(query: EntriesQuery): Record<string, string> {
  const { kind, processor, allow, since_ms, until_ms, system } = query;
  const words = { reason: knownReason(query.reason), entity: knownType(query.entity) };
  return readFilter({ kind, processor, allow, since_ms, until_ms, system, ...words });
}

/** What somebody put there in its place is shown for what it is: its bytes are for the verifier. */
function viewEntry(row: EntryRow): EntryView {
  const { log, node, epoch, seq } = row;
  const said = decodeCanonical(row.raw);
  const entry = isObject(said) ? said : { unreadable: true };
  return { log, node, epoch, seq, leaf: row.leaf.toString('hex'), entry };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
