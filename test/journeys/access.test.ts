import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as requestPlain, type IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type RunningApi } from '../../src/api/server.ts';
import { systemClock } from '../../src/base/clock.ts';
import { systemRandom } from '../../src/base/ids.ts';
import { silentLog } from '../../src/base/log.ts';
import { conditionOf } from '../../src/governance/access/condition.ts';
import { findHolder } from '../../src/governance/access/find-holder.ts';
import { makeToken } from '../../src/governance/access/token.ts';
import { postgresTokenStore } from '../../src/governance/access/token-store.ts';
import { Authenticator } from '../../src/governance/use-cases/authenticate.ts';
import { bootstrapAccessOf } from '../../src/governance/use-cases/bootstrap-access.ts';
import { issueTokenOf } from '../../src/governance/use-cases/issue-token.ts';
import { listTokensOf } from '../../src/governance/use-cases/list-tokens.ts';
import { DeniedAttempts } from '../../src/governance/use-cases/note-denied.ts';
import { revokeTokenOf } from '../../src/governance/use-cases/revoke-token.ts';
import { issuedToken, tokenPage, tokenView } from '../../src/model/api/access.ts';
import type { RowCondition } from '../../src/model/access.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { appendEntries } from '../../src/store/entries.ts';
import { openEpoch } from '../../src/store/epochs.ts';
import { migrate } from '../../src/store/migrate.ts';
import { monthOf } from '../../src/store/month.ts';
import { whereCondition } from '../../src/store/row-condition.ts';
import { assertRuntimeRole } from '../../src/store/runtime-role.ts';
import type { AccessTokenRow, EntryRow } from '../../src/store/schema.ts';
import { seeLogs } from '../../src/store/seen-logs.ts';
import { makeFakeAdministration } from '../api/fake-administration.ts';
import { holder } from '../governance/access/principals.ts';
import { makeTokenWorld, type TokenWorld } from '../governance/use-cases/token-world.ts';
import { requirePeer } from '../peers/require-peer.ts';
import { startTestPostgres, type TestPostgres } from './support/postgres.ts';

const YEAR_MS = 366 * 86_400_000;
const NOW_MS = Date.now();
const openssl = requirePeer('openssl');

let postgres: TestPostgres;
const open: Database[] = [];

function connect(role: keyof TestPostgres['connections'], poolSize = 2): Database {
  const database = openDatabase({ connection: postgres.connections[role], poolSize });
  open.push(database);
  return database;
}

async function ask(role: keyof TestPostgres['connections'], statement: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ ...postgres.connections[role] });
  await client.connect();
  try {
    return await client.query(statement);
  } finally {
    await client.end();
  }
}

function newToken(changes: Partial<AccessTokenRow> = {}): { readonly row: AccessTokenRow; readonly bearer: string } {
  const { token, bearer, secretHash } = makeToken(systemRandom);
  const row = {
    token,
    secret_hash: secretHash,
    holder: 'ada',
    roles: ['auditor'],
    tenants: null,
    issued_by: `k_${'1'.repeat(32)}`,
    issued_ms: NOW_MS,
    expires_ms: NOW_MS + YEAR_MS,
    ...changes,
  };
  return { row, bearer };
}

/** The use cases over the real database, with a ledger that remembers. */
function accessOver(database: Database): TokenWorld & ReturnType<typeof verbsOf> {
  const world = { ...makeTokenWorld(), clock: systemClock as never, tokens: postgresTokenStore(database) };
  return { ...world, ...verbsOf(world) };
}

function verbsOf(world: TokenWorld) {
  const authenticator = new Authenticator(world);
  const deps = { ...world, authenticator, isTenant: () => true };
  return {
    authenticator,
    bootstrap: bootstrapAccessOf(deps),
    issueToken: issueTokenOf(deps),
    revokeToken: revokeTokenOf(deps),
    listTokens: listTokensOf(deps),
  };
}

beforeAll(async () => {
  postgres = await startTestPostgres();
  await migrate(connect('owner'), NOW_MS);
});

