import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { renderOpenApi } from '../../src/api/openapi.ts';
import { packageRoot } from '../../src/base/package-root.ts';
import { buildTestApi } from './build.ts';
import { EXPECTED } from './expectations.ts';

const FILE = join(packageRoot, 'docs', 'openapi.json');

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly object[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, object>>;
}

interface Description {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly securitySchemes: object; readonly responses: object; readonly schemas: object };
}

async function describeApi(): Promise<{ readonly text: string; readonly api: Description }> {
  const { api } = await buildTestApi();
  const text = await renderOpenApi(api);
  return { text, api: JSON.parse(text) as Description };
}

test('the description in docs is the one the routes make; `npx vitest run -u test/api/openapi.test.ts` writes it', async () => {
  const { text } = await describeApi();

  const formatted = await format(text, { ...(await resolveConfig(FILE)), parser: 'json' });

  await expect(formatted).toMatchFileSnapshot(FILE);
});

test('it is valid OpenAPI 3.1', async () => {
  const { api } = await describeApi();

  const { valid, errors } = await new Validator().validate(structuredClone(api) as object as Record<string, unknown>);

  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
  expect(api.openapi).toBe('3.1.0');
});

test('it has every route, with what it takes, and a problem for everything that can go wrong', async () => {
  const { api } = await describeApi();

  const described = operationsOf(api);

  expect(described.map(({ name }) => name).sort()).toEqual(Object.keys(EXPECTED).map(asPath).sort());
  for (const { name, operation } of described) {
    const expected = Object.entries(EXPECTED).find(([key]) => asPath(key) === name)![1];
    const takesToken = expected.may !== 'anybody' && expected.may !== 'local alone';
    expect(operation.operationId).toBeTruthy();
    expect(operation.summary).toBeTruthy();
    expect(operation.description).toMatch(/^Takes |^Taken /);
    expect(operation.security).toEqual(takesToken ? [{ bearer: [] }] : []);
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['400', '429', '500', '503']));
    if (takesToken) expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['401', '403', '404']));
    if (operation.requestBody !== undefined) {
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['413', '415']));
    }
  }
  expect(api.components.securitySchemes).toMatchObject({ bearer: { type: 'http', scheme: 'bearer' } });
});

test('operations have names of their own', async () => {
  const { api } = await describeApi();

  const names = operationsOf(api).map(({ operation }) => operation.operationId);

  expect(new Set(names).size).toBe(names.length);
});

test('the API gives its own description, to anybody', async () => {
  const { text } = await describeApi();
  const { api } = await buildTestApi();

  const response = await api.inject('/v1/openapi.json');

  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual(JSON.parse(text));
});

function operationsOf(api: Description): { readonly name: string; readonly operation: Operation }[] {
  return Object.entries(api.paths).flatMap(([url, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${url}`, operation })),
  );
}

/** `GET /v1/calls/:call` → `GET /v1/calls/{call}`. */
function asPath(name: string): string {
  return name.replace(/:(\w+)/g, '{$1}');
}
