import { expect, test } from 'vitest';
import { LIMITS } from '../../src/api/limits.ts';
import { problemSchema } from '../../src/model/api/words.ts';
import { buildTestApi, withBearer, type TestApi } from './build.ts';
import { bearerOf, holderOf } from './fake-administration.ts';

const GOOD = bearerOf(1);
const BAD = bearerOf(2);

async function build(isLocal = false): Promise<TestApi> {
  const api = await buildTestApi({ isLocal });
  api.holders.set(GOOD, holderOf(['ops'], 'all'));
  return api;
}

async function statuses(api: TestApi, count: number, bearer: string, remoteAddress = '127.0.0.1'): Promise<number[]> {
  const found: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const { statusCode } = await api.api.inject({ ...withBearer(bearer, { url: '/v1/whoami' }), remoteAddress });
    found.push(statusCode);
  }
  return found;
}

test('a token that asks too often is told when to come again, and another one is not', async () => {
  const api = await build();
  const other = bearerOf(3);
  api.holders.set(other, { ...holderOf(['ops'], 'all'), token: `k_${'9'.repeat(32)}` as never });

  const before = await statuses(api, LIMITS.perToken, GOOD);
  const over = await api.api.inject(withBearer(GOOD, { url: '/v1/whoami' }));
  const elsewhere = await statuses(api, 1, GOOD, '127.0.0.2');
  const others = await statuses(api, 1, other);

  expect(new Set(before)).toEqual(new Set([200]));
  expect(over.statusCode).toBe(429);
  expect(problemSchema.parse(over.json()).code).toBe('TOO_MANY_REQUESTS');
  expect(Number(over.headers['retry-after'])).toBeGreaterThan(0);
  expect(elsewhere).toEqual([429]);
  expect(others).toEqual([200]);
});

test('documents and bundles, which keep the node busy, are taken far less often than questions', async () => {
  const api = await build();
  const apply = async () =>
    (await api.api.inject(withBearer(GOOD, { method: 'POST', url: '/v1/config/apply', payload: {} }))).statusCode;

  const before: number[] = [];
  for (let n = 0; n < LIMITS.perTokenHeavy; n += 1) before.push(await apply());

  expect(before).not.toContain(429);
  expect(await apply()).toBe(429);
  expect(await statuses(api, 1, GOOD)).toEqual([200]);
});

test('without a token the address counts, for what is public, not there, or behind one', async () => {
  const api = await build();
  const ask = async (url: string, remoteAddress: string) => (await api.api.inject({ url, remoteAddress })).statusCode;

  for (let n = 0; n < LIMITS.perAddress / 3; n += 1) {
    await ask('/v1/health', '127.0.0.1');
    await ask('/v1/nothing', '127.0.0.1');
    await ask('/v1/calls', '127.0.0.1');
  }

  expect(await ask('/v1/health', '127.0.0.1')).toBe(429);
  expect(await ask('/v1/nothing', '127.0.0.1')).toBe(429);
  expect(await ask('/v1/calls', '127.0.0.1')).toBe(429);
  expect(await ask('/v1/health', '127.0.0.2')).toBe(200);
});

test('an address with too many bad tokens is not looked up any more, whatever token it shows', async () => {
  const api = await build();

  const refused = await statuses(api, LIMITS.failuresPerAddress, BAD);
  const lookups = api.authenticated.length;
  const [again, another, elsewhere] = [
    ...(await statuses(api, 1, BAD)),
    ...(await statuses(api, 1, bearerOf(5))),
    ...(await statuses(api, 1, bearerOf(5), '127.0.0.2')),
  ];

  expect(new Set(refused)).toEqual(new Set([401]));
  expect([again, another, elsewhere]).toEqual([429, 429, 401]);
  expect(api.authenticated).toHaveLength(lookups + 1);
});

test('a token that was good before is not kept out by bad ones from the same address, and is still looked up', async () => {
  const api = await build();
  await statuses(api, 1, GOOD);
  await statuses(api, LIMITS.failuresPerAddress + 1, BAD);

  const good = await statuses(api, 1, GOOD);
  api.holders.delete(GOOD);
  const revoked = await statuses(api, 1, GOOD);

  expect(good).toEqual([200]);
  expect(revoked).toEqual([401]);
});

test('addresses of one IPv6 network count as one', async () => {
  const api = await build();
  for (let n = 0; n < LIMITS.failuresPerAddress; n += 1) await statuses(api, 1, BAD, `2001:db8::${n.toString(16)}`);

  expect(await statuses(api, 1, BAD, '2001:db8::ffff')).toEqual([429]);
  expect(await statuses(api, 1, BAD, '2001:db8:1::1')).toEqual([401]);
});

test("the node's own socket has a limit too, for each route apart: nothing stands in the way of the kill switch", async () => {
  const api = await build(true);
  const ask = async (url: string) => (await api.api.inject({ url })).statusCode;
  const found = new Set<number>();
  for (let n = 0; n <= LIMITS.perAddress; n += 1) found.add(await ask('/v1/health'));

  expect([...found]).toEqual([200, 429]);
  expect(await ask('/v1/revocations')).toBe(200);
});

test('a token longer than any is not hashed, looked up or remembered', async () => {
  const api = await build();

  const [status] = await statuses(api, 1, `ear_${'a'.repeat(10_000)}`);

  expect(status).toBe(401);
  expect(api.authenticated).toEqual(['']);
});