afterAll(async () => {
  await Promise.all(open.map((database) => database.close()));
  await postgres.stop();
});

describe('rows', () => {
  test('of a token come back as they went in, with their end once there is one', async () => {
    const tokens = postgresTokenStore(connect('app'));
    const { row, bearer } = newToken({ tenants: ['acme', 'globex'], roles: ['auditor', 'ops'] });

    await tokens.add(row);
    const before = await tokens.findBySecret(row.secret_hash);
    const found = await findHolder(connect('app'), bearer, NOW_MS);
    const first = await tokens.revoke({ token: row.token, revoked_by: 'local', at_ms: NOW_MS + 1 });
    const second = await tokens.revoke({ token: row.token, revoked_by: 'node', at_ms: NOW_MS + 2 });

    expect(before).toEqual({ ...row, revoked_ms: null });
    expect(found).toMatchObject({ holder: 'ada', tenants: ['acme', 'globex'], roles: ['auditor', 'ops'] });
    expect(second).toEqual(first);
    expect((await tokens.findBySecret(row.secret_hash))?.revoked_ms).toBe(NOW_MS + 1);
    expect(await findHolder(connect('app'), bearer, NOW_MS)).toBeUndefined();
    expect(await tokens.findBySecret(Buffer.alloc(32))).toBeUndefined();
  });

  test.each([
    ['an admin who reads', { roles: ['admin', 'auditor'] }],
    ['no role', { roles: [] }],
    ['a role nobody knows', { roles: ['root'] }],
    ['an empty list of tenants', { tenants: [] }],
    ['more than a year to live', { expires_ms: NOW_MS + YEAR_MS + 1 }],
    ['an end before its beginning', { expires_ms: NOW_MS }],
    ['half a hash', { secret_hash: Buffer.alloc(16) }],
    ['a name with a space', { holder: 'ada lovelace' }],
    ['an issuer that is nobody', { issued_by: 'root' }],
  ])('of a token with %s are refused by the database itself', async (_name, changes) => {
    const { row } = newToken(changes);

    await expect(postgresTokenStore(connect('app')).add(row)).rejects.toMatchObject({ code: 'FAILED' });
  });

  test('are added by the app role and changed by none; other roles do not see them', async () => {
    for (const table of ['access_tokens', 'access_revocations']) {
      for (const role of ['app', 'writer', 'query', 'sequencer', 'retention'] as const) {
        await expect(ask(role, `delete from earshot.${table}`)).rejects.toThrow('permission denied');
        await expect(ask(role, `update earshot.${table} set token = token`)).rejects.toThrow('permission denied');
        await expect(ask(role, `truncate earshot.${table} cascade`)).rejects.toThrow('permission denied');
      }
      for (const role of ['writer', 'query', 'sequencer', 'retention'] as const) {
        await expect(ask(role, `select * from earshot.${table}`)).rejects.toThrow('permission denied');
        await expect(ask(role, `insert into earshot.${table} default values`)).rejects.toThrow('permission denied');
      }
    }
    expect(await assertRuntimeRole(connect('app'), { trial: false })).toEqual([]);
  });

  test('of a token are seen by those alone who may see every one of its tenants', async () => {
    const tokens = postgresTokenStore(connect('app'));
    const scopes = { one: ['initech'], two: ['initech', 'hooli'], other: ['hooli'], all: null };
    const ids = new Map<string, string>();
    for (const [name, tenants] of Object.entries(scopes)) {
      const { row } = newToken({ tenants, holder: `scope-${name}` });
      await tokens.add(row);
      ids.set(name, row.token);
    }
    const seen = async (condition: RowCondition): Promise<string[]> => {
      const rows = await tokens.list({ condition, limit: 500 });
      const listed = rows.map((row) => row.holder).filter((name) => name.startsWith('scope-'));
      for (const [name, id] of ids) {
        const found = await tokens.find(id, condition);
        expect(found !== undefined).toBe(listed.includes(`scope-${name}`));
      }
      return listed.map((name) => name.slice(6)).sort();
    };
    const ofTenants = (...tenants: string[]) => conditionOf(holder(['admin'], tenants), 'read', 'Token');

    expect(await seen(conditionOf(holder(['admin'], 'all'), 'read', 'Token'))).toEqual(['all', 'one', 'other', 'two']);
    expect(await seen(ofTenants('initech'))).toEqual(['one']);
    expect(await seen(ofTenants('initech', 'hooli'))).toEqual(['one', 'other', 'two']);
    expect(await seen(ofTenants('acme'))).toEqual([]);
    expect(await seen(ofTenants())).toEqual([]);
    expect(await seen(conditionOf(holder(['auditor'], 'all'), 'read', 'Token'))).toEqual([]);
  });

  test('are listed newest first, every one once, also where many were made in the same millisecond', async () => {
    const tokens = postgresTokenStore(connect('app'));
    for (let n = 0; n < 7; n += 1) {
      await tokens.add(
        newToken({ tenants: ['paging'], issued_ms: NOW_MS - (n < 5 ? 5 : n), expires_ms: NOW_MS + 1 }).row,
      );
    }
    const condition: RowCondition = { kind: 'in', field: 'tenant', values: ['paging'] };
    const whole = await tokens.list({ condition, limit: 500 });

    const paged = [];
    for (let after; ; after = paged.at(-1)) {
      const page = await tokens.list({ condition, after, limit: 2 });
      paged.push(...page);
      if (page.length < 2) break;
    }

    expect(paged).toEqual(whole);
    expect(whole).toHaveLength(7);
    expect(whole.map(({ issued_ms }) => issued_ms)).toEqual(
      [...whole.map(({ issued_ms }) => issued_ms)].sort((a, b) => b - a),
    );
  });
});

