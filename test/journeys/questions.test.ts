import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Migrator, sql, type Kysely, type Migration } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../src/base/ids.ts';
import { packageRoot } from '../../src/base/package-root.ts';
import { Chain } from '../../src/governance/ledger/chain.ts';
import { verifyLedger } from '../../src/governance/ledger/verify.ts';
import type { RowCondition } from '../../src/model/access.ts';
import type { EntryBody } from '../../src/model/evidence.ts';
import { findCallOpenings, locateCall, readCallEntries, type CallEntryRow } from '../../src/store/call-query.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { appendEntries } from '../../src/store/entries.ts';
import { findEntries, type EntryFilter, type EntryPlace, type EntryQuestion } from '../../src/store/entry-query.ts';
import { ensureMonth, openEpoch } from '../../src/store/epochs.ts';
import { findLogs, listLogs, readEntries } from '../../src/store/log-reader.ts';
import { migrate } from '../../src/store/migrate.ts';
import { monthOf } from '../../src/store/month.ts';
import type { EntryRow } from '../../src/store/schema.ts';
import { seeLogs } from '../../src/store/seen-logs.ts';
import {
  callClose,
  callId,
  callOpen,
  decision,
  gap,
  leaseClose,
  leaseOpen,
  read,
} from '../governance/ledger/entries.ts';
import { refusal, releaseOutcome, releaseRequest } from '../governance/ledger/entries.ts';
import { startTestPostgres, type TestPostgres } from './support/postgres.ts';

const ALWAYS: RowCondition = { kind: 'always' };
const MONTH = monthOf(Date.now());

/** What a policy may give as a word, and what every layer between it and a column could get wrong. */
const AWKWARD = [
  ...['a"b', 'a\\b', '\\', '"', '""', '{a,b}', '{', 'a,b', 'NULL', 'null', ' padded ', 'line\nbreak', "it's", '$1'],
  ...['ünïcödé', '𝄞', '\u0001', '\\u0000', '\\\\u0000', '\\x00', 'nul\0inside', '\0', '\0\0', 'a\\\0', '\0\\u0000'],
];

let postgres: TestPostgres;
let query: Database;
let writer: Database;
/** Written before there were questions, with the columns they should have by now. */
let oldRows: readonly EntryRow[];
const open: Database[] = [];

function connect(role: 'owner' | 'writer' | 'query'): Database {
  const database = openDatabase({ connection: postgres.connections[role], poolSize: 4 });
  open.push(database);
  return database;
}

async function migrateToBefore(owner: Database): Promise<void> {
  const before = async (name: string): Promise<[string, Migration]> => {
    const text = await readFile(join(packageRoot, 'migrations', `${name}.sql`), 'utf8');
    const up = async (db: Kysely<unknown>): Promise<void> => {
      await sql.raw(text).execute(db);
    };
    return [name, { up }];
  };
  const { error } = await new Migrator({
    db: owner.sql.withoutPlugins() as Kysely<unknown>,
    provider: {
      getMigrations: async () =>
        Object.fromEntries([await before('0001-ledger'), await before('0002-config-revisions')]),
    },
    migrationTableSchema: 'earshot',
  }).migrateToLatest();
  expect(error).toBeUndefined();
}

/** A chain of one log in an epoch of its own; entries are a second apart unless they say otherwise. */
async function chainOf(log: string, node = 'n1'): Promise<Chain> {
  const epoch = { node, epoch: newId('epoch'), month: MONTH, opened_ms: Date.now() };
  await openEpoch(writer, epoch);
  return new Chain({ log, ...epoch });
}

function write(chain: Chain, bodies: readonly EntryBody[], fromMs = Date.now()): EntryRow[] {
  const instant = (n: number) => ({ at_ms: fromMs + n * 1000, mono_us: n });
  const opening = chain.length === 0 ? [chain.add({ kind: 'epoch.open', software: 'test' }, instant(0))] : [];
  return [...opening, ...bodies.map((body, n) => chain.add(body, instant(n)))];
}

async function store(rows: readonly EntryRow[]): Promise<void> {
  expect(await appendEntries(writer, rows)).toBe('committed');
}

async function collect<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const collected: Row[] = [];
  for await (const row of rows) collected.push(row);
  return collected;
}

const LATER_COLUMNS = new Set(['allow', 'entrypoint', 'words', 'entities']);

