import { createHash } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addBundle, findBundle, findStoredBundles } from '../../src/store/bundles.ts';
import {
  addRevision,
  findNewestHead,
  findNewestRevision,
  findRevision,
  listRevisions,
} from '../../src/store/config-revisions.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { appendEntries, hasEntry } from '../../src/store/entries.ts';
import { endEpoch, ensureMonth, openEpoch } from '../../src/store/epochs.ts';
import { listLogs, readEntries } from '../../src/store/log-reader.ts';
import { migrate } from '../../src/store/migrate.ts';
import { monthAfter, monthOf } from '../../src/store/month.ts';
import { assertRuntimeRole } from '../../src/store/runtime-role.ts';
import type { EntryRow } from '../../src/store/schema.ts';
import { startTestPostgres, type TestPostgres } from './support/postgres.ts';

const MONTH = monthOf(Date.now());
const EPOCH = { node: 'n1', epoch: `p_${'1'.repeat(32)}`, month: MONTH, opened_ms: Date.now() };

let postgres: TestPostgres;
const open: Database[] = [];

function connect(role: keyof TestPostgres['connections']): Database {
  const database = openDatabase({ connection: postgres.connections[role], poolSize: 2 });
  open.push(database);
  return database;
}

async function ask(role: keyof TestPostgres['connections'], ...statements: readonly string[]): Promise<pg.QueryResult> {
  const client = new pg.Client({ ...postgres.connections[role] });
  await client.connect();
  try {
    let result: pg.QueryResult | undefined;
    for (const statement of statements) result = await client.query(statement);
    return result!;
  } finally {
    await client.end();
  }
}

function row(log: string, seq: number, changes: Partial<EntryRow> = {}): EntryRow {
  const { node, epoch, month } = EPOCH;
  const bytes = (value: number) => Buffer.alloc(32, value);
  const none = { call: null, stream: null, processor: null, lease: null, release: null };
  const nothing = { from_ms: null, through_ms: null, captured_through_ms: null, max_bytes: null, voided_seq: null };
  const unasked = { allow: null, entrypoint: null, words: null, entities: null };
  const place = { month, log, node, epoch, seq, kind: 'read', at_ms: 1 };
  return {
    ...place,
    prev: bytes(0),
    leaf: bytes(seq + 1),
    raw: Buffer.from('{}'),
    ...none,
    ...nothing,
    ...unasked,
    ...changes,
  };
}

async function collect(database: Database, log: string): Promise<EntryRow[]> {
  const rows: EntryRow[] = [];
  for await (const entry of readEntries(database, log)) rows.push(entry);
  return rows;
}

beforeAll(async () => {
  postgres = await startTestPostgres();
  const owner = connect('owner');
  const ran = await migrate(owner, Date.now());
  expect(ran.slice(0, 3)).toEqual(['0001-ledger', '0002-config-revisions', '0003-questions']);
  await openEpoch(connect('writer'), EPOCH);
});

afterAll(async () => {
  await Promise.all(open.map((database) => database.close()));
  await postgres.stop();
});

test('migrating again does nothing', async () => {
  expect(await migrate(connect('owner'), Date.now())).toEqual([]);
});

test('migrating as a runtime role is refused', async () => {
  await expect(migrate(connect('writer'), Date.now())).rejects.toMatchObject({ code: 'MIGRATION_FAILED' });
});

test('a batch is stored whole, and storing it again changes nothing', async () => {
  const writer = connect('writer');
  const rows = [row('acme', 0), row('acme', 1), row('globex', 0)];

  expect(await appendEntries(writer, rows)).toBe('committed');
  expect(await appendEntries(writer, rows)).toBe('committed');

  expect((await collect(connect('query'), 'acme')).map((entry) => entry.seq)).toEqual([0, 1]);
  expect(await hasEntry(writer, { log: 'acme', epoch: EPOCH.epoch, seq: 1, leaf: rows[1]!.leaf })).toBe(true);
  expect(await hasEntry(writer, { log: 'acme', epoch: EPOCH.epoch, seq: 2, leaf: rows[1]!.leaf })).toBe(false);
});

