import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { ApiClient, type ApiError } from '../../src/cli/api-client.ts';
import { problem, startScriptedNode, type Answer, type ScriptedNode, type SeenRequest } from './scripted-node.ts';

const SECRET = `ear_0123456789ab_${'S'.repeat(43)}`;
const token = { secret: SECRET, file: '/home/me/token' };
const hello = z.strictObject({ hello: z.string() });
const running: ScriptedNode[] = [];

afterEach(async () => {
  for (const node of running.splice(0)) await node.stop();
});

async function nodeThat(answer: (request: SeenRequest) => Answer | undefined): Promise<ScriptedNode> {
  const node = await startScriptedNode(answer);
  running.push(node);
  return node;
}

function clientOf(node: ScriptedNode, options: { readonly answerLimitMs?: number } = {}): ApiClient {
  return new ApiClient({ place: { kind: 'http', host: '127.0.0.1', port: node.port }, token, ...options });
}

async function errorOf(work: Promise<unknown>): Promise<ApiError> {
  return work.then(
    () => expect.fail('it did not throw'),
    (thrown: unknown) => thrown as ApiError,
  );
}

async function collect(lines: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

test('a request carries method, query, token and JSON body, and its answer is read by the schema', async () => {
  const node = await nodeThat(() => ({ body: { hello: 'you' } }));

  const answer = await clientOf(node).request({
    method: 'POST',
    path: '/v1/x',
    query: { tenant: ['acme', 'beta'], limit: 5, cursor: undefined, system: true },
    body: { a: 1 },
    answer: hello,
  });

  expect(answer).toEqual({ hello: 'you' });
  expect(node.seen).toEqual([
    {
      method: 'POST',
      url: '/v1/x?tenant=acme&tenant=beta&limit=5&system=true',
      authorization: `Bearer ${SECRET}`,
      type: 'application/json',
      body: Buffer.from('{"a":1}'),
    },
  ]);
});

test('bytes are sent as they are', async () => {
  const node = await nodeThat(() => ({ body: { hello: 'bytes' } }));
  const bytes = Buffer.from([0, 255, 10]);

  await clientOf(node).request({ method: 'PUT', path: '/v1/x', body: bytes, answer: hello });

  expect(node.seen[0]).toMatchObject({ type: 'application/octet-stream', body: bytes });
});

test('without a token none is sent', async () => {
  const node = await nodeThat(() => ({ body: { hello: 'stranger' } }));
  const client = new ApiClient({ place: { kind: 'http', host: '127.0.0.1', port: node.port } });

  await client.request({ path: '/v1/x', answer: hello });

  expect(node.seen[0]?.authorization).toBeUndefined();
});

test('the own socket of a node is asked like any other place', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-client-'));
  const path = join(folder, 'api.sock');
  running.push(await startScriptedNode(() => ({ body: { hello: 'socket' } }), path));

  const answer = await new ApiClient({ place: { kind: 'socket', path } }).request({ path: '/v1/x', answer: hello });

  rmSync(folder, { recursive: true, force: true });
  expect(answer).toEqual({ hello: 'socket' });
});

test.each([
  ['of another shape', { body: { goodbye: 1 } }],
  ['with a field nobody knows', { body: { hello: 'x', more: 1 } }],
  ['that is no JSON', { body: '<html>' }],
])('an answer %s is an error that says so', async (_name, answer) => {
  const node = await nodeThat(() => answer);

  const error = await errorOf(clientOf(node).request({ path: '/v1/x', answer: hello }));

  expect(error.code).toBe('BROKEN');
  expect(error.message).toContain('is not what this version of earshot reads');
});

test('an answer that breaks off is an error, and not what came of it', async () => {
  const node = await nodeThat(() => ({
    body: '{"hello":"wor',
    headers: { 'content-length': '100' },
    breaksOff: true,
  }));

  const error = await errorOf(clientOf(node).request({ path: '/v1/x', answer: hello }));

  expect(error).toMatchObject({ code: 'BROKEN', message: expect.stringContaining('GET /v1/x broke off') as string });
});

test('a redirect is not followed: the token goes nowhere else', async () => {
  const other = await nodeThat(() => ({ body: { hello: 'thief' } }));
  const node = await nodeThat(() => ({ status: 302, headers: { location: other.url } }));

  const error = await errorOf(clientOf(node).request({ path: '/v1/x', answer: hello }));

  expect(error).toMatchObject({ code: 'REFUSED', status: 302 });
  expect(other.seen).toEqual([]);
});