describe('the first token', () => {
  test('is made once, whichever of many nodes asks, and at the same moment', async () => {
    const nodes = Array.from({ length: 8 }, () => accessOver(connect('app', 1)));

    const outcomes = await Promise.allSettled(nodes.map((node, n) => node.bootstrap(`admin-${n}`)));
    const later = await Promise.allSettled(nodes.map((node) => node.bootstrap('late')));

    const made = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(made).toHaveLength(1);
    for (const outcome of [...outcomes, ...later]) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'ALREADY_DONE' });
    }
    expect(later.every(({ status }) => status === 'rejected')).toBe(true);
    const { rows } = await ask('app', `select token from earshot.access_tokens where issued_by = 'local'`);
    expect(rows).toEqual([{ token: made[0]?.token }]);
    // Every one that was recorded and did not come to be is said to have ended.
    const said = nodes.flatMap(({ entries }) => entries.map(({ body }) => body));
    const begun = said.flatMap((body) => (body.kind === 'access.bootstrap' ? [body.token] : []));
    const ended = said.flatMap((body) => (body.kind === 'access.token' ? [body.token] : []));
    expect([...ended, made[0]?.token].sort()).toEqual(begun.sort());
  });

  test('cannot be made again by writing the row by hand', async () => {
    const { row } = newToken({ issued_by: 'local', roles: ['admin'] });

    await expect(postgresTokenStore(connect('app')).add(row)).rejects.toMatchObject({ code: 'FAILED' });
  });
});