/** As the software before wrote them: without the columns that are asked about. */
async function storeAsBefore(rows: readonly EntryRow[]): Promise<void> {
  const older = rows.map((row) => Object.entries(row).filter(([name]) => !LATER_COLUMNS.has(name)));
  const values = older.map((columns) => Object.fromEntries(columns) as unknown as EntryRow);
  await writer.sql.insertInto('entries').values(values).execute();
  const [{ log, node, epoch, month }] = rows as [EntryRow];
  await writer.sql.insertInto('chains').values({ log, node, epoch, month }).execute();
}

const awkwardRefusals = AWKWARD.map((word, n) =>
  refusal({
    decision: {
      ...decision,
      allow: n % 2 === 0,
      code: 'policy_denied',
      rules: [{ rule: word, clause: AWKWARD[n + 1] ?? 'last' }, { rule: 'policy_denied' }, { rule: word }],
    },
  }),
);
const plain: readonly EntryBody[] = [
  ...[callOpen(), leaseOpen(), refusal(), gap(), leaseClose(), callClose(), releaseOutcome(), read()],
  releaseRequest(1, { entities: { PAN: 2, EMAIL: 0, 'B"C': 1, 10: 1, 9: 1, aa: 1, Z: 1 } }),
  releaseRequest(2, { entities: {} }),
  { kind: 'read.done', read: newId('read'), route: 'r', rows: 1, outcome: 'broken' },
  { kind: 'policy.invalid', code: 'abi' },
  { kind: 'incident', code: 'notes_lost' },
];

beforeAll(async () => {
  postgres = await startTestPostgres();
  const owner = connect('owner');
  await migrateToBefore(owner);
  await ensureMonth(owner, MONTH);
  writer = connect('writer');
  query = connect('query');
  oldRows = write(await chainOf('old', 'n0'), [...plain, ...awkwardRefusals]);
  await storeAsBefore(oldRows);
  const junk = write(await chainOf('junk', 'n0'), [read(), refusal(), gap()]);
  const forged = ['{}', 'not json', '{"decision":{"allow":"maybe","rules":7}}'].map((text) => Buffer.from(text));
  forged.push(Buffer.from([0xff, 0xfe]));
  await storeAsBefore(junk.map((row, n) => ({ ...row, raw: forged[n]!, kind: 'gap' })));
  expect(await migrate(owner, Date.now())).toContain('0003-questions');
});

afterAll(async () => {
  await Promise.all(open.map((database) => database.close()));
  await postgres.stop();
});

describe('a database with entries from before', () => {
  test('has in every column what the projection says, whatever words a policy gave', async () => {
    const stored = await collect(readEntries(query, 'old'));

    expect(stored).toEqual(oldRows);
    expect(stored.filter(({ allow }) => allow === false).length).toBeGreaterThan(5);
    expect(stored.find(({ entities }) => entities !== null)?.entities).toEqual(['10', '9', 'B"C', 'PAN', 'Z', 'aa']);
    expect((await verifyLedger(stored, ['old'])).verdicts).toMatchObject({ integrity: 'pass', projections: 'pass' });
  });

  test('keeps what is no entry, for the verifier to find', async () => {
    const stored = await collect(readEntries(query, 'junk'));

    expect(stored).toHaveLength(4);
    expect(stored.map(({ allow, words, entities }) => ({ allow, words, entities }))).toEqual(
      Array.from({ length: 4 }, () => ({ allow: null, words: null, entities: null })),
    );
  });

  test('hides its rows from the owner as before', async () => {
    expect(await connect('owner').sql.selectFrom('entries').select('seq').execute()).toEqual([]);
  });
});

test('words come back as they were said, whatever is in them', async () => {
  const rows = write(await chainOf('awkward'), awkwardRefusals);

  await store(rows);

  expect(await collect(readEntries(query, 'awkward'))).toEqual(rows);
  for (const word of AWKWARD) {
    const found = await ask(['awkward'], { word });
    const isStorable = !word.includes('\0');
    expect(found.length > 0).toBe(isStorable);
    expect(found.every((row) => row.words?.includes(word))).toBe(true);
  }
});

