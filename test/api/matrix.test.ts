import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ACCESS_ROLES, type AccessRole } from '../../src/model/access.ts';
import { AskError } from '../../src/governance/use-cases/administration.ts';
import { buildTestApi, withBearer, type TestApi } from './build.ts';
import { EXPECTED, FOREIGN, OWN, type Expectation } from './expectations.ts';
import { newId } from '../../src/base/ids.ts';
import { bearerOf, holderOf } from './fake-administration.ts';

const routes = Object.entries(EXPECTED);
const SCOPES = { all: 'all', some: [OWN] } as const;

let remote: TestApi;
let local: TestApi;
let away: TestApi;

beforeAll(async () => {
  remote = await buildTestApi();
  local = await buildTestApi({ isLocal: true });
  away = await buildTestApi();
  away.failToAuthenticate(new AskError('UNAVAILABLE', 'the database cannot be asked now'));
});

beforeEach(() => {
  for (const { asked, denied } of [remote, local, away]) {
    asked.length = 0;
    denied.length = 0;
  }
});

test('every route has a row in the table of expectations, and every row a route', () => {
  const registered = remote.table.routes.map(({ method, url }) => `${method} ${url}`);

  expect(registered.sort()).toEqual(Object.keys(EXPECTED).sort());
  expect(local.table.routes).toEqual(remote.table.routes);
});

describe.each(routes)('%s', (_name, expected) => {
  describe.each(ACCESS_ROLES)('as %s', (role) => {
    test.each(['remote', 'local'] as const)('with a token for every tenant, over %s', async (way) => {
      const { status, verbs, denied } = await ask(way, role, 'all', expected.request);

      expect(status).toBe(isAllowed(expected, role) ? (expected.status ?? 200) : 403);
      expect(verbs).toEqual(isAllowed(expected, role) ? verbsOf(expected) : []);
      expect(denied).toHaveLength(isAllowed(expected, role) ? 0 : 1);
    });

    test('with a token for one tenant', async () => {
      const isRefused = !isAllowed(expected, role) || expected.isForAll === true;

      const { status, verbs } = await ask('remote', role, 'some', expected.request);

      expect(status).toBe(isRefused ? 403 : (expected.status ?? 200));
      expect(verbs).toEqual(isRefused ? [] : verbsOf(expected));
    });
  });

  test('with two roles that both may not, it may not', async () => {
    const others = (['security', 'auditor', 'ops'] as const).filter((role) => !isAllowed(expected, role));

    const bearer = bearerOf(1);
    remote.holders.set(bearer, { ...holderOf(others, 'all'), token: newId('token') });
    const response = await remote.api.inject(withBearer(bearer, expected.request));

    const isOpen = expected.may === 'anybody' || expected.may === 'any token';
    expect(response.statusCode).toBe(isOpen ? 200 : 403);
    expect(remote.asked.map(({ verb }) => verb)).toEqual([]);
  });

  test.each(['none', 'malformed', 'not bearer', 'unknown', 'expired or revoked'] as const)(
    'with a token that is %s',
    async (kind) => {
      const header = {
        none: undefined,
        malformed: 'Bearer ear_nonsense',
        'not bearer': 'Basic YWRhOmFkYQ==',
        unknown: `Bearer ${bearerOf(9)}`,
        'expired or revoked': `Bearer ${bearerOf(8)}`,
      }[kind];
      const headers = {
        ...expected.request.headers,
        ...(header === undefined ? {} : { authorization: header }),
      };

      const response = await remote.api.inject({ ...expected.request, headers, remoteAddress: nextAddress() });

      const isOpen = expected.may === 'anybody';
      const isLocalOnly = kind === 'none' && expected.may === 'local alone';
      expect(response.statusCode).toBe(isOpen ? 200 : isLocalOnly ? 403 : 401);
      expect(remote.asked).toEqual([]);
      expect(remote.denied).toHaveLength(isOpen ? 0 : 1);
      if (isOpen || isLocalOnly) return;
      const wanted = kind === 'none' ? 'Bearer realm="earshot"' : 'Bearer realm="earshot", error="invalid_token"';
      expect(response.headers['www-authenticate']).toBe(wanted);
      expect(remote.denied[0]).toMatchObject({ actor: 'unknown' });
    },
  );

  test("at the node's own socket without a token", async () => {
    const response = await local.api.inject(expected.request);

    const isOpen = expected.may === 'anybody' || expected.isLocal === true;
    expect(response.statusCode).toBe(isOpen ? (expected.status ?? 200) : 401);
    expect(local.asked.map(({ verb }) => verb)).toEqual(isOpen ? verbsOf(expected) : []);
    expect(local.denied.map(({ actor }) => actor)).toEqual(isOpen ? [] : ['local']);
  });

  test('while nobody can say whose the token is', async () => {
    const response = await away.api.inject(withBearer(bearerOf(1), expected.request));

    expect(response.statusCode).toBe(expected.may === 'anybody' ? 200 : 503);
    expect(away.asked).toEqual([]);
  });
});