test('another entry at a taken place is a conflict and replaces nothing', async () => {
  const writer = connect('writer');

  const outcome = await appendEntries(writer, [row('acme', 1, { leaf: Buffer.alloc(32, 9) })]);

  expect(outcome).toBe('conflict');
  expect((await collect(connect('query'), 'acme'))[1]?.leaf).toEqual(Buffer.alloc(32, 2));
});

test('a batch that half exists is a conflict and adds nothing', async () => {
  const outcome = await appendEntries(connect('writer'), [row('globex', 0), row('globex', 1)]);

  expect(outcome).toBe('conflict');
  expect(await collect(connect('query'), 'globex')).toHaveLength(1);
});

test('after its end an epoch takes nothing, not even what it has', async () => {
  const writer = connect('writer');
  const epoch = { ...EPOCH, epoch: `p_${'2'.repeat(32)}` };
  await openEpoch(writer, epoch);
  const stored = row('acme', 0, { epoch: epoch.epoch });
  await appendEntries(writer, [stored]);

  const first = await endEpoch(writer, { ...epoch, how: 'abandoned', at_ms: 5 });
  const second = await endEpoch(writer, { ...epoch, how: 'closed', at_ms: 6 });

  expect(first.how).toBe('abandoned');
  expect(second.how).toBe('abandoned');
  expect(await appendEntries(writer, [row('acme', 1, { epoch: epoch.epoch })])).toBe('fenced');
  expect(await appendEntries(writer, [stored])).toBe('fenced');
});

test('an epoch that was never opened takes nothing', async () => {
  expect(await appendEntries(connect('writer'), [row('acme', 0, { epoch: `p_${'3'.repeat(32)}` })])).toBe('fenced');
});

test('ending waits for an append in flight, and that append is not lost', async () => {
  const writer = connect('writer');
  const epoch = { ...EPOCH, epoch: `p_${'4'.repeat(32)}` };
  await openEpoch(writer, epoch);
  const many = Array.from({ length: 500 }, (_, seq) => row('acme', seq, { epoch: epoch.epoch }));

  const [appended, ended] = await Promise.all([
    appendEntries(writer, many),
    endEpoch(connect('writer'), { ...epoch, how: 'abandoned', at_ms: 5 }),
  ]);
  const stored = (await collect(connect('query'), 'acme')).filter((entry) => entry.epoch === epoch.epoch);

  expect(ended.how).toBe('abandoned');
  expect(stored).toHaveLength(appended === 'committed' ? 500 : 0);
});

test.each(['writer', 'query', 'app', 'sequencer', 'retention'] as const)(
  'the %s role can change or remove nothing',
  async (role) => {
    const tables = [
      'entries',
      `entries_${MONTH}`,
      'epochs',
      'epoch_ends',
      'epoch_accounts',
      'chains',
      'config_revisions',
    ];

    for (const table of tables) {
      await expect(ask(role, `delete from earshot.${table}`)).rejects.toThrow('permission denied');
      await expect(ask(role, `truncate earshot.${table}`)).rejects.toThrow('permission denied');
      await expect(ask(role, `drop table earshot.${table}`)).rejects.toThrow('must be owner');
    }
    await expect(ask(role, `update earshot.entries set kind = 'x'`)).rejects.toThrow('permission denied');
    await expect(ask(role, `update earshot.epoch_ends set at_ms = 1`)).rejects.toThrow('permission denied');
    await expect(ask(role, `create table earshot.mine (n int)`)).rejects.toThrow('permission denied');
    expect(await assertRuntimeRole(connect(role), { trial: false })).toEqual([]);
  },
);