describe('questions', () => {
  const LOGS = ['acme', 'globex', 'initech'];
  const all: EntryRow[] = [];

  beforeAll(async () => {
    for (const [n, log] of LOGS.entries()) {
      // Two nodes write in every log at the very same times.
      for (const node of ['n1', 'n2']) {
        const call = callId(100 * n + Number(node.slice(1)));
        const bodies: EntryBody[] = [
          ...[callOpen({ call }), leaseOpen(1, { call }), refusal({ call }), gap({ call, reason: 'lost' })],
          releaseRequest(1, { call, entities: { CARD: 1, EMAIL: 0 } }),
          ...[leaseClose(1, { call, reason: 'pci' }), callClose({ call }), read('r')],
        ];
        all.push(...write(await chainOf(log, node), bodies, 1_000_000));
      }
    }
    for (const log of LOGS) {
      for (const node of ['n1', 'n2']) await store(all.filter((row) => row.log === log && row.node === node));
    }
  });

  test.each<[string, EntryFilter, (row: EntryRow) => boolean]>([
    ['nothing', {}, () => true],
    ['kinds', { kinds: ['gap', 'read'] }, (row) => row.kind === 'gap' || row.kind === 'read'],
    ['a call', { call: callId(101) }, (row) => row.call === callId(101)],
    ['a processor', { processor: 'ears' }, (row) => row.processor === 'ears'],
    ['what was denied', { allow: false }, (row) => row.kind === 'refusal'],
    ['what was allowed', { allow: true }, (row) => ['lease.open', 'release.request'].includes(row.kind)],
    ['an entrypoint', { entrypoint: 'release' }, (row) => row.kind === 'release.request'],
    ['a decision code', { word: 'policy_denied' }, (row) => row.kind === 'refusal'],
    ['a rule', { word: 'earshot.stream.no_training' }, (row) => row.kind === 'refusal'],
    ['a clause', { word: 'consent', kinds: ['lease.open'] }, (row) => row.kind === 'lease.open'],
    ['the reason of a gap', { word: 'lost' }, (row) => row.kind === 'gap'],
    ['the reason of a close', { word: 'pci' }, (row) => row.kind === 'lease.close'],
    ['an entity type', { entity: 'CARD' }, (row) => row.kind === 'release.request'],
    ['an entity type with no count', { entity: 'EMAIL' }, () => false],
    ['since', { sinceMs: 1_004_000 }, (row) => row.at_ms >= 1_004_000],
    ['until', { untilMs: 1_004_000 }, (row) => row.at_ms < 1_004_000],
    [
      'all of it',
      { kinds: ['gap'], word: 'lost', call: callId(1), sinceMs: 0 },
      (row) => row.call === callId(1) && row.kind === 'gap',
    ],
    ['what would end a statement', { word: "'); drop table earshot.entries; --" }, () => false],
    ['U+0000', { entity: '\0' }, () => false],
  ])('by %s give exactly what fits', async (_name, filter, fits) => {
    const found = await ask(LOGS, filter);

    expect(places(found)).toEqual(places(all.filter(fits)));
    expect(found.map((row) => row.at_ms)).toEqual(found.map((row) => row.at_ms).toSorted((a, b) => a - b));
  });

  test('pages are complete and say nothing twice, in both orders, whatever their size', async () => {
    for (const order of ['asc', 'desc'] as const) {
      for (const limit of [1, 3, 7, 54, 500]) {
        const rows = await collect(page({ logs: LOGS, condition: ALWAYS, filter: {}, order, limit }));

        expect(rows).toHaveLength(all.length);
        expect(places(rows)).toEqual(places(all));
      }
    }
  });

  test('pages hold everything that was there before the first, while other rows are added', async () => {
    const before = await ask(LOGS);
    const busy = await chainOf('acme', 'n3');
    const late = await chainOf('globex', 'n3');
    const given: EntryRow[] = [];
    const question = { logs: LOGS, condition: ALWAYS, filter: {}, order: 'asc', limit: 5 } as const;

    for await (const row of page(question)) {
      given.push(row);
      if (given.length > 40 || given.length % 5 !== 0) continue;
      await store(write(busy, [read('added')], 1_000_000 + given.length * 500));
      await store(write(late, [read('added')], 999_000));
    }

    const seen = places(given);
    expect(new Set(seen).size).toBe(seen.length);
    expect(new Set(seen)).toEqual(new Set([...places(before), ...seen.filter((place) => place.includes('n3'))]));
    expect(seen.some((place) => place.includes('n3'))).toBe(true);
  });

  test('a question that no index answers looks at a bounded number of entries and goes on in the next page', async () => {
    const crowd = await chainOf('crowd');
    const haystack = (size: number) => Array.from({ length: size }, () => read());
    const needle = (word: string) => refusal({ decision: { ...decision, rules: [{ rule: word }] } });
    const bodies = [needle('first'), ...haystack(20_100), needle('last')];
    const rows = write(crowd, bodies, 2_000_000);
    for (let from = 0; from < rows.length; from += 2000) await store(rows.slice(from, from + 2000));
    const question = { logs: ['crowd'], condition: ALWAYS, filter: { word: 'last' }, order: 'asc', limit: 10 } as const;

    const first = await findEntries(query, question);
    const second = await findEntries(query, { ...question, after: first.next! });
    const backwards = await collect(page({ ...question, order: 'desc', filter: { word: 'first' } }));

    expect(first.rows).toEqual([]);
    expect(second.rows.map((row) => row.seq)).toEqual([rows.length - 1]);
    expect(second.next).toBeUndefined();
    expect(backwards.map((row) => row.seq)).toEqual([1]);
  });

  test('a condition narrows them, and a place that somebody made up widens nothing', async () => {
    const condition: RowCondition = { kind: 'in', field: 'tenant', values: ['acme', 'elsewhere'] };
    const after = { atMs: 0, log: 'globex', node: 'zzz', epoch: "p'", seq: 1 };
    const asked = { logs: ['acme', 'globex'], filter: {}, order: 'asc', limit: 500 } as const;

    const narrowed = await findEntries(query, { ...asked, condition, after });
    const nothing = await findEntries(query, { ...asked, condition: { kind: 'never' } });

    expect(new Set(narrowed.rows.map((row) => row.log))).toEqual(new Set(['acme']));
    expect(nothing).toEqual({ rows: [] });
    expect(await findEntries(query, { ...asked, logs: [], condition: ALWAYS })).toEqual({ rows: [] });
  });
});