test('problems in a file are said by file, line, column and key, and nothing else in front of them', async () => {
  const node = await nodeThat(() =>
    problem(422, {
      detail: 'the document is not as it should be',
      problems: [
        { key: 'tenants[0].route', message: 'names no interface', line: 4, column: 7 },
        { key: '', message: 'is\u001b[31m red' },
      ],
    }),
  );

  const error = await errorOf(
    clientOf(node).request({ method: 'POST', path: '/v1/x', body: {}, file: 'acme.yaml', answer: hello }),
  );

  expect(error.message).toBe('acme.yaml:4:7: tenants[0].route: names no interface\nacme.yaml: is [31m red');
});

test('a problem keeps its status and its own code for whoever can do something about it', async () => {
  const node = await nodeThat(() => problem(409, { code: 'ALREADY_DONE', detail: 'it was done before' }));

  const error = await errorOf(clientOf(node).request({ path: '/v1/x', answer: hello }));

  expect(error).toMatchObject({ code: 'REFUSED', status: 409, problem: 'ALREADY_DONE' });
});

test('no error holds the token, even when the node says it back', async () => {
  const echo = await nodeThat(({ authorization }) => problem(403, { detail: `not for ${authorization ?? ''}` }));
  const junk = await nodeThat(({ authorization }) => ({ body: authorization }));
  const gone = await nodeThat(() => ({ breaksOff: true, headers: { 'content-length': '9' } }));
  const nobody = await nodeThat(() => undefined);
  const ask = (node: ScriptedNode): Promise<unknown> =>
    clientOf(node, { answerLimitMs: 20 }).request({ path: '/v1/x', answer: hello });

  const errors = [
    await errorOf(ask(echo)),
    await errorOf(ask(junk)),
    await errorOf(ask(gone)),
    await errorOf(ask(nobody)),
  ];

  expect(errors.map(({ code }) => code)).toEqual(['REFUSED', 'BROKEN', 'BROKEN', 'NOT_RUNNING']);
  for (const error of errors) expect(inspect(error, { depth: 8 })).not.toContain('SSSS');
  expect(inspect(clientOf(echo), { depth: 8, showHidden: true })).not.toContain('SSSS');
});

test('nobody there is said with the place and a reason', async () => {
  const node = await nodeThat(() => undefined);
  await node.stop();

  const refused = await errorOf(clientOf(node).request({ path: '/v1/x', answer: hello }));
  const absent = await errorOf(
    new ApiClient({ place: { kind: 'socket', path: '/nowhere/api.sock' } }).request({ path: '/v1/x', answer: hello }),
  );

  expect(refused.message).toBe(`no Earshot answers at ${node.url} (nobody listens there)`);
  expect(absent.message).toContain('no Earshot answers at /nowhere/api.sock (there is no socket');
});

test('lines come one by one as values, whatever the chunks', async () => {
  const node = await nodeThat(() => ({ body: '{"n":1}\n\n{"n":2}\n{"n":3}' }));

  const lines = await collect(clientOf(node).lines({ path: '/v1/events', query: { since: 3 } }));

  expect(lines).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  expect(node.seen[0]?.url).toBe('/v1/events?since=3');
});

test('lines that break off are an error after those that came', async () => {
  const node = await nodeThat(() => ({ body: '{"n":1}\n{"n"', breaksOff: true }));
  const seen: unknown[] = [];

  const error = await errorOf(
    (async () => {
      for await (const line of clientOf(node).lines({ path: '/v1/x' })) seen.push(line);
    })(),
  );

  expect(seen).toEqual([{ n: 1 }]);
  expect(error.code).toBe('BROKEN');
});

test('a line that is no JSON, or has no end, is an error', async () => {
  const junk = await nodeThat(() => ({ body: 'junk\n' }));
  const endless = await nodeThat(() => ({ body: 'x'.repeat(1024 * 1024 + 1) }));

  const errors = [
    await errorOf(collect(clientOf(junk).lines({ path: '/v1/x' }))),
    await errorOf(collect(clientOf(endless).lines({ path: '/v1/x' }))),
  ];

  expect(errors.map(({ code }) => code)).toEqual(['BROKEN', 'BROKEN']);
});

test('lines that are refused are a problem like any other', async () => {
  const node = await nodeThat(() => problem(503, { detail: 'the ledger is unavailable' }));

  const error = await errorOf(collect(clientOf(node).lines({ path: '/v1/x' })));

  expect(error.message).toBe('the ledger is unavailable\n`earshot status` says what is amiss; calls go on meanwhile');
});

test('whoever stops reading lines ends them without an error', async () => {
  const node = await nodeThat(() => ({ body: '{"n":1}\n', headers: { 'transfer-encoding': 'chunked' } }));
  const before = new AbortController();
  before.abort();
  const control = new AbortController();
  const silent = await nodeThat(() => undefined);
  setImmediate(() => control.abort());

  const lines = [
    await collect(clientOf(node).lines({ path: '/v1/x', signal: before.signal })),
    await collect(clientOf(silent).lines({ path: '/v1/x', signal: control.signal, isEndless: true })),
  ];

  expect(lines).toEqual([[], []]);
});