const ofTenants = routes.filter(([, { ofTenant }]) => ofTenant !== undefined);

describe.each(ofTenants)('%s, of one tenant', (_name, expected) => {
  test.each(ACCESS_ROLES)('as %s of that tenant', async (role) => {
    const { status, verbs } = await ask('remote', role, 'some', expected.ofTenant!(OWN));

    expect(status).toBe(isAllowed(expected, role) ? (expected.status ?? 200) : 403);
    expect(verbs).toEqual(isAllowed(expected, role) ? verbsOf(expected) : []);
  });

  test.each(ACCESS_ROLES)('as %s of another tenant', async (role) => {
    const { status, verbs, denied } = await ask('remote', role, 'some', expected.ofTenant!(FOREIGN));

    expect(status).toBe(isAllowed(expected, role) ? 404 : 403);
    expect(verbs).toEqual([]);
    expect(denied).toHaveLength(1);
  });

  test('a tenant that does not exist answers exactly as one that is not the own', async () => {
    const role = rolesOf(expected)[0]!;

    const foreign = await ask('remote', role, 'some', expected.ofTenant!(FOREIGN));
    const missing = await ask('remote', role, 'some', expected.ofTenant!('nowhere'));

    expect(missing).toEqual(foreign);
  });

  test('an own tenant beside a foreign one is refused whole', async () => {
    const role = rolesOf(expected)[0]!;
    const both = expected.ofTenant!(`${OWN}&tenant=${FOREIGN}`);

    const { status, verbs } = await ask('remote', role, 'some', both);

    expect(status).toBe(both.method === 'GET' ? 404 : 400);
    expect(verbs).toEqual([]);
  });
});

let addresses = 0;

/** Another one every time, because an address with many bad tokens is soon not listened to. */
function nextAddress(): string {
  addresses += 1;
  return `127.0.${addresses >> 8}.${addresses & 255}`;
}

async function ask(
  way: 'remote' | 'local',
  role: AccessRole,
  scope: keyof typeof SCOPES,
  request: Expectation['request'],
) {
  const api = way === 'remote' ? remote : local;
  const bearer = bearerOf(10 + ACCESS_ROLES.indexOf(role) * 2 + (scope === 'all' ? 0 : 1));
  api.holders.set(bearer, { ...holderOf([role], SCOPES[scope]), token: newId('token') });
  const askedBefore = api.asked.length;
  const deniedBefore = api.denied.length;
  const response = await api.api.inject(withBearer(bearer, request));
  return {
    status: response.statusCode,
    body: response.statusCode >= 400 ? response.body : undefined,
    verbs: api.asked.slice(askedBefore).map(({ verb }) => verb),
    denied: api.denied.slice(deniedBefore).map(({ code }) => code),
  };
}

function isAllowed({ may }: Expectation, role: AccessRole): boolean {
  if (may === 'anybody' || may === 'any token') return true;
  return may !== 'local alone' && may.includes(role);
}

function rolesOf({ may }: Expectation): readonly AccessRole[] {
  return typeof may === 'string' ? ACCESS_ROLES : may;
}

function verbsOf({ verb }: Expectation): readonly string[] {
  return verb === undefined ? [] : [verb];
}
