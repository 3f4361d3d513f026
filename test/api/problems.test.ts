import { expect, test } from 'vitest';
import { createTestLog } from './test-log.ts';
import { CodedError } from '../../src/base/error.ts';
import { ConfigError } from '../../src/config/problem.ts';
import { LedgerError } from '../../src/governance/ledger/ledger.ts';
import { MAX_PACKED_BYTES } from '../../src/governance/policy/bundle.ts';
import { AskError } from '../../src/governance/use-cases/administration.ts';
import { problemSchema } from '../../src/model/api/words.ts';
import { StoreError } from '../../src/store/error.ts';
import { LIMITS } from '../../src/api/limits.ts';
import { buildTestApi, withBearer, type TestApi } from './build.ts';
import { bearerOf, CALL, DIGEST, holderOf } from './fake-administration.ts';

const BEARER = bearerOf(1);
const SECRET = 'the text of somebody';

async function build(options: Parameters<typeof buildTestApi>[0] = {}): Promise<TestApi> {
  const api = await buildTestApi(options);
  api.holders.set(BEARER, holderOf(['security', 'auditor', 'ops'], 'all'));
  return api;
}

test.each([
  [new AskError('NOT_FOUND', `no call ${SECRET}`), 404, 'NOT_FOUND'],
  [new AskError('FORBIDDEN', 'not yours'), 403, 'FORBIDDEN'],
  [new AskError('INVALID', 'not so'), 400, 'INVALID'],
  [new AskError('TOO_MANY_TENANTS', 'too many'), 400, 'TOO_MANY_TENANTS'],
  [new AskError('CONFLICT', 'changed'), 409, 'CONFLICT'],
  [new AskError('ALREADY_DONE', 'done'), 409, 'ALREADY_DONE'],
  [new AskError('UNAVAILABLE', 'later'), 503, 'UNAVAILABLE'],
  [new AskError('READER_UNAVAILABLE', 'later'), 503, 'READER_UNAVAILABLE'],
  [new LedgerError('UNAVAILABLE', SECRET), 503, 'UNAVAILABLE'],
  [new LedgerError('DEADLINE', SECRET), 503, 'DEADLINE'],
  [new LedgerError('QUOTA', SECRET), 503, 'QUOTA'],
  [new StoreError('UNREACHABLE', SECRET), 503, 'UNREACHABLE'],
  [new LedgerError('INVALID_ENTRY', SECRET), 500, 'INTERNAL'],
  [new Error(SECRET), 500, 'INTERNAL'],
  [Object.assign(new Error(SECRET), { statusCode: 418, code: 'NOT_FOUND' }), 500, 'INTERNAL'],
  [SECRET, 500, 'INTERNAL'],
] as const)('%s is said as %i %s', async (thrown, status, code) => {
  const api = await build();
  api.failWith(thrown);

  const response = await api.api.inject(withBearer(BEARER, { url: `/v1/calls/${CALL}` }));

  expect(response.statusCode).toBe(status);
  expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(problemSchema.parse(response.json())).toMatchObject({ type: 'about:blank', status, code });
  expect(response.body).not.toContain(SECRET);
  expect(response.headers['retry-after']).toBe(status === 503 ? '5' : undefined);
  if (status === 500) expect(response.json()).not.toHaveProperty('detail');
});

test('an error of ours is logged with its code and route, and the one who asked is told nothing of it', async () => {
  const { log, lines } = createTestLog();
  const api = await build({ log });
  api.failWith(new CodedError('BROKEN', SECRET));

  await api.api.inject(withBearer(BEARER, { url: `/v1/calls/${CALL}` }));

  const said = lines.map(({ level, fields }) => ({ level, code: fields['code'], route: fields['route'] }));
  expect(said).toEqual([{ level: 'error', code: 'BROKEN', route: 'GET /v1/calls/:call' }]);
});

test('an answer that does not fit its schema is an error of ours, and not sent', async () => {
  const api = await build();
  api.verbs.describeCall = () => Promise.resolve({ text: SECRET } as never);

  const response = await api.api.inject(withBearer(BEARER, { url: `/v1/calls/${CALL}` }));

  expect(response.statusCode).toBe(500);
  expect(response.body).not.toContain(SECRET);
});

test('what a verb may not give away is not sent along with the rest', async () => {
  const api = await build();
  api.verbs.listCalls = () => Promise.resolve({ items: [], secret: SECRET } as never);

  const response = await api.api.inject(withBearer(BEARER, { url: '/v1/calls' }));

  expect(response.body).not.toContain(SECRET);
});