test('the writer cannot read what was recorded, and the query role cannot add to it', async () => {
  await expect(ask('writer', 'select raw from earshot.entries')).rejects.toThrow('permission denied');
  await expect(ask('query', `insert into earshot.epochs values ('n', 'e', 202601, 1)`)).rejects.toThrow(
    'permission denied',
  );
  await expect(ask('app', 'select log from earshot.entries')).rejects.toThrow('permission denied');
  await expect(ask('sequencer', 'select raw from earshot.entries')).rejects.toThrow('permission denied');
});

test('row security shows the query role the logs that are named, and none when none is', async () => {
  const named = await ask('query', `set earshot.logs = 'acme,initech'`, 'select distinct log from earshot.entries');
  const unnamed = await ask('query', 'select log from earshot.entries');
  const other = await ask('query', `set earshot.logs = 'globex'`, `select log from earshot.entries where log = 'acme'`);
  const chains = await ask('query', `set earshot.logs = 'globex'`, 'select distinct log from earshot.chains');

  expect(named.rows).toEqual([{ log: 'acme' }]);
  expect(unnamed.rows).toEqual([]);
  expect(other.rows).toEqual([]);
  expect(chains.rows).toEqual([{ log: 'globex' }]);
  await expect(ask('query', `select * from earshot.entries_${MONTH}`)).rejects.toThrow('permission denied');
  expect(await listLogs(connect('query'))).toEqual(['acme', 'globex']);
});

test('the log named in one transaction is forgotten in the next on the same connection', async () => {
  const database = openDatabase({ connection: postgres.connections.query, poolSize: 1 });
  open.push(database);

  expect((await collect(database, 'acme')).length).toBeGreaterThan(0);

  expect(await database.sql.selectFrom('entries').select('log').execute()).toEqual([]);
});

test('the owner is refused as a runtime role, and only named on trial', async () => {
  const owner = connect('owner');

  await expect(assertRuntimeRole(owner, { trial: false })).rejects.toMatchObject({ code: 'ROLE_TOO_STRONG' });
  expect(await assertRuntimeRole(owner, { trial: true })).toContain('owner');
});

test('a right to change entries that came by way of another role is found', async () => {
  await ask('owner', 'grant update (kind) on earshot.entries to earshot_retention');
  const retention = connect('retention');

  await expect(assertRuntimeRole(retention, { trial: false })).rejects.toThrow('update');
  await ask('owner', 'revoke update (kind) on earshot.entries from earshot_retention');
  expect(await assertRuntimeRole(retention, { trial: false })).toEqual([]);
});

test('a writer that outlives the months made ahead makes the next one itself, but no other', async () => {
  const writer = connect('writer');
  const second = monthAfter(monthAfter(MONTH));

  await ensureMonth(writer, second);
  await ensureMonth(writer, second);

  await expect(ensureMonth(writer, 205001)).rejects.toMatchObject({ code: 'FAILED' });
  await expect(ensureMonth(connect('query'), MONTH)).rejects.toMatchObject({ code: 'REFUSED' });
  await expect(ask('query', `select * from earshot.entries_${second}`)).rejects.toThrow('permission denied');
});

test('revisions are numbered from one, and the same document twice is one revision', async () => {
  const app = connect('app');
  const revision = (digit: string) => ({
    digest: digit.repeat(64),
    document: Buffer.from(`{"is":${digit}}`),
    author: 'seed',
    reason: 'start',
    at_ms: 1,
  });

  const empty = await findNewestRevision(app);
  const added = await Promise.all([addRevision(app, revision('1'), 0), addRevision(app, revision('1'), 0)]);
  const next = await addRevision(app, revision('2'), 1);

  expect(empty).toBeUndefined();
  expect(added.map((one) => one.revision)).toEqual([1, 1]);
  expect(added.map((one) => one.kind).toSorted()).toEqual(['added', 'same']);
  expect(next).toEqual({ kind: 'added', revision: 2 });
  expect(await addRevision(app, revision('3'), 1)).toEqual({ kind: 'conflict', revision: 2 });
  expect(await findNewestRevision(app)).toEqual({ revision: 2, ...revision('2') });
  expect(await findNewestHead(app)).toEqual({ revision: 2, digest: revision('2').digest });
  expect(await findRevision(app, 1)).toEqual({ revision: 1, ...revision('1') });
  expect((await listRevisions(app, { before: 2, limit: 5 })).map((head) => head.revision)).toEqual([1]);
});

