/**
 * Calls, the newest first: those going on from the live plane, all others from their entries. A call that neither ended
 * nor lives here is `unknown`: another node has it, or had it when it died.
 */

import { z } from 'zod';
import type { Principal } from '../../model/access.ts';
import type { CallPage, CallsQuery, CallView } from '../../model/api/calls.ts';
import { callId, timeMs } from '../../model/api/words.ts';
import { findCallOpenings, type CallPlace } from '../../store/call-query.ts';
import { entryOf } from '../ledger/stored-entry.ts';
import { hearingsOf } from './call-hearings.ts';
import { isGivenTo, openUsesOf, viewLiveCall, viewPastCall } from './call-views.ts';
import type { LiveCall } from './live-calls.ts';
import { readCursor, writeCursor } from './page-cursor.ts';
import type { QuestionDeps } from './query-ledger.ts';
import { scopeOf, type QuestionScope } from './question-scope.ts';
import { readFilter } from './read-filter.ts';
import { answerRecorded } from './recorded-answer.ts';

export interface CallQuestionDeps extends QuestionDeps {
  /** Calls that live on this node. */
  readonly live: () => readonly LiveCall[];
}

export type ListCalls = (principal: Principal, query: CallsQuery) => Promise<CallPage>;

/** Throws FORBIDDEN, INVALID, TOO_MANY_TENANTS, UNAVAILABLE, or the ledger's error. */
export function listCallsOf(deps: CallQuestionDeps): ListCalls {
  return async (principal, query) => {
    const after = readPlace(query.cursor);
    const scope = await scopeOf(deps, principal, { subject: 'Call', named: query.tenant });
    const { state, processor, since_ms, until_ms } = query;
    const filter = readFilter({ state, processor, since_ms, until_ms });
    const asked = { route: '/v1/calls', tenants: scope.tenants, filter };
    return answerRecorded(deps, principal, asked, {
      answer: () =>
        state === 'live' ? pageOfLive(deps, scope, query, after) : pageOfRecorded(deps, scope, query, after),
      rowsOf: ({ items }) => items.length,
    });
  };
}

const place = z.union([z.tuple([timeMs, callId]), z.tuple([timeMs])]);

function readPlace(cursor: string | undefined): CallPlace | undefined {
  if (cursor === undefined) return undefined;
  const [atMs, call = ''] = readCursor(place, cursor);
  return { atMs, call };
}

function writePlace({ atMs, call }: CallPlace): string {
  return writeCursor(call === '' ? [atMs] : [atMs, call]);
}

async function pageOfLive(
  deps: CallQuestionDeps,
  scope: QuestionScope,
  query: CallsQuery,
  after: CallPlace | undefined,
): Promise<CallPage> {
  const { processor, since_ms: sinceMs = 0, until_ms: untilMs = Infinity, limit } = query;
  const isInScope = new Set<string>(scope.tenants);
  const living = deps.live().filter((call) => isInScope.has(call.tenant.id));
  const views = living
    .filter((call) => processor === undefined || isGivenTo(call, processor))
    .map((call) => viewLiveCall(call))
    .filter(({ started_ms: atMs }) => atMs >= sinceMs && atMs < untilMs)
    .filter((call) => after === undefined || isBefore(call, after))
    .sort((a, b) => (isBefore(a, { atMs: b.started_ms, call: b.call }) ? 1 : -1));
  const shown = views.slice(0, limit);
  const items = await viewLivingCalls(deps, scope, living, shown);
  const last = items.at(-1);
  if (views.length <= limit || last === undefined) return { items };
  return { items, next: writePlace({ atMs: last.started_ms, call: last.call }) };
}

/** Of a call taken up again after a restart, its entries know more than this life of ours. */
async function viewLivingCalls(
  { database }: CallQuestionDeps,
  { condition }: QuestionScope,
  living: readonly LiveCall[],
  shown: readonly CallView[],
): Promise<CallView[]> {
  const byId = new Map<string, LiveCall>(living.map((call) => [call.call, call]));
  const resumed = shown.filter(({ call }) => byId.get(call)?.isResumed === true);
  const calls = resumed.map(({ tenant: log, call }) => ({ log, call }));
  const hearings = await hearingsOf(database, condition, calls);
  return shown.map((view) => {
    const call = byId.get(view.call);
    const hearing = hearings.get(view.call)?.hearing;
    return call === undefined || hearing === undefined ? view : viewLiveCall(call, hearing.shares(openUsesOf(call)));
  });
}

/** Began earlier; of two that began together, the smaller id comes later in the list. */
function isBefore(call: CallView, { atMs, call: id }: CallPlace): boolean {
  return call.started_ms === atMs ? call.call < id : call.started_ms < atMs;
}

async function pageOfRecorded(
  { database, live }: CallQuestionDeps,
  { tenants, condition }: QuestionScope,
  query: CallsQuery,
  after: CallPlace | undefined,
): Promise<CallPage> {
  const { processor, since_ms: sinceMs, until_ms: untilMs, limit } = query;
  const isClosed = query.state === 'past' ? (true as const) : undefined;
  const question = { logs: tenants, condition, isClosed, processor, sinceMs, untilMs, after, limit };
  const { rows, next } = await findCallOpenings(database, question);
  const openings = rows.map(entryOf).filter((entry) => entry?.kind === 'call.open');
  const calls = openings.map(({ log, call }) => ({ log, call }));
  const hearings = await hearingsOf(database, condition, calls);
  const living = new Map<string, LiveCall>(live().map((call) => [call.call, call]));
  const items = openings.map((opening) => {
    const [call, told] = [living.get(opening.call), hearings.get(opening.call)];
    if (call !== undefined) return viewLiveCall(call, told?.hearing.shares(openUsesOf(call)));
    return viewPastCall(opening, told?.closing, told?.hearing.shares() ?? []);
  });
  return next === undefined ? { items } : { items, next: writePlace(next) };
}