describe('conditions on rows', () => {
  const EPOCH = { node: 'n1', epoch: `p_${'a'.repeat(32)}`, month: monthOf(NOW_MS), opened_ms: NOW_MS };
  const LOGS = ['acme', 'globex', 'system'];

  beforeAll(async () => {
    const writer = connect('writer');
    await openEpoch(writer, EPOCH);
    await appendEntries(
      writer,
      LOGS.flatMap((log) => [row(log, 0), row(log, 1)]),
    );
  });

  async function logsSeen(named: readonly string[], condition: RowCondition): Promise<string[]> {
    const rows = await seeLogs(connect('query'), named, (transaction) =>
      transaction
        .selectFrom('entries')
        .select('log')
        .where((builder) => whereCondition(builder, condition, { tenant: 'entries.log' }))
        .execute(),
    );
    return rows.map(({ log }) => log).sort();
  }

  test.each([
    ['an auditor of all', ['auditor'], 'all', LOGS, ['acme', 'acme', 'globex', 'globex', 'system', 'system']],
    ['an auditor of one', ['auditor'], ['acme'], LOGS, ['acme', 'acme']],
    ['an auditor of one that is not there', ['auditor'], ['nowhere'], LOGS, []],
    ['an auditor of a name that is SQL', ['auditor'], [`acme' or true --`], LOGS, []],
    ['an auditor of none', ['auditor'], [], LOGS, []],
    ['ops, who see no entry', ['ops'], 'all', LOGS, []],
    ['an auditor of all, where one log is named', ['auditor'], 'all', ['globex'], ['globex', 'globex']],
    ['an auditor of one, where another is named', ['auditor'], ['acme'], ['globex'], []],
    ['an auditor of all, where none is named', ['auditor'], 'all', [], []],
  ] as const)('%s', async (_name, roles, tenants, named, expected) => {
    const condition = conditionOf(holder(roles, tenants), 'read', 'Entry');

    expect(await logsSeen(named, condition)).toEqual(expected);
  });

  function row(log: string, seq: number): EntryRow {
    const { node, epoch, month } = EPOCH;
    const bytes = (value: number) => Buffer.alloc(32, value);
    const none = { call: null, stream: null, processor: null, lease: null, release: null };
    const nothing = { from_ms: null, through_ms: null, captured_through_ms: null, max_bytes: null, voided_seq: null };
    const unasked = { allow: null, entrypoint: null, words: null, entities: null };
    const place = { month, log, node, epoch, seq, kind: 'read', at_ms: 1, raw: Buffer.from('{}') };
    return { ...place, prev: bytes(0), leaf: bytes(seq + 1), ...none, ...nothing, ...unasked };
  }
});