test('a bundle is stored once under the digest of its bytes, and never under another', async () => {
  const app = connect('app');
  const bytes = Buffer.from('a bundle');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const bundle = { sha256, bytes, delivered_by: 'node', at_ms: 1 };

  expect(await addBundle(app, bundle)).toBe(true);
  expect(await addBundle(app, { ...bundle, delivered_by: 'k_1' })).toBe(false);
  await expect(addBundle(app, { ...bundle, sha256: '0'.repeat(64) })).rejects.toMatchObject({ code: 'FAILED' });

  expect(await findBundle(app, sha256)).toEqual(bytes);
  expect(await findBundle(app, '0'.repeat(64))).toBeUndefined();
  expect(await findStoredBundles(app, [sha256, '0'.repeat(64)])).toEqual(new Set([sha256]));
  await expect(ask('app', 'delete from earshot.bundles')).rejects.toThrow('permission denied');
  await expect(ask('app', 'update earshot.bundles set at_ms = 2')).rejects.toThrow('permission denied');
  await expect(ask('writer', 'select * from earshot.bundles')).rejects.toThrow('permission denied');
});

test('errors carry a code and no word of the statement or its values', async () => {
  const writer = connect('writer');
  const secret = row('secret-tenant', 0, { raw: Buffer.alloc(5000) });

  const refused = await appendEntries(writer, [secret]).catch((thrown: unknown) => thrown);

  expect(refused).toMatchObject({ code: 'FAILED', name: 'StoreError' });
  expect(String(refused)).not.toMatch(/insert|entries|secret/);
  expect(refused).not.toHaveProperty('cause');
});

test('a database that is not there is unreachable, and so is one that never answers', async () => {
  const missing = openDatabase({ connection: { ...postgres.connections.query, host: '/nowhere' }, poolSize: 1 });
  const url = openDatabase({ connection: 'postgres://u:p@127.0.0.1:1/earshot', poolSize: 1 });
  open.push(missing, url);

  await expect(listLogs(missing)).rejects.toMatchObject({ code: 'UNREACHABLE' });
  await expect(listLogs(url)).rejects.toMatchObject({ code: 'UNREACHABLE' });
});

test('a URL with a socket folder works as the parts do', async () => {
  const { user, password, host, port, database } = postgres.connections.query;
  const url = `postgres://${user}:${password}@/${database}?host=${encodeURIComponent(host)}&port=${port}`;
  const query = openDatabase({ connection: url, poolSize: 1 });
  open.push(query);

  expect(await listLogs(query)).toContain('acme');
});

test('a statement past its limit is stopped, and the connection is usable after', async () => {
  const slow = openDatabase({ connection: postgres.connections.writer, poolSize: 1, statementLimitMs: 100 });
  open.push(slow);
  const blocker = new pg.Client({ ...postgres.connections.writer });
  await blocker.connect();
  await blocker.query('begin');
  await blocker.query(`select pg_advisory_xact_lock(hashtextextended('${EPOCH.epoch}/${EPOCH.node}', 0))`);

  await expect(appendEntries(slow, [row('acme', 2)])).rejects.toMatchObject({ code: 'TIMEOUT' });
  await blocker.query('rollback');
  await blocker.end();

  expect(await appendEntries(slow, [row('acme', 2)])).toBe('committed');
});

test('connections cut by the server are replaced without an unhandled error', async () => {
  const query = connect('query');
  await listLogs(query);

  await postgres.pause();
  await expect(listLogs(query)).rejects.toMatchObject({ code: 'UNREACHABLE' });
  await postgres.resume();

  expect(await listLogs(query)).toContain('acme');
});
