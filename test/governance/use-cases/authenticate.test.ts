import { expect, test } from 'vitest';
import { asTenantId, type TokenId } from '../../../src/base/ids.ts';
import { makeToken } from '../../../src/governance/access/token.ts';
import type { StoredToken } from '../../../src/store/access-tokens.ts';
import { makeTokenWorld, type TokenWorld } from './token-world.ts';

const HOUR_MS = 3_600_000;

function add(world: TokenWorld, changes: Partial<StoredToken> = {}): string {
  const { token, bearer, secretHash } = makeToken(world.random);
  const nowMs = world.clock.wallMs();
  world.rows.push({
    token,
    secret_hash: secretHash,
    holder: 'ada',
    roles: ['auditor'],
    tenants: ['acme'],
    issued_by: `k_${'1'.repeat(32)}`,
    issued_ms: nowMs,
    expires_ms: nowMs + HOUR_MS,
    revoked_ms: null,
    ...changes,
  });
  return bearer;
}

test('a token that is stored, not expired and not revoked has a holder', async () => {
  const world = makeTokenWorld();
  const bearer = add(world);

  const holder = await world.authenticator.authenticate(bearer);

  expect(holder).toEqual({
    token: world.rows[0]?.token as TokenId,
    holder: 'ada',
    roles: ['auditor'],
    tenants: [asTenantId('acme')],
    expiresMs: world.clock.wallMs() + HOUR_MS,
  });
});

test.each([
  ['expired just now', { expires_ms: 1_800_000_000_000 }],
  ['revoked', { revoked_ms: 1 }],
  ['without a role', { roles: [] }],
  ['with a role that nobody knows beside one that is known', { roles: ['auditor', 'root'] }],
  ['of an admin who reads', { roles: ['admin', 'auditor'] }],
  ['with an empty list of tenants', { tenants: [] }],
  ['under an id that is none', { token: 'k_nonsense' }],
] as const)('a row %s has no holder', async (_name, changes) => {
  const world = makeTokenWorld();
  const bearer = add(world, changes);

  expect(await world.authenticator.authenticate(bearer)).toBeUndefined();
});

test.each(['', 'ear_', 'Bearer x', `ear_${'0'.repeat(12)}_${'!'.repeat(43)}`])(
  'of %j the database is never asked',
  async (bearer) => {
    const world = makeTokenWorld();

    expect(await world.authenticator.authenticate(bearer)).toBeUndefined();
    expect(world.lookups).toBe(0);
  },
);

test('a yes is believed for five seconds, and not for longer', async () => {
  const world = makeTokenWorld();
  const bearer = add(world);
  await world.authenticator.authenticate(bearer);

  world.clock.advance(4999);
  const kept = await world.authenticator.authenticate(bearer);
  const lookups = world.lookups;
  world.rows[0] = { ...world.rows[0]!, revoked_ms: 1 };
  world.clock.advance(1);

  expect(kept).toBeDefined();
  expect(lookups).toBe(1);
  expect(await world.authenticator.authenticate(bearer)).toBeUndefined();
});

test('a no is never believed', async () => {
  const world = makeTokenWorld();
  const { bearer } = makeToken(world.random);

  await world.authenticator.authenticate(bearer);
  await world.authenticator.authenticate(bearer);

  expect(world.lookups).toBe(2);
});

test('a token that expires while it is believed is not believed any more', async () => {
  const world = makeTokenWorld();
  const bearer = add(world, { expires_ms: world.clock.wallMs() + 100 });
  await world.authenticator.authenticate(bearer);

  world.clock.advance(100);

  expect(await world.authenticator.authenticate(bearer)).toBeUndefined();
});

test('what is kept of one token is nothing to another that names the same id', async () => {
  const world = makeTokenWorld();
  const bearer = add(world);
  await world.authenticator.authenticate(bearer);

  const other = makeToken(world.random).bearer.replace(/^ear_.{12}/, bearer.slice(0, 16));
  const lying = bearer.replace(/^ear_.{12}/, 'ear_000000000000');

  expect(await world.authenticator.authenticate(other)).toBeUndefined();
  expect(await world.authenticator.authenticate(lying)).toBeUndefined();
});

test('a revocation here makes the database be asked again', async () => {
  const world = makeTokenWorld();
  const bearer = add(world);
  await world.authenticator.authenticate(bearer);
  world.rows[0] = { ...world.rows[0]!, revoked_ms: 1 };

  world.authenticator.forget();

  expect(await world.authenticator.authenticate(bearer)).toBeUndefined();
});

test('an answer that a revocation overtook is not kept', async () => {
  const world = makeTokenWorld();
  const bearer = add(world);
  world.onLookup = () => {
    world.rows[0] = { ...world.rows[0]!, revoked_ms: 1 };
    world.authenticator.forget();
  };

  const overtaken = await world.authenticator.authenticate(bearer);
  world.onLookup = () => undefined;

  expect(overtaken).toBeDefined();
  expect(await world.authenticator.authenticate(bearer)).toBeUndefined();
});

test('without a database nobody new is let in, and who was just let in stays for the moment', async () => {
  const world = makeTokenWorld();
  const known = add(world);
  const unknown = add(world);
  await world.authenticator.authenticate(known);
  world.fault = 'database';

  const kept = await world.authenticator.authenticate(known);
  const refused = await world.authenticator.authenticate(unknown).catch((error: unknown) => error);
  world.clock.advance(5000);
  const later = await world.authenticator.authenticate(known).catch((error: unknown) => error);

  expect(kept).toBeDefined();
  expect(refused).toMatchObject({ name: 'AskError', code: 'UNAVAILABLE' });
  expect(later).toMatchObject({ name: 'AskError', code: 'UNAVAILABLE' });
});

test('more tokens than are kept are looked up again, oldest first', async () => {
  const world = makeTokenWorld();
  const bearers = Array.from({ length: 1025 }, () => add(world));
  for (const bearer of bearers) await world.authenticator.authenticate(bearer);

  await world.authenticator.authenticate(bearers[1]!);
  const kept = world.lookups;
  await world.authenticator.authenticate(bearers[0]!);

  expect(kept).toBe(1025);
  expect(world.lookups).toBe(1026);
});

test('a flood of unknown tokens waits for the database in bounded numbers', async () => {
  const world = makeTokenWorld();
  const bearers = Array.from({ length: 70 }, () => makeToken(world.random).bearer);

  const outcomes = await Promise.allSettled(bearers.map((bearer) => world.authenticator.authenticate(bearer)));

  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(6);
  expect(world.lookups).toBe(64);
  expect(await world.authenticator.authenticate(add(world))).toBeDefined();
});
