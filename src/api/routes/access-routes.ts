/** Tokens: who asks, the first one, and those an admin issues, lists and revokes. */

import { z } from 'zod';
import type { AccessVerbs } from '../../governance/use-cases/administration.ts';
import { bootstrapBody, issuedToken, issueTokenBody, tokenPage, tokenView, whoAmI } from '../../model/api/access.ts';
import { pageQuery, tokenId } from '../../model/api/words.ts';
import type { Api } from '../api.ts';
import { principalOf, visitorOf } from '../route-access.ts';

const tags = ['access'];

export function addAccessRoutes(api: Api, verbs: AccessVerbs): void {
  api.get(
    '/v1/whoami',
    {
      config: { access: 'token' },
      schema: { operationId: 'whoAmI', tags, summary: 'Whose token this is', response: { 200: whoAmI } },
    },
    (request) => {
      const { principal, expiresMs } = visitorOf(request);
      const { token, holder, roles, tenants } = principal;
      return {
        token,
        holder,
        roles: [...roles],
        ...(tenants === 'all' ? {} : { tenants: [...tenants] }),
        ...(expiresMs === undefined ? {} : { expires_ms: expiresMs }),
      };
    },
  );

  api.post(
    '/v1/access/bootstrap',
    {
      config: { access: 'local' },
      schema: {
        operationId: 'bootstrap',
        tags,
        summary: 'The first token, once in the life of a database',
        body: bootstrapBody,
        response: { 201: issuedToken },
      },
    },
    async (request, reply) => reply.code(201).send(await verbs.bootstrap(request.body.holder)),
  );

  api.get(
    '/v1/tokens',
    {
      config: { access: { action: 'read', subject: 'Token' } },
      schema: {
        operationId: 'listTokens',
        tags,
        summary: 'Tokens, newest first',
        querystring: z.strictObject(pageQuery),
        response: { 200: tokenPage },
      },
    },
    (request) => verbs.listTokens(principalOf(request), request.query),
  );

  api.post(
    '/v1/tokens',
    {
      config: { access: { action: 'issue', subject: 'Token' } },
      schema: {
        operationId: 'issueToken',
        tags,
        summary: 'A new token; its secret is in this answer and nowhere else',
        body: issueTokenBody,
        response: { 201: issuedToken },
      },
    },
    async (request, reply) => reply.code(201).send(await verbs.issueToken(principalOf(request), request.body)),
  );

  api.delete(
    '/v1/tokens/:token',
    {
      config: { access: { action: 'revoke', subject: 'Token' } },
      schema: {
        operationId: 'revokeToken',
        tags,
        summary: 'Ends a token',
        params: z.strictObject({ token: tokenId }),
        response: { 200: tokenView },
      },
    },
    (request) => verbs.revokeToken(principalOf(request), request.params.token),
  );
}
