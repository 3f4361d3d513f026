/** The kill switch: silences at once, says what is silenced, lifts. */

import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { RevocationVerbs } from '../../governance/use-cases/administration.ts';
import { revocationPage, revocationView, silenceBody } from '../../model/api/revocations.ts';
import { revocationId } from '../../model/api/words.ts';
import type { Api } from '../api.ts';
import { principalOf } from '../route-access.ts';

const tags = ['revocations'];

export function addRevocationRoutes(api: Api, verbs: RevocationVerbs): void {
  api.get(
    '/v1/revocations',
    {
      config: { access: { action: 'read', subject: 'Hearing' } },
      schema: {
        operationId: 'listRevocations',
        tags,
        summary: 'What is silenced now',
        querystring: z.strictObject({}),
        response: { 200: revocationPage },
      },
    },
    (request) => verbs.listRevocations(principalOf(request)),
  );

  api.post(
    '/v1/revocations',
    {
      config: { access: { action: 'silence', subject: 'Hearing', tenants: tenantsOfTarget } },
      schema: {
        operationId: 'silence',
        tags,
        summary: 'Silences the AI for a call, a processor or a tenant, at once',
        body: silenceBody,
        response: { 201: revocationView },
      },
    },
    async (request, reply) => reply.code(201).send(await verbs.silence(principalOf(request), request.body)),
  );

  api.delete(
    '/v1/revocations/:revocation',
    {
      config: { access: { action: 'change', subject: 'Hearing' } },
      schema: {
        operationId: 'lift',
        tags,
        summary: 'Lifts a revocation: policy decides again who may hear',
        params: z.strictObject({ revocation: revocationId }),
        response: { 200: revocationView },
      },
    },
    (request) => verbs.lift(principalOf(request), request.params.revocation),
  );
}

/** A processor without a tenant is silenced for all of them; whose a call is, the verb knows. */
function tenantsOfTarget({ body }: FastifyRequest): readonly (string | undefined)[] {
  const read = silenceBody.safeParse(body);
  if (!read.success || read.data.target.scope === 'call') return [];
  return [read.data.target.tenant];
}
