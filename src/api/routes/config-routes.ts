/** The declarative document: what is in force, what was, and how it is changed. */

import { z } from 'zod';
import type { ConfigVerbs } from '../../governance/use-cases/administration.ts';
import {
  applyBody,
  applyResult,
  processorPage,
  revisionDetail,
  revisionPage,
  revisionsQuery,
  rollbackBody,
  tenantPage,
} from '../../model/api/config.ts';
import type { Api } from '../api.ts';
import { LIMITS } from '../limits.ts';
import { principalOf } from '../route-access.ts';

const tags = ['configuration'];
const noQuery = z.strictObject({});
const revisionParams = z.strictObject({
  revision: z.union([z.literal('current'), z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER)]),
});

export function addConfigRoutes(api: Api, verbs: ConfigVerbs): void {
  api.get(
    '/v1/tenants',
    {
      config: { access: { action: 'read', subject: 'Tenant' } },
      schema: {
        operationId: 'listTenants',
        tags,
        summary: 'Tenants in force',
        querystring: noQuery,
        response: { 200: tenantPage },
      },
    },
    (request) => verbs.listTenants(principalOf(request)),
  );

  api.get(
    '/v1/processors',
    {
      config: { access: { action: 'read', subject: 'Processor' } },
      schema: {
        operationId: 'listProcessors',
        tags,
        summary: 'Processors in force, and their health',
        querystring: noQuery,
        response: { 200: processorPage },
      },
    },
    (request) => verbs.listProcessors(principalOf(request)),
  );

  api.get(
    '/v1/config/revisions',
    {
      config: { access: { action: 'read', subject: 'Revision' } },
      schema: {
        operationId: 'listRevisions',
        tags,
        summary: 'Revisions of the document',
        querystring: revisionsQuery,
        response: { 200: revisionPage },
      },
    },
    (request) => verbs.listRevisions(principalOf(request), request.query),
  );

  api.get(
    '/v1/config/revisions/:revision',
    {
      config: { access: { action: 'read', subject: 'Revision' } },
      schema: {
        operationId: 'describeRevision',
        tags,
        summary: 'One revision with its document, or the current one',
        params: revisionParams,
        response: { 200: revisionDetail },
      },
    },
    (request) => verbs.describeRevision(principalOf(request), request.params.revision),
  );

  api.post(
    '/v1/config/apply',
    {
      config: { access: { action: 'change', subject: 'ConfigChange' } },
      bodyLimit: LIMITS.documentBytes,
      schema: {
        operationId: 'applyDocument',
        tags,
        summary: 'Puts a document in force, or says what it would change',
        body: applyBody,
        response: { 200: applyResult },
      },
    },
    (request) => verbs.applyDocument(principalOf(request), request.body),
  );

  api.post(
    '/v1/config/rollback',
    {
      config: { access: { action: 'change', subject: 'ConfigChange' } },
      schema: {
        operationId: 'rollBack',
        tags,
        summary: 'Puts an earlier document in force again, as a new revision',
        body: rollbackBody,
        response: { 200: applyResult },
      },
    },
    (request) => verbs.rollBack(principalOf(request), request.body),
  );
}