describe.skipIf(openssl === undefined)('over TLS', () => {
  let folder: string;
  let api: RunningApi;
  let access: ReturnType<typeof accessOver>;
  let ca: Buffer;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'earshot-tls-'));
    const cert = join(folder, 'cert.pem');
    const key = join(folder, 'key.pem');
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const how = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    execFileSync(openssl!, [...how, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    ca = readFileSync(cert);
    // A database of its own life: the first token is made once.
    await ask('owner', 'truncate earshot.access_tokens cascade');
    access = accessOver(connect('app', 4));
    const denied = new DeniedAttempts(access);
    api = await startApi({
      socketPath: join(folder, 'api.sock'),
      http: { address: '127.0.0.1', port: 0 },
      tls: { cert, key },
      administration: {
        ...makeFakeAdministration().verbs,
        authenticate: (bearer) => access.authenticator.authenticate(bearer),
        noteDenied: (attempt) => denied.note(attempt),
        bootstrap: access.bootstrap,
        issueToken: access.issueToken,
        revokeToken: access.revokeToken,
        listTokens: access.listTokens,
      },
      health: () => ({ ready: true, conditions: [] }),
      log: silentLog,
      clock: systemClock,
    });
  });

  afterAll(async () => {
    await api.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function send(options: Sending, body?: object): Promise<{ status: number; answer: unknown }> {
    const headers = { ...options.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const asked =
      options.socketPath === undefined
        ? requestTls({ host: '127.0.0.1', port: api.port, ca, ...options, headers })
        : requestPlain({ ...options, headers });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return { status: response.statusCode ?? 0, answer: JSON.parse(text) };
  }

  interface Sending {
    readonly path: string;
    readonly method?: string;
    readonly socketPath?: string;
    readonly headers?: Readonly<Record<string, string>>;
  }

  const bearing = (secret: string) => ({ headers: { authorization: `Bearer ${secret}` } });

  test('a token lives from the first one at the socket to its revocation', async () => {
    const socketPath = join(folder, 'api.sock');

    const first = await send({ socketPath, method: 'POST', path: '/v1/access/bootstrap' }, { holder: 'ada' });
    const twice = await send({ socketPath, method: 'POST', path: '/v1/access/bootstrap' }, { holder: 'bob' });
    const admin = bearing(issuedToken.parse(first.answer).secret);
    const body = { holder: 'carl', roles: ['auditor'], tenants: ['acme'], expires_in_s: 60 };
    const issued = await send({ method: 'POST', path: '/v1/tokens', ...admin }, body);
    const carl = issuedToken.parse(issued.answer);
    const who = await send({ path: '/v1/whoami', ...bearing(carl.secret) });
    const denied = await send({ path: '/v1/tokens', ...bearing(carl.secret) });
    const listed = await send({ path: '/v1/tokens', ...admin });
    const revoked = await send({ method: 'DELETE', path: `/v1/tokens/${carl.token}`, ...admin });
    const after = await send({ path: '/v1/whoami', ...bearing(carl.secret) });

    expect([first, twice, issued, who, denied, listed, revoked, after].map(({ status }) => status)).toEqual([
      201, 409, 201, 200, 403, 200, 200, 401,
    ]);
    expect(who.answer).toMatchObject({ holder: 'carl', roles: ['auditor'], tenants: ['acme'] });
    expect(tokenPage.parse(listed.answer).items.map(({ holder: name }) => name)).toEqual(['carl', 'ada']);
    expect(tokenView.parse(revoked.answer).state).toBe('revoked');
    const written = access.entries.map(({ log, body: said }) => `${said.kind} ${log}`);
    expect(written).toEqual([
      'access.bootstrap system',
      'access.token system',
      'access.token acme',
      'access.denied system',
      'read system',
      'read.done system',
      'access.token system',
      'access.token acme',
      'access.denied system',
    ]);
    expect(JSON.stringify(access.entries)).not.toContain(carl.secret.slice(17));
  });

  test('older TLS than 1.2, and no TLS at all, are refused', async () => {
    const old = connectTls({ host: '127.0.0.1', port: api.port, ca, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' });
    const refused = await once(old, 'secureConnect').catch((error: unknown) => error);
    const plain = requestPlain({ host: '127.0.0.1', port: api.port, path: '/v1/health' });
    plain.end();
    const cut = await once(plain, 'response').catch((error: unknown) => error);

    expect(refused).toBeInstanceOf(Error);
    expect(cut).toBeInstanceOf(Error);
  });

  test('browsers are told to stay with TLS', async () => {
    const asked = requestTls({ host: '127.0.0.1', port: api.port, ca, path: '/v1/health' });
    asked.end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    response.resume();

    expect(response.headers['strict-transport-security']).toBe('max-age=31536000');
  });

  test('it starts, and answers what it can, with the database away', async () => {
    await postgres.pause();
    const socketPath = join(folder, 'second.sock');
    const second = await startApi({
      socketPath,
      http: { address: '127.0.0.1', port: 0 },
      administration: {
        ...makeFakeAdministration().verbs,
        authenticate: (bearer) => access.authenticator.authenticate(bearer),
        bootstrap: access.bootstrap,
      },
      health: () => ({ ready: false, conditions: ['ledger_unavailable'] }),
      log: silentLog,
      clock: systemClock,
    });

    const health = await send({ socketPath, path: '/v1/health' });
    const silenced = await send(
      { socketPath, method: 'POST', path: '/v1/revocations' },
      { target: { scope: 'tenant', tenant: 'acme' }, reason: 'incident' },
    );
    const bootstrapped = await send({ socketPath, method: 'POST', path: '/v1/access/bootstrap' }, { holder: 'eve' });
    const asked = await send({ socketPath, path: '/v1/whoami', ...bearing(makeToken(systemRandom).bearer) });
    await second.stop();
    await postgres.resume();

    expect([health, silenced, bootstrapped, asked].map(({ status }) => status)).toEqual([200, 201, 503, 503]);
    expect(asked.answer).toMatchObject({ code: 'UNAVAILABLE' });
  });
});
