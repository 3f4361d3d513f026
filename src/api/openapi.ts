/** The description of the API (OpenAPI 3.1), made from the routes themselves and the schemas they check with. */

import swagger from '@fastify/swagger';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import type { OpenAPIV3_1 } from 'openapi-types';
import { z } from 'zod';
import { packageVersion } from '../base/package-root.ts';
import type { Api } from './api.ts';
import { describeProblems } from './openapi-problems.ts';

/** Collects the routes that are added after it. */
export async function collectRoutes(api: Api): Promise<void> {
  await api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Earshot',
        description: 'Which AI may hear which call, and the proof of it.',
        version: packageVersion,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'A token; it begins with `ear_`.' } },
      },
    },
    convertConstToEnum: false,
    transform: jsonSchemaTransform,
    transformObject: (made) => {
      const document = ('openapiObject' in made ? made.openapiObject : {}) as OpenAPIV3_1.Document;
      return describeProblems(describeBundle(document));
    },
  });
}

/** The description of all routes that `api` has, as the text of a file. */
export async function renderOpenApi(api: Api): Promise<string> {
  await api.ready();
  return `${JSON.stringify(api.swagger(), null, 2)}\n`;
}

/** Answer of a route that gives one JSON object to a line. */
export function describeLines(what: string): {
  readonly description: string;
  readonly content: Readonly<Record<string, { readonly schema: z.ZodType }>>;
} {
  return {
    description: `${what}, one JSON object to a line.`,
    content: { 'application/x-ndjson': { schema: z.string() } },
  };
}

/** Bytes have no zod schema that JSON Schema could say. */
function describeBundle(document: OpenAPIV3_1.Document): OpenAPIV3_1.Document {
  const path = document.paths?.['/v1/bundles/{sha256}'];
  if (path?.put === undefined) return document;
  const requestBody = { required: true, content: { 'application/octet-stream': {} } };
  const put = { ...path.put, requestBody };
  return { ...document, paths: { ...document.paths, '/v1/bundles/{sha256}': { ...path, put } } };
}