describe('row security, with every condition of ours taken away', () => {
  const everything = (logs: readonly string[]) =>
    seeLogs(query, logs, async (transaction) => {
      const entries = await transaction.selectFrom('entries').select('log').distinct().orderBy('log').execute();
      const chains = await transaction.selectFrom('chains').select('log').distinct().orderBy('log').execute();
      return { entries: entries.map(({ log }) => log), chains: chains.map(({ log }) => log) };
    });

  test('shows the logs that are named and no other', async () => {
    expect(await everything(['acme'])).toEqual({ entries: ['acme'], chains: ['acme'] });
    expect(await everything(['acme', 'globex'])).toEqual({ entries: ['acme', 'globex'], chains: ['acme', 'globex'] });
    expect(await everything(['acm', 'acme-2', 'ac%', '{acme}'])).toEqual({ entries: [], chains: [] });
    expect(await everything([])).toEqual({ entries: [], chains: [] });
  });

  test('shows the system log where it is named, and with it the names of all chains but no entry of theirs', async () => {
    await store(write(await chainOf('system'), [{ kind: 'incident', code: 'x' }]));

    const { entries, chains } = await everything(['system']);

    expect(entries).toEqual(['system']);
    expect(chains).toEqual((await listLogs(query)).toSorted());
    expect(await findLogs(query, ['acme', 'nobody', 'globex'])).toEqual(['acme', 'globex']);
  });

  test('names of logs cannot be smuggled in by a comma', () => {
    expect(() => seeLogs(query, ['acme,globex'], () => Promise.resolve())).toThrow(/comma/);
  });

  test('a query for another log, or through a join, yields nothing', async () => {
    const rows = await seeLogs(query, ['acme'], async (transaction) => {
      const direct = await transaction.selectFrom('entries').selectAll().where('log', '=', 'globex').execute();
      const joined = await transaction
        .selectFrom('entries as ours')
        .innerJoin('entries as theirs', 'theirs.at_ms', 'ours.at_ms')
        .select('theirs.log')
        .where('theirs.log', '!=', 'acme')
        .execute();
      return [...direct, ...joined];
    });

    expect(rows).toEqual([]);
  });

  test('the writer cannot read why anything was decided', async () => {
    for (const column of ['words', 'entities', 'allow', 'entrypoint', 'raw'] as const) {
      await expect(writer.sql.selectFrom('entries').select(column).execute()).rejects.toMatchObject({
        code: 'REFUSED',
      });
    }
  });
});

