/** The ledger: its entries as they are asked about, and its rows as the verifier takes them. */

import type { FastifyRequest } from 'fastify';
import type { QuestionVerbs } from '../../governance/use-cases/administration.ts';
import { entriesQuery, entryPage, rawQuery } from '../../model/api/ledger.ts';
import type { Api } from '../api.ts';
import type { Lines } from '../lines.ts';
import { describeLines } from '../openapi.ts';
import { principalOf, tenantsOfQuery } from '../route-access.ts';

const tags = ['ledger'];

export function addLedgerRoutes(api: Api, verbs: QuestionVerbs, lines: Lines): void {
  api.get(
    '/v1/ledger/entries',
    {
      config: { access: { action: 'read', subject: 'Entry', tenants: tenantsOrSystem } },
      schema: {
        operationId: 'queryLedger',
        tags,
        summary: 'Entries by call, processor, decision, reason, entity type, kind and time',
        querystring: entriesQuery,
        response: { 200: entryPage },
      },
    },
    (request) => verbs.queryLedger(principalOf(request), request.query),
  );

  api.get(
    '/v1/ledger/raw',
    {
      config: { access: { action: 'read', subject: 'Entry', tenants: tenantsOrAll } },
      schema: {
        operationId: 'exportLedger',
        tags,
        summary: 'Rows of the ledger, for whoever verifies them',
        querystring: rawQuery,
        response: { 200: describeLines('Rows of the ledger') },
      },
    },
    async (request, reply) => {
      await lines.send(request, reply, () => verbs.exportLedger(principalOf(request), request.query));
      return reply;
    },
  );
}

/** The system log is nobody's but theirs who see every tenant. */
function tenantsOrSystem(request: FastifyRequest): readonly (string | undefined)[] {
  const { query } = request;
  const isSystem = typeof query === 'object' && query !== null && 'system' in query && query.system === true;
  return isSystem ? [undefined] : tenantsOfQuery(request);
}

/** Without a name, the whole ledger is asked for. */
function tenantsOrAll(request: FastifyRequest): readonly (string | undefined)[] {
  const named = tenantsOfQuery(request);
  return named.length === 0 ? [undefined] : named;
}
