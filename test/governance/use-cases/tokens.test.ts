import { describe, expect, test } from 'vitest';
import { asTenantId, type TokenId } from '../../../src/base/ids.ts';
import { bootstrapAccessOf } from '../../../src/governance/use-cases/bootstrap-access.ts';
import { issueTokenOf } from '../../../src/governance/use-cases/issue-token.ts';
import { listTokensOf } from '../../../src/governance/use-cases/list-tokens.ts';
import { revokeTokenOf } from '../../../src/governance/use-cases/revoke-token.ts';
import type { AccessRole, Principal } from '../../../src/model/access.ts';
import type { IssueTokenBody } from '../../../src/model/api/access.ts';
import { isEntryBody } from '../../../src/model/evidence.ts';
import { makeTokenWorld, type TokenWorld } from './token-world.ts';

const DAY_S = 86_400;
const BODY: IssueTokenBody = { holder: 'bob', roles: ['auditor'], expires_in_s: DAY_S };
const KNOWN = ['acme', 'globex', 'initech'];

function admin(tenants: readonly string[] | 'all' = 'all', roles: readonly AccessRole[] = ['admin']): Principal {
  const token = `k_${'a'.repeat(32)}` as TokenId;
  return { token, holder: 'ada', roles, tenants: tenants === 'all' ? 'all' : tenants.map(asTenantId) };
}

const issueIn = (world: TokenWorld) => issueTokenOf({ ...world, isTenant: (name) => KNOWN.includes(name) });
const refusalOf = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);

describe('issuing', () => {
  test('a token is in the ledger before it is in the database, and its secret is only in the answer', async () => {
    const world = makeTokenWorld();

    const issued = await issueIn(world)(admin(), BODY);

    expect(world.trace).toEqual(['append access.token system', 'add']);
    expect(issued).toMatchObject({ holder: 'bob', roles: ['auditor'], state: 'active', issued_by: admin().token });
    expect(issued.expires_ms - issued.issued_ms).toBe(DAY_S * 1000);
    expect(issued).not.toHaveProperty('tenants');
    expect(JSON.stringify([world.rows, world.entries])).not.toContain(issued.secret.slice(17));
    expect(await world.authenticator.authenticate(issued.secret)).toMatchObject({ holder: 'bob', tenants: 'all' });
  });

  test('one for tenants is in their logs too, and each of these names its own tenant alone', async () => {
    const world = makeTokenWorld();

    await issueIn(world)(admin(), { ...BODY, tenants: ['acme', 'globex', 'acme'] });

    expect(world.entries.map(({ log, body }) => [log, 'tenants' in body ? body.tenants : undefined])).toEqual([
      ['system', ['acme', 'globex']],
      ['acme', ['acme']],
      ['globex', ['globex']],
    ]);
    expect(world.rows[0]?.tenants).toEqual(['acme', 'globex']);
  });

  test('for as many tenants as there may be, with the longest names, every entry is small enough to be one', async () => {
    const world = makeTokenWorld();
    const tenants = Array.from({ length: 64 }, (_, n) => `${'t'.repeat(60)}-${n}`);
    const issue = issueTokenOf({ ...world, isTenant: () => true });

    await issue(admin(), { ...BODY, holder: 'h'.repeat(64), roles: ['auditor', 'security', 'ops'], tenants });

    const system = world.entries.filter(({ log }) => log === 'system');
    expect(system.flatMap(({ body }) => ('tenants' in body ? body.tenants : []))).toEqual(tenants);
    for (const { body } of world.entries) {
      expect(isEntryBody(body)).toBe(true);
      expect(JSON.stringify(body).length).toBeLessThan(3000);
    }
  });

  test.each([
    ['himself', admin(), { ...BODY, holder: 'ada' }, 'FORBIDDEN'],
    ['himself in capitals', admin(), { ...BODY, holder: 'ADA' }, 'FORBIDDEN'],
    ['a tenant that is not the issuer’s', admin(['acme']), { ...BODY, tenants: ['globex'] }, 'FORBIDDEN'],
    ['a tenant that does not exist, by an issuer of one', admin(['acme']), { ...BODY, tenants: ['none'] }, 'FORBIDDEN'],
    ['every tenant, by an issuer of one', admin(['acme']), BODY, 'FORBIDDEN'],
    ['anybody, by somebody who is no admin', admin('all', ['auditor', 'security', 'ops']), BODY, 'FORBIDDEN'],
    ['an admin who reads', admin(), { ...BODY, roles: ['admin', 'auditor'] }, 'INVALID'],
    ['somebody with the same role twice', admin(), { ...BODY, roles: ['ops', 'ops'] }, 'INVALID'],
    ['a tenant that does not exist', admin(), { ...BODY, tenants: ['acme', 'none'] }, 'INVALID'],
  ] as const)('none is issued for %s', async (_name, principal, body, code) => {
    const world = makeTokenWorld();

    const refused = await refusalOf(issueIn(world)(principal, { ...body, roles: [...body.roles] } as IssueTokenBody));

    expect(refused).toMatchObject({ name: 'AskError', code });
    expect(world.trace).toEqual([]);
  });

  test('a foreign tenant and one that does not exist are refused alike', async () => {
    const world = makeTokenWorld();

    const foreign = await refusalOf(issueIn(world)(admin(['acme']), { ...BODY, tenants: ['globex'] }));
    const missing = await refusalOf(issueIn(world)(admin(['acme']), { ...BODY, tenants: ['nowhere'] }));

    expect(String(missing)).toBe(String(foreign));
  });

  test('without a ledger there is no token', async () => {
    const world = makeTokenWorld();
    world.fault = 'ledger';

    const refused = await refusalOf(issueIn(world)(admin(), BODY));

    expect(refused).toMatchObject({ code: 'DEADLINE' });
    expect(world.rows).toEqual([]);
  });

  test.each(['database', 'answer lost'] as const)(
    'when storing fails (%s) the log says that this was the end of the token, and nobody has its secret',
    async (fault) => {
      const world = makeTokenWorld();
      world.fault = fault;

      const refused = await refusalOf(issueIn(world)(admin(), { ...BODY, tenants: ['acme'] }));

      expect(refused).toMatchObject({ name: 'AskError', code: 'UNAVAILABLE' });
      const said = world.entries.map(({ log, body, how }) => ('action' in body ? `${how} ${body.action} ${log}` : ''));
      expect(said).toEqual(['append issued system', 'append issued acme', 'note revoked system', 'note revoked acme']);
    },
  );
});