describe('calls', () => {
  const call = (n: number) => callId(5000 + n);
  const asked = { logs: ['calls', 'calls-2'], condition: ALWAYS, limit: 10 };
  const names = (rows: readonly EntryRow[]) => rows.map((row) => row.call);

  beforeAll(async () => {
    const chain = await chainOf('calls');
    await store(
      write(
        chain,
        [
          ...[callOpen({ call: call(1) }), leaseOpen(11, { call: call(1) }), callClose({ call: call(1) })],
          ...[
            callOpen({ call: call(2) }),
            releaseRequest(12, { call: call(2) }),
            callOpen({ call: call(2), resumed: true }),
          ],
          ...([
            callOpen({ call: call(3) }),
            leaseOpen(13, { call: call(3) }),
            { kind: 'void', voided_seq: 8 },
          ] as const),
        ],
        3_000_000,
      ),
    );
    await store(write(await chainOf('calls-2'), [callOpen({ call: call(4) })], 3_004_000));
  });

  test('are listed once each, the newest first, page after page', async () => {
    const first = await findCallOpenings(query, { ...asked, limit: 3 });
    const rest = await findCallOpenings(query, { ...asked, limit: 3, after: first.next! });

    expect(names(first.rows)).toEqual([call(3), call(4), call(2)]);
    expect(names(rest.rows)).toEqual([call(1)]);
    expect(rest.next).toBeUndefined();
  });

  test('are found by who was given them, by their end and by their beginning', async () => {
    const find = async (question: object) => names((await findCallOpenings(query, { ...asked, ...question })).rows);

    expect(await find({ processor: 'ears' })).toEqual([call(3), call(1)]);
    expect(await find({ processor: 'assistant' })).toEqual([call(2)]);
    expect(await find({ processor: 'nobody' })).toEqual([]);
    expect(await find({ isClosed: true })).toEqual([call(1)]);
    expect(await find({ sinceMs: 3_003_000, untilMs: 3_006_000 })).toEqual([call(4), call(2)]);
    expect(await find({ logs: ['calls-2'] })).toEqual([call(4)]);
  });

  test('are located in the logs one may see alone', async () => {
    expect(await locateCall(query, { ...asked, call: call(4) })).toBe('calls-2');
    expect(await locateCall(query, { ...asked, logs: ['calls'], call: call(4) })).toBeUndefined();
    expect(await locateCall(query, { ...asked, condition: { kind: 'never' }, call: call(4) })).toBeUndefined();
  });

  test('tell all their entries, over pages, and which of them are void', async () => {
    const long = callId(6000);
    const bodies = [callOpen({ call: long }), ...Array.from({ length: 1200 }, () => gap({ call: long }))];
    await store(write(await chainOf('calls', 'n2'), bodies, 4_000_000));
    const read = (name: string, kinds?: readonly string[]): Promise<CallEntryRow[]> =>
      collect(
        readCallEntries(query, { calls: [{ log: 'calls', call: name }], condition: ALWAYS, ...(kinds && { kinds }) }),
      );

    const entries = await read(long);
    const voided = await read(call(3));

    expect(entries.map((row) => row.seq)).toEqual(Array.from({ length: 1201 }, (_, n) => n + 1));
    expect(voided.map((row) => [row.kind, row.is_voided])).toEqual([
      ['call.open', false],
      ['lease.open', true],
    ]);
    expect(await read(long, ['call.open'])).toHaveLength(1);
  });
});

async function ask(logs: readonly string[], filter: EntryFilter = {}): Promise<readonly EntryRow[]> {
  const { rows, next } = await findEntries(query, { logs, condition: ALWAYS, filter, order: 'asc', limit: 500 });
  expect(next).toBeUndefined();
  return rows;
}

/** Every row, page after page. */
async function* page(question: EntryQuestion): AsyncGenerator<EntryRow> {
  for (let after: EntryPlace | undefined; ;) {
    const found = await findEntries(query, { ...question, after });
    yield* found.rows;
    if (found.next === undefined) return;
    after = found.next;
  }
}

function places(rows: readonly EntryRow[]): string[] {
  return rows.map((row) => `${row.log}/${row.node}/${row.epoch}/${row.seq}`).toSorted();
}
