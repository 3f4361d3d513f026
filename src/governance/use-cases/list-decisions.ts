/** What was allowed and denied, to whom and why: the decisions, out of the entries that rest on them. */

import type { Principal } from '../../model/access.ts';
import type { DecisionPage, DecisionsQuery, DecisionView } from '../../model/api/ledger.ts';
import type { Entry } from '../../model/evidence.ts';
import { findEntries, type EntryFilter } from '../../store/entry-query.ts';
import { entryOf } from '../ledger/stored-entry.ts';
import { readPlace, writePlace, type QuestionDeps } from './query-ledger.ts';
import { scopeOf } from './question-scope.ts';
import { knownReason, readFilter } from './read-filter.ts';
import { answerRecorded } from './recorded-answer.ts';

export type ListDecisions = (principal: Principal, query: DecisionsQuery) => Promise<DecisionPage>;

type DecisionEntry = Extract<Entry, { readonly decision: unknown }>;

/** Every kind of entry that says what was decided. */
const DECISION_KINDS: Readonly<Record<DecisionEntry['kind'], true>> = {
  'lease.open': true,
  refusal: true,
  'release.request': true,
  emit: true,
  'retention.open': true,
};

/** Throws FORBIDDEN, INVALID, TOO_MANY_TENANTS, UNAVAILABLE, or the ledger's error. */
export function listDecisionsOf(deps: QuestionDeps): ListDecisions {
  return async (principal, query) => {
    const { tenant: named, call, order, limit } = query;
    const after = readPlace(query.cursor);
    const { tenants, condition } = await scopeOf(deps, principal, { subject: 'Decision', named, call });
    const asked = { route: '/v1/decisions', tenants, call, filter: describe(query) };
    return answerRecorded(deps, principal, asked, {
      answer: async () => {
        const question = { logs: tenants, condition, filter: filterOf(query), order, limit, after };
        const found = await findEntries(deps.database, question);
        const items = found.rows.map(entryOf).filter(isDecision).map(viewDecision);
        return found.next === undefined ? { items } : { items, next: writePlace(found.next) };
      },
      rowsOf: ({ items }) => items.length,
    });
  };
}

function filterOf(query: DecisionsQuery): EntryFilter {
  return {
    kinds: Object.keys(DECISION_KINDS),
    call: query.call,
    processor: query.processor,
    allow: query.allow,
    entrypoint: query.entrypoint,
    word: query.reason,
    sinceMs: query.since_ms,
    untilMs: query.until_ms,
  };
}

function describe(query: DecisionsQuery): Record<string, string> {
  const { processor, allow, entrypoint, since_ms, until_ms } = query;
  return readFilter({ processor, allow, entrypoint, since_ms, until_ms, reason: knownReason(query.reason) });
}

function isDecision(entry: Entry | undefined): entry is DecisionEntry {
  return entry !== undefined && Object.hasOwn(DECISION_KINDS, entry.kind);
}

function viewDecision(entry: DecisionEntry): DecisionView {
  const { entrypoint, allow, code, rules, policy, input } = entry.decision;
  return {
    tenant: entry.log,
    at_ms: entry.at_ms,
    kind: entry.kind,
    entrypoint,
    allow,
    code,
    rules,
    call: entry.call,
    ...subjectOf(entry),
    count: entry.kind === 'refusal' ? entry.count : 1,
    ...(policy === undefined ? {} : { policy }),
    input,
  };
}

/** Whom it was about, as far as its kind of entry says. */
function subjectOf(entry: DecisionEntry): Pick<DecisionView, 'processor' | 'subscriber' | 'stream'> {
  return {
    ...('processor' in entry && entry.processor !== undefined ? { processor: entry.processor } : {}),
    ...('subscriber' in entry && entry.subscriber !== undefined ? { subscriber: entry.subscriber } : {}),
    ...('stream' in entry && entry.stream !== undefined ? { stream: entry.stream } : {}),
  };
}