describe('revoking', () => {
  test('is in the ledger first, and counts here at once', async () => {
    const world = makeTokenWorld();
    const issued = await issueIn(world)(admin(), BODY);
    expect(await world.authenticator.authenticate(issued.secret)).toBeDefined();
    world.trace.length = 0;

    const revoked = await revokeTokenOf(world)(admin(), issued.token);

    expect(revoked).toMatchObject({ token: issued.token, state: 'revoked' });
    expect(revoked).not.toHaveProperty('secret');
    expect(world.trace).toEqual(['find', 'append access.token system', 'revoke']);
    expect(await world.authenticator.authenticate(issued.secret)).toBeUndefined();
  });

  test('twice is once: nothing more is written', async () => {
    const world = makeTokenWorld();
    const issued = await issueIn(world)(admin(), BODY);
    const first = await revokeTokenOf(world)(admin(), issued.token);
    const entries = world.entries.length;
    world.clock.advance(1000);

    const second = await revokeTokenOf(world)(admin(), issued.token);

    expect(second).toEqual(first);
    expect(world.entries).toHaveLength(entries);
  });

  test.each([
    ['of another tenant', ['globex']],
    ['of the own tenant and another', ['acme', 'globex']],
    ['of every tenant', undefined],
  ])('a token %s is to an admin of one as if it did not exist', async (_name, tenants) => {
    const world = makeTokenWorld();
    const issued = await issueIn(world)(admin(), { ...BODY, tenants });
    const unknown = await refusalOf(revokeTokenOf(world)(admin(['acme']), `k_${'f'.repeat(32)}`));

    const refused = await refusalOf(revokeTokenOf(world)(admin(['acme']), issued.token));

    expect(refused).toMatchObject({ code: 'NOT_FOUND' });
    expect(String(refused)).toBe(String(unknown));
    expect(world.rows[0]?.revoked_ms).toBeNull();
  });

  test('without a ledger nothing is revoked, and the token works on', async () => {
    const world = makeTokenWorld();
    const issued = await issueIn(world)(admin(), BODY);
    world.fault = 'ledger';

    const refused = await refusalOf(revokeTokenOf(world)(admin(), issued.token));

    expect(refused).toMatchObject({ code: 'DEADLINE' });
    expect(world.rows[0]?.revoked_ms).toBeNull();
  });

  test('of the last two tokens that can issue others one stays, though both are revoked at once', async () => {
    const world = makeTokenWorld();
    const first = await bootstrapAccessOf(world)('ada');
    const second = await issueIn(world)(admin(), { ...BODY, roles: ['admin'] });
    const revoke = revokeTokenOf(world);

    const outcomes = await Promise.allSettled([first, second].map(({ token }) => revoke(admin(), token)));

    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(world.rows.map(({ revoked_ms }) => revoked_ms === null)).toEqual([false, true]);
  });

  test('the last token that can issue others stays, until there is another', async () => {
    const world = makeTokenWorld();
    const first = await bootstrapAccessOf(world)('ada');
    const revoke = revokeTokenOf(world);

    const refused = await refusalOf(revoke(admin(), first.token));
    await issueIn(world)(admin(), { ...BODY, roles: ['admin'], tenants: ['acme'] });
    const stillRefused = await refusalOf(revoke(admin(), first.token));
    await issueIn(world)(admin(), { ...BODY, roles: ['admin'] });
    const revoked = await revoke(admin(), first.token);

    expect(refused).toMatchObject({ code: 'CONFLICT' });
    expect(stillRefused).toMatchObject({ code: 'CONFLICT' });
    expect(revoked.state).toBe('revoked');
  });
});

