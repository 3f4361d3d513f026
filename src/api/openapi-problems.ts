/** Problems (RFC 9457) in the description of the API: said once, and referred to by every route that can answer them. */

import type { OpenAPIV3_1 } from 'openapi-types';
import { z } from 'zod';
import { problemSchema } from '../model/api/words.ts';

const PROBLEMS = {
  400: ['BadRequest', 'The request is not as it should be.'],
  401: ['Unauthorized', 'There is no token, or none that is valid here.'],
  403: ['Forbidden', 'The token may not do this.'],
  404: ['NotFound', 'It does not exist, or the token may not see it.'],
  409: ['Conflict', 'What it rests on has changed, or it was done already.'],
  413: ['TooLarge', 'The body is too large.'],
  415: ['UnsupportedMediaType', 'The route does not take a body of that type.'],
  422: ['DocumentInvalid', 'The document is not as it should be; `problems` says where.'],
  429: ['TooManyRequests', 'Too many requests; `Retry-After` says when to come again.'],
  500: ['Internal', 'An error of Earshot; its log says more.'],
  503: ['Unavailable', 'Not possible now, and not done; `Retry-After` says when to come again.'],
} as const;

type Status = keyof typeof PROBLEMS;

const METHODS = ['get', 'put', 'post', 'delete'] as const;
/** Answered with a header that says when to come again. */
const LATER: ReadonlySet<Status> = new Set<Status>([429, 503]);

/** Adds to every route of `document` the problems it can answer. */
export function describeProblems(document: OpenAPIV3_1.Document): OpenAPIV3_1.Document {
  const paths = Object.entries(document.paths ?? {}).map(
    ([url, item]) => [url, describeItem(url, item ?? {})] as const,
  );
  return {
    ...document,
    paths: Object.fromEntries(paths),
    components: {
      ...document.components,
      schemas: { ...document.components?.schemas, Problem: problemJsonSchema() },
      responses: { ...document.components?.responses, ...problemResponses() },
    },
  };
}

function describeItem(url: string, item: OpenAPIV3_1.PathItemObject): OpenAPIV3_1.PathItemObject {
  const described = { ...item };
  for (const method of METHODS) {
    const operation = item[method];
    if (operation === undefined) continue;
    const problems: Record<string, OpenAPIV3_1.ReferenceObject> = {};
    for (const status of statusesOf({ url, method }, operation)) {
      problems[status] = { $ref: `#/components/responses/${PROBLEMS[status][0]}` };
    }
    described[method] = { ...operation, responses: { ...operation.responses, ...problems } };
  }
  return described;
}

/** By what the route takes: a token, a name in its path, a body, the document. */
function statusesOf(
  { url, method }: { readonly url: string; readonly method: string },
  operation: OpenAPIV3_1.OperationObject,
): readonly Status[] {
  const isBehindToken = (operation.security ?? []).length > 0;
  const takesBody = operation.requestBody !== undefined;
  return [
    400,
    ...(isBehindToken ? ([401, 403, 404] as const) : takesBody ? ([403] as const) : []),
    ...(method === 'get' ? [] : ([409] as const)),
    ...(takesBody ? ([413, 415] as const) : []),
    ...(takesBody && (url.startsWith('/v1/config/') || url.startsWith('/v1/bundles/')) ? ([422] as const) : []),
    429,
    500,
    503,
  ];
}

function problemResponses(): Record<string, OpenAPIV3_1.ResponseObject> {
  const statuses = Object.keys(PROBLEMS).map(Number) as Status[];
  return Object.fromEntries(
    statuses.map((status) => {
      const [name, description] = PROBLEMS[status];
      const headers = { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } } as const;
      const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
      return [name, { description, ...(LATER.has(status) ? { headers } : {}), content }];
    }),
  );
}

/** Without `$schema`, which the whole document says. */
function problemJsonSchema(): OpenAPIV3_1.SchemaObject {
  const schema = { ...z.toJSONSchema(problemSchema, { io: 'output' }) };
  delete schema.$schema;
  return schema as OpenAPIV3_1.SchemaObject;
}
