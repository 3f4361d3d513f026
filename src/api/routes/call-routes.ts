/** Calls, and what was decided in them. */

import { z } from 'zod';
import type { QuestionVerbs } from '../../governance/use-cases/administration.ts';
import { callDetail, callPage, callsQuery } from '../../model/api/calls.ts';
import { decisionPage, decisionsQuery } from '../../model/api/ledger.ts';
import { callId } from '../../model/api/words.ts';
import type { Api } from '../api.ts';
import { principalOf } from '../route-access.ts';

const tags = ['calls'];

export function addCallRoutes(api: Api, verbs: QuestionVerbs): void {
  api.get(
    '/v1/calls',
    {
      config: { access: { action: 'read', subject: 'Call' } },
      schema: {
        operationId: 'listCalls',
        tags,
        summary: 'Calls, live and past',
        querystring: callsQuery,
        response: { 200: callPage },
      },
    },
    (request) => verbs.listCalls(principalOf(request), request.query),
  );

  api.get(
    '/v1/calls/:call',
    {
      config: { access: { action: 'read', subject: 'Call' } },
      schema: {
        operationId: 'describeCall',
        tags,
        summary: 'One call: who heard it, what was denied, where the gaps are',
        params: z.strictObject({ call: callId }),
        response: { 200: callDetail },
      },
    },
    (request) => verbs.describeCall(principalOf(request), request.params.call),
  );

  api.get(
    '/v1/decisions',
    {
      config: { access: { action: 'read', subject: 'Decision' } },
      schema: {
        operationId: 'listDecisions',
        tags,
        summary: 'Decisions, with the rules they rest on',
        querystring: decisionsQuery,
        response: { 200: decisionPage },
      },
    },
    (request) => verbs.listDecisions(principalOf(request), request.query),
  );
}