describe('the first token', () => {
  test('is an admin’s for every tenant, for a year at most, and in the ledger first', async () => {
    const world = makeTokenWorld();

    const first = await bootstrapAccessOf(world)('ada');

    expect(world.trace).toEqual(['hasFirst', 'append access.bootstrap system', 'addFirst']);
    expect(first).toMatchObject({ holder: 'ada', roles: ['admin'], issued_by: 'local' });
    expect(first.expires_ms - first.issued_ms).toBeLessThanOrEqual(366 * DAY_S * 1000);
    expect(await world.authenticator.authenticate(first.secret)).toMatchObject({ tenants: 'all', roles: ['admin'] });
  });

  test('is made once, and asking again writes nothing', async () => {
    const world = makeTokenWorld();
    const bootstrap = bootstrapAccessOf(world);

    const [one, two] = await Promise.allSettled([bootstrap('ada'), bootstrap('bob')]);
    const three = await refusalOf(bootstrapAccessOf(world)('carl'));

    expect(one.status).toBe('fulfilled');
    expect(two).toMatchObject({ status: 'rejected', reason: { code: 'ALREADY_DONE' } });
    expect(three).toMatchObject({ code: 'ALREADY_DONE' });
    expect(world.rows).toHaveLength(1);
    expect(world.entries).toHaveLength(1);
  });

  test('stays once when it was revoked, or expired', async () => {
    const world = makeTokenWorld();
    const first = await bootstrapAccessOf(world)('ada');
    await issueIn(world)(admin(), { ...BODY, roles: ['admin'] });
    await revokeTokenOf(world)(admin(), first.token);
    world.clock.advance(400 * DAY_S * 1000);

    const refused = await refusalOf(bootstrapAccessOf(world)('ada'));

    expect(refused).toMatchObject({ code: 'ALREADY_DONE' });
  });

  test('of two nodes at once one makes it, and the log says that the other’s was the end of it', async () => {
    const world = makeTokenWorld();
    const here = bootstrapAccessOf(world);
    const there = bootstrapAccessOf(world);

    const outcomes = await Promise.allSettled([here('ada'), there('bob')]);

    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(world.rows).toHaveLength(1);
    const kinds = world.entries.map(({ body, how }) => `${how} ${body.kind}`);
    expect(kinds).toEqual(['append access.bootstrap', 'append access.bootstrap', 'note access.token']);
    const ended = world.entries[2]!.body;
    expect('token' in ended && ended.token).not.toBe(world.rows[0]!.token);
  });

  test('is given after all when the answer to storing it was lost, and is recorded once', async () => {
    const world = makeTokenWorld();
    const bootstrap = bootstrapAccessOf(world);
    let isLost = true;
    const flaky = bootstrapAccessOf({
      ...world,
      tokens: {
        ...world.tokens,
        addFirst: async (row) => {
          world.fault = isLost ? 'answer lost' : 'none';
          isLost = false;
          return world.tokens.addFirst(row).finally(() => (world.fault = 'none'));
        },
      },
    });

    const lost = await refusalOf(flaky('ada'));
    const found = await flaky('ada');

    expect(lost).toMatchObject({ code: 'UNAVAILABLE' });
    expect(found.token).toBe(world.rows[0]?.token);
    expect(await world.authenticator.authenticate(found.secret)).toBeDefined();
    expect(world.entries).toHaveLength(1);
    expect(await refusalOf(bootstrap('bob'))).toMatchObject({ code: 'ALREADY_DONE' });
  });

  test('is not made without a ledger', async () => {
    const world = makeTokenWorld();
    world.fault = 'ledger';

    const refused = await refusalOf(bootstrapAccessOf(world)('ada'));

    expect(refused).toMatchObject({ code: 'DEADLINE' });
    expect(world.rows).toEqual([]);
  });
});