test('a refusal of a verb is noted like one of ours', async () => {
  const api = await build();
  api.failWith(new AskError('FORBIDDEN', 'not yours'));

  await api.api.inject(withBearer(BEARER, { url: `/v1/calls/${CALL}` }));

  expect(api.denied).toEqual([{ route: 'GET /v1/calls/:call', actor: `k_${'2'.repeat(32)}`, code: 'FORBIDDEN' }]);
});

test('the problems of a document are said with line and column, and without the name of a file', async () => {
  const api = await build();
  const problems = [
    { file: '/srv/secret.yaml', line: 3, column: 5, key: 'tenants.acme.match', message: 'must name a source' },
    { file: '/srv/secret.yaml', key: 'processors', message: 'is missing' },
  ];
  api.failWith(new ConfigError('INVALID', problems));

  const response = await api.api.inject(
    withBearer(BEARER, { method: 'POST', url: '/v1/config/apply', payload: { document: 'x', reason: 'why' } }),
  );

  expect(response.statusCode).toBe(422);
  expect(problemSchema.parse(response.json())).toMatchObject({
    code: 'DOCUMENT_INVALID',
    problems: [
      { key: 'tenants.acme.match', message: 'must name a source', line: 3, column: 5 },
      { key: 'processors', message: 'is missing' },
    ],
  });
  expect(response.body).not.toContain('secret.yaml');
});

test.each([
  ['/v1/calls?limit=0', 'querystring.limit'],
  ['/v1/calls?limit=501', 'querystring.limit'],
  ['/v1/calls?state=gone', 'querystring.state'],
  ['/v1/calls?nonsense=1', 'querystring'],
  ['/v1/calls?tenant=NOT%20ONE', 'querystring.tenant.0'],
  ['/v1/calls?cursor=', 'querystring.cursor'],
  ['/v1/calls/c_1', 'params.call'],
  ['/v1/events?since=-1', 'querystring.since'],
  ['/v1/events?since=1&since=2', 'querystring.since'],
  ['/v1/events?since=9007199254740993', 'querystring.since'],
  ['/v1/config/revisions/0', 'params.revision'],
  ['/v1/config/revisions/latest', 'params.revision'],
])('GET %s is refused with the place of it, %s', async (url, key) => {
  const api = await build();

  const response = await api.api.inject(withBearer(BEARER, { url }));

  expect(response.statusCode).toBe(400);
  const problem = problemSchema.parse(response.json());
  expect(problem.code).toBe('VALIDATION');
  expect(problem.problems?.map((place) => place.key)).toContain(key);
  expect(api.asked).toEqual([]);
});

test.each([
  ['no JSON', '{"target":', 400],
  ['nothing', '', 400],
  ['a prototype', '{"__proto__":{"a":1},"target":{"scope":"tenant","tenant":"acme"},"reason":"x"}', 400],
  ['too much', JSON.stringify({ reason: 'x'.repeat(65_536) }), 413],
])('a body of %s is refused', async (_name, payload, status) => {
  const api = await build();

  const response = await api.api.inject(
    withBearer(BEARER, {
      method: 'POST',
      url: '/v1/revocations',
      headers: { 'content-type': 'application/json' },
      payload,
    }),
  );

  expect(response.statusCode).toBe(status);
  expect(problemSchema.safeParse(response.json()).success).toBe(true);
  expect(api.asked).toEqual([]);
});

test.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'application/octet-stream'])(
  'a body of %s is not read where JSON is meant',
  async (type) => {
    const api = await build();
    const request = {
      method: 'POST',
      url: '/v1/revocations',
      headers: { 'content-type': type },
      payload: '{}',
    } as const;

    const response = await api.api.inject(withBearer(BEARER, request));

    expect(response.statusCode).toBe(415);
    expect(response.json()).toMatchObject({ code: 'UNSUPPORTED_MEDIA_TYPE' });
  },
);

test('a bundle comes as bytes and nothing else, and only as large as policy takes it', async () => {
  const api = await build();
  const put = (payload: Buffer | string, type: string) =>
    api.api.inject(
      withBearer(BEARER, { method: 'PUT', url: `/v1/bundles/${DIGEST}`, headers: { 'content-type': type }, payload }),
    );

  const stored = await put(Buffer.alloc(MAX_PACKED_BYTES), 'application/octet-stream');
  const tooLarge = await put(Buffer.alloc(MAX_PACKED_BYTES + 1), 'application/octet-stream');
  const json = await put('{}', 'application/json');
  const empty = await put(Buffer.alloc(0), 'application/octet-stream');

  expect([stored, tooLarge, json, empty].map(({ statusCode }) => statusCode)).toEqual([200, 413, 415, 400]);
  expect(api.asked).toHaveLength(1);
  expect(api.asked[0]?.given[1]).toBe(DIGEST);
  expect(Buffer.byteLength(api.asked[0]?.given[2] as Buffer)).toBe(MAX_PACKED_BYTES);
  expect(LIMITS.bundleBytes).toBe(MAX_PACKED_BYTES);
});