describe('listing', () => {
  async function fill(world: TokenWorld): Promise<void> {
    for (const [n, tenants] of [['acme'], ['globex'], ['acme', 'globex'], undefined, ['acme']].entries()) {
      await issueIn(world)(admin(), { ...BODY, holder: `h${n}`, tenants });
      world.clock.advance(1);
    }
    world.entries.length = 0;
    world.trace.length = 0;
  }

  test('is recorded before the first row, and afterwards with how many were given', async () => {
    const world = makeTokenWorld();
    await fill(world);

    const { items } = await listTokensOf(world)(admin(), { limit: 100 });

    expect(items.map(({ holder }) => holder)).toEqual(['h4', 'h3', 'h2', 'h1', 'h0']);
    expect(world.trace).toEqual(['append read system', 'list', 'note read.done system']);
    expect(world.entries.at(-1)?.body).toMatchObject({ rows: 5, outcome: 'complete' });
    expect(JSON.stringify(items)).not.toMatch(/secret|hash/);
  });

  test('pages hold every token once, whatever their size', async () => {
    const world = makeTokenWorld();
    await fill(world);
    const list = listTokensOf(world);

    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await list(admin(), { limit: 2, cursor });
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map(({ holder }) => holder));
      cursor = page.next;
    } while (cursor !== undefined);

    expect(seen).toEqual(['h4', 'h3', 'h2', 'h1', 'h0']);
  });

  test('an admin of one tenant sees tokens of that one alone, and the tenant’s log says that he looked', async () => {
    const world = makeTokenWorld();
    await fill(world);

    const { items } = await listTokensOf(world)(admin(['acme']), { limit: 100 });

    expect(items.map(({ holder }) => holder)).toEqual(['h4', 'h0']);
    expect(world.entries.map(({ log }) => log)).toEqual(['acme', 'acme']);
  });

  test('a cursor of somebody else’s list shows no more than one’s own', async () => {
    const world = makeTokenWorld();
    await fill(world);
    const list = listTokensOf(world);
    const { next } = await list(admin(), { limit: 1 });

    const { items } = await list(admin(['acme']), { limit: 100, cursor: next });

    expect(items.map(({ holder }) => holder)).toEqual(['h0']);
  });

  test.each([
    'x',
    'e30',
    'WzFd',
    Buffer.from('[1,"k_"]').toString('base64url'),
    Buffer.from('[1e999,2]').toString('base64url'),
  ])('the cursor %j, which nobody gave, is invalid and nothing is recorded', async (cursor) => {
    const world = makeTokenWorld();

    const refused = await refusalOf(listTokensOf(world)(admin(), { limit: 1, cursor }));

    expect(refused).toMatchObject({ name: 'AskError', code: 'INVALID' });
    expect(world.trace).toEqual([]);
  });

  test('a list that the database broke off is said to be broken', async () => {
    const world = makeTokenWorld();
    world.fault = 'database';

    const refused = await refusalOf(listTokensOf(world)(admin(), { limit: 1 }));

    expect(refused).toMatchObject({ code: 'UNAVAILABLE' });
    expect(world.entries.at(-1)?.body).toMatchObject({ kind: 'read.done', rows: 0, outcome: 'broken' });
  });
});