test('a document may be large where nothing else may', async () => {
  const api = await build();
  const apply = (sizeBytes: number) =>
    api.api.inject(
      withBearer(BEARER, {
        method: 'POST',
        url: '/v1/config/apply',
        payload: { document: 'x'.repeat(sizeBytes), reason: 'why' },
      }),
    );

  const large = await apply(3 * 1024 * 1024);
  const tooLarge = await apply(4 * 1024 * 1024);

  expect(large.statusCode).toBe(200);
  expect(tooLarge.statusCode).toBe(413);
});

test('a body that is too large is refused by its length, before it is known who asks for what', async () => {
  const api = await build();

  const response = await api.api.inject({
    method: 'POST',
    url: '/v1/revocations',
    headers: { 'content-type': 'application/json' },
    payload: 'x'.repeat(100_000),
  });

  expect(response.statusCode).toBe(401);
});

test.each([
  ['POST', '/v1/calls', 'GET'],
  ['HEAD', '/v1/ledger/raw', 'GET'],
  ['PUT', '/v1/revocations', 'GET, POST'],
  ['PATCH', `/v1/tokens/${'x'.repeat(20)}`, 'DELETE'],
] as const)('%s %s is refused with the methods that are taken', async (method, url, allow) => {
  const api = await build();

  const response = await api.api.inject(withBearer(BEARER, { method, url }));

  expect(response.statusCode).toBe(405);
  expect(response.headers['allow']).toBe(allow);
  expect(api.asked).toEqual([]);
});

test.each(['/', '/v1', '/v1/nothing', '/v2/calls', `/v1/calls/${CALL}/x`, '/v1/%63alls/../x', '/V1/CALLS'])(
  '%s is no route',
  async (url) => {
    const api = await build();

    const response = await api.api.inject(withBearer(BEARER, { url }));

    expect(response.statusCode).toBe(404);
    expect(problemSchema.parse(response.json()).code).toBe('NO_SUCH_ROUTE');
    expect(api.asked).toEqual([]);
  },
);

test('a path that cannot be decoded is refused as a problem', async () => {
  const api = await build();

  const response = await api.api.inject(withBearer(BEARER, { url: '/v1/calls/%E0%A4%A' }));

  expect(response.statusCode).toBe(400);
  expect(problemSchema.parse(response.json()).code).toBe('MALFORMED');
});

test('nothing is for a browser to keep, show or fetch from elsewhere', async () => {
  const api = await build();

  const answers = await Promise.all(
    ['/v1/health', '/v1/calls', '/v1/nothing'].map((url) =>
      api.api.inject({ url, headers: { origin: 'https://elsewhere.example' } }),
    ),
  );

  for (const { headers } of answers) {
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    expect(headers).not.toHaveProperty('strict-transport-security');
    expect(headers).not.toHaveProperty('server');
    expect(headers).not.toHaveProperty('x-powered-by');
  }
});

test('health names what is amiss, and no tenant', async () => {
  const api = await build({
    health: () => ({
      ready: false,
      conditions: ['policy_invalid:acme', 'policy_invalid:globex', 'ledger_unavailable'],
    }),
  });

  const response = await api.api.inject('/v1/health');

  expect(response.json()).toEqual({ ready: false, conditions: ['policy_invalid', 'ledger_unavailable'] });
});

test('whoever asks who he is learns his roles, tenants and end', async () => {
  const api = await buildTestApi();
  api.holders.set(BEARER, holderOf(['ops'], ['acme']));

  const response = await api.api.inject(withBearer(BEARER, { url: '/v1/whoami' }));

  expect(response.json()).toEqual({
    token: `k_${'2'.repeat(32)}`,
    holder: 'ada',
    roles: ['ops'],
    tenants: ['acme'],
    expires_ms: 1_900_000_000_000,
  });
});

test('the reader is given the token itself, and nobody else is', async () => {
  const api = await build();

  await api.api.inject(withBearer(BEARER, { url: `/v1/transcripts/${CALL}` }));
  await api.api.inject(withBearer(BEARER, { url: `/v1/calls/${CALL}` }));

  expect(api.asked[0]?.given[1]).toBe(BEARER);
  expect(JSON.stringify(api.asked[1])).not.toContain(BEARER);
});
