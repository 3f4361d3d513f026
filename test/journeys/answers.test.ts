import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { asTenantId, newId, systemRandom, type CallId } from '../../src/base/ids.ts';
import { silentLog } from '../../src/base/log.ts';
import { Appender } from '../../src/governance/ledger/appender.ts';
import { Chain } from '../../src/governance/ledger/chain.ts';
import { postgresChainStore } from '../../src/governance/ledger/chain-store.ts';
import { LedgerError, type Ledger } from '../../src/governance/ledger/ledger.ts';
import { readExport, type ExportLine } from '../../src/governance/ledger/verify/export-file.ts';
import { verifyLedger } from '../../src/governance/ledger/verify.ts';
import { describeCallOf } from '../../src/governance/use-cases/describe-call.ts';
import { noteCall } from '../../src/governance/use-cases/follow-call.ts';
import { listCallsOf, type CallQuestionDeps } from '../../src/governance/use-cases/list-calls.ts';
import { listDecisionsOf } from '../../src/governance/use-cases/list-decisions.ts';
import { queryLedgerOf } from '../../src/governance/use-cases/query-ledger.ts';
import { exportLedgerOf } from '../../src/governance/use-cases/read-ledger.ts';
import type { AccessRole, Principal } from '../../src/model/access.ts';
import { callDetail, callPage, callsQuery } from '../../src/model/api/calls.ts';
import { decisionPage, decisionsQuery, entriesQuery, entryPage } from '../../src/model/api/ledger.ts';
import type { Entry, EntryBody } from '../../src/model/evidence.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { appendEntries } from '../../src/store/entries.ts';
import { openEpoch } from '../../src/store/epochs.ts';
import { listLogs, readEntries } from '../../src/store/log-reader.ts';
import { migrate } from '../../src/store/migrate.ts';
import { monthOf } from '../../src/store/month.ts';
import { callClose, callOpen, decision, gap, leaseClose, leaseOpen, refusal } from '../governance/ledger/entries.ts';
import { releaseOutcome, releaseRequest } from '../governance/ledger/entries.ts';
import { callFact, makeWorld, revision, type World } from '../governance/use-cases/world.ts';
import { startTestPostgres, type TestPostgres } from './support/postgres.ts';

/** `gone` was in the configuration once: its log is all that is left of it. */
const CONFIGURED = ['acme', 'globex'].map(asTenantId);

let postgres: TestPostgres;
let query: Database;
let ledger: Appender;
let world: World;
let tenants = CONFIGURED;
const open: Database[] = [];
const past = newId('call');
const other = newId('call');
const lost = newId('call');

function connect(role: 'owner' | 'writer' | 'query'): Database {
  const database = openDatabase({ connection: postgres.connections[role], poolSize: 4 });
  open.push(database);
  return database;
}

function deps(changes: Partial<CallQuestionDeps> = {}): CallQuestionDeps {
  const live = (): ReturnType<World['deps']['calls']['all']> => world.deps.calls.all();
  return { database: query, ledger, random: systemRandom, tenants: () => tenants, live, ...changes };
}

function who(role: AccessRole, reach: readonly string[] | 'all' = 'all'): Principal {
  const within = reach === 'all' ? reach : reach.map(asTenantId);
  return { token: newId('token'), holder: role, roles: [role], tenants: within };
}

async function say(tenant: string, ...bodies: readonly EntryBody[]): Promise<void> {
  for (const body of bodies) await ledger.append(asTenantId(tenant), body);
}

async function entriesOf(log: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const row of readEntries(query, log)) entries.push(JSON.parse(row.raw.toString()) as Entry);
  return entries;
}

/** The reads that this token's are recorded as, by log. */
async function readsBy(principal: Principal): Promise<Record<string, Entry[]>> {
  const reads: Record<string, Entry[]> = {};
  for (const log of await listLogs(query)) {
    const of = (await entriesOf(log)).filter((entry) => entry.kind === 'read' && entry.actor === principal.token);
    if (of.length > 0) reads[log] = of;
  }
  return reads;
}

const ask = (principal: Principal, asked: object = {}) =>
  queryLedgerOf(deps())(principal, entriesQuery.parse(asked)).then((page) => entryPage.parse(page));
const decisions = (principal: Principal, asked: object = {}) =>
  listDecisionsOf(deps())(principal, decisionsQuery.parse(asked)).then((page) => decisionPage.parse(page));
const calls = (principal: Principal, asked: object = {}) =>
  listCallsOf(deps())(principal, callsQuery.parse(asked)).then((page) => callPage.parse(page));
const detail = (principal: Principal, call: string) =>
  describeCallOf(deps())(principal, call).then((told) => callDetail.parse(told));

async function take(lines: AsyncIterable<ExportLine>): Promise<ExportLine[]> {
  const taken: ExportLine[] = [];
  for await (const line of lines) taken.push(line);
  return taken;
}

async function* again(lines: readonly ExportLine[]): AsyncGenerator<ExportLine> {
  for (const line of lines) yield await Promise.resolve(JSON.parse(JSON.stringify(line)) as ExportLine);
}

beforeAll(async () => {
  postgres = await startTestPostgres();
  await migrate(connect('owner'), systemClock.wallMs());
  query = connect('query');
  const store = postgresChainStore(connect('writer'));
  ledger = new Appender({
    ...{ store, node: 'n1', software: 'test', clock: systemClock, random: systemRandom, log: silentLog },
  });
  ledger.start();
  world = makeWorld();
  await say(
    'acme',
    callOpen({ call: past }),
    leaseOpen(1, { call: past }),
    refusal({ call: past, count: 3 }),
    releaseRequest(1, { call: past }),
    releaseOutcome(1, { call: past }),
    gap({ call: past, from_ms: 100, to_ms: 160 }),
    leaseClose(1, { call: past }),
    callClose({ call: past }),
    callOpen({ call: lost }),
    leaseOpen(2, { call: lost }),
  );
  await say('globex', callOpen({ call: other }), refusal({ call: other }), callClose({ call: other, heard_by: [] }));
  await say('gone', gap({ call: newId('call') }));
});

afterAll(async () => {
  await ledger.stop();
  await Promise.all(open.map((database) => database.close()));
  await postgres.stop();
});

describe('the ledger is asked', () => {
  test('and answers with entries as they were hashed, of every tenant, one that was removed included', async () => {
    const page = await ask(who('auditor'), { kind: ['call.open', 'gap'] });

    expect(page.items.map(({ log, entry }) => [log, entry['kind']])).toEqual([
      ...[
        ['acme', 'call.open'],
        ['acme', 'gap'],
        ['acme', 'call.open'],
        ['globex', 'call.open'],
        ['gone', 'gap'],
      ],
    ]);
    expect(page.items[0]?.entry).toMatchObject({ schema: 'earshot/entry/v1', call: past });
  });

  test('and has it in every log it answered from, before the first row, with who asked for what', async () => {
    const auditor = who('auditor');

    await ask(auditor, { kind: 'gap', reason: 'late', tenant: ['acme', 'globex'] });
    await ask(auditor, { reason: 'a name somebody typed', entity: 'ann@example.org', tenant: 'acme' });

    const reads = await readsBy(auditor);
    expect(Object.keys(reads)).toEqual(['acme', 'globex']);
    expect(reads['globex']).toMatchObject([{ route: '/v1/ledger/entries', filter: { kind: 'gap', reason: 'late' } }]);
    expect(reads['acme']?.[1]).toMatchObject({ filter: { reason: 'other', entity: 'other' } });
  });

  test('in vain about tenants out of reach, as about those that never were, and neither gets a log by it', async () => {
    const acmes = who('auditor', ['acme']);
    const before = await listLogs(query);

    expect((await ask(acmes, { tenant: 'globex' })).items).toEqual([]);
    expect((await ask(acmes, { tenant: 'never-was' })).items).toEqual([]);
    expect((await ask(who('auditor'), { tenant: ['never-was', 'system'] })).items).toEqual([]);
    expect((await ask(acmes, { call: other })).items).toEqual([]);
    expect(new Set((await ask(acmes)).items.map(({ log }) => log))).toEqual(new Set(['acme']));
    expect(await listLogs(query)).toEqual(before);
    expect(Object.keys(await readsBy(acmes))).toEqual(['system', 'acme']);
  });

  test('about one call among more tenants than can be asked about at once', async () => {
    tenants = [...CONFIGURED, ...Array.from({ length: 80 }, (_, n) => asTenantId(`tenant-${n}`))];
    onTestFinished(() => void (tenants = CONFIGURED));
    const auditor = who('auditor');

    await expect(ask(auditor)).rejects.toMatchObject({ code: 'TOO_MANY_TENANTS' });
    const { items } = await ask(auditor, { call: other, kind: ['call.open', 'refusal'] });
    await detail(auditor, other);

    expect(items).toHaveLength(2);
    expect(Object.keys(await readsBy(auditor))).toEqual(['globex']);
  });

  test('for the system log by those alone who see every tenant', async () => {
    expect((await ask(who('security'), { system: 'true', limit: 1 })).items).toMatchObject([{ log: 'system' }]);
    await expect(ask(who('auditor', ['acme']), { system: 'true' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(ask(who('auditor'), { system: 'true', tenant: 'acme' })).rejects.toMatchObject({ code: 'INVALID' });
  });

  test('in vain by those who may not, whatever they ask', async () => {
    const local: Principal = { token: 'local', holder: 'local', roles: [], tenants: 'all' };
    for (const principal of [who('admin'), who('ops'), local]) {
      await expect(ask(principal)).rejects.toMatchObject({ code: 'FORBIDDEN' });
      await expect(exportLedgerOf(deps())(principal, {})).rejects.toMatchObject({ code: 'FORBIDDEN' });
      await expect(exportLedgerOf(deps())(principal, { tenant: ['acme'] })).rejects.toMatchObject({
        code: 'FORBIDDEN',
      });
      expect(await readsBy(principal)).toEqual({});
    }
    for (const principal of [who('admin'), local]) {
      await expect(calls(principal)).rejects.toMatchObject({ code: 'FORBIDDEN' });
      await expect(detail(principal, past)).rejects.toMatchObject({ code: 'FORBIDDEN' });
      await expect(decisions(principal)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
  });

  test('page after page, and a place somebody made up is refused', async () => {
    const auditor = who('auditor', ['acme', 'globex']);
    const whole = await ask(auditor, { kind: ['refusal', 'call.open', 'call.close'] });
    const seen: unknown[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await ask(auditor, {
        kind: ['refusal', 'call.open', 'call.close'],
        limit: 2,
        ...(cursor && { cursor }),
      });
      seen.push(...page.items);
      cursor = page.next;
      if (cursor === undefined) break;
    }

    expect(seen).toEqual(whole.items);
    await expect(ask(auditor, { cursor: 'made-up' })).rejects.toMatchObject({ code: 'INVALID' });
  });

  test('and gives nothing when it cannot record that it was asked', async () => {
    const closed: Ledger = {
      isAvailable: false,
      append: () => Promise.reject(new LedgerError('UNAVAILABLE', 'down')),
      note: () => undefined,
    };
    const away = deps({ ledger: closed });

    await expect(queryLedgerOf(away)(who('auditor'), entriesQuery.parse({}))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    await expect(listCallsOf(away)(who('ops'), callsQuery.parse({}))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(describeCallOf(away)(who('ops'), past)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(exportLedgerOf(away)(who('auditor'), {})).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

test('a database that does not answer is said to be unavailable, and no more', async () => {
  const missing = openDatabase({ connection: { ...postgres.connections.query, host: '/nowhere' }, poolSize: 1 });
  open.push(missing);
  const away = deps({ database: missing });

  for (const asking of [
    () => queryLedgerOf(away)(who('auditor'), entriesQuery.parse({})),
    () => listDecisionsOf(away)(who('auditor'), decisionsQuery.parse({ tenant: 'acme' })),
    () => listCallsOf(away)(who('ops'), callsQuery.parse({})),
    () => describeCallOf(away)(who('ops'), past),
    () => exportLedgerOf(away)(who('auditor'), {}),
  ]) {
    await expect(asking()).rejects.toMatchObject({ name: 'AskError', code: 'UNAVAILABLE' });
  }
});

describe('decisions', () => {
  test('say what was denied and why, in the order it happened', async () => {
    const { items } = await decisions(who('auditor'), { allow: 'false' });

    expect(items).toMatchObject([
      {
        ...{ tenant: 'acme', call: past, kind: 'refusal', allow: false, code: 'policy_denied', count: 3 },
        ...{ rules: [{ rule: 'earshot.stream.no_training' }], processor: 'trainer', entrypoint: 'stream' },
      },
      { tenant: 'globex', call: other, count: 1 },
    ]);
  });

  test('are found by rule, entrypoint, processor and call, allowed ones too', async () => {
    const security = who('security', ['acme']);

    expect((await decisions(security, { entrypoint: 'release' })).items).toMatchObject([{ processor: 'assistant' }]);
    expect((await decisions(security, { processor: 'ears', order: 'desc' })).items).toMatchObject([
      { call: lost, allow: true, kind: 'lease.open' },
      { call: past, policy: decision.policy },
    ]);
    expect((await decisions(security, { reason: 'consent', call: past })).items).toHaveLength(2);
    expect((await decisions(security, { reason: 'no such rule' })).items).toEqual([]);
  });

  test('are not told around an entry that nobody wrote', async () => {
    const writer = open.find((database) => database !== query && database !== open[0])!;
    const epoch = { node: 'dba', epoch: newId('epoch'), month: monthOf(Date.now()), opened_ms: Date.now() };
    await openEpoch(writer, epoch);
    const row = new Chain({ log: 'forged', ...epoch }).add(
      { kind: 'epoch.open', software: 's' },
      { at_ms: 1, mono_us: 1 },
    );
    await appendEntries(writer, [{ ...row, kind: 'refusal', allow: false, raw: Buffer.from('{"kind":"refusal"}') }]);

    await expect(decisions(who('auditor'), { tenant: 'forged' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect((await ask(who('auditor'), { tenant: 'forged' })).items[0]?.entry).toEqual({ kind: 'refusal' });
  });
});

describe('calls', () => {
  const lives: CallId[] = [];

  beforeAll(() => {
    for (const isResumed of [false, true]) {
      const fact = callFact();
      const call = isResumed ? { ...fact, call: lost } : fact;
      lives.push(noteCall(world.deps, revision, call, { isResumed })!.call);
    }
  });

  test('are listed, past ones with how they ended and who heard them, the newest first', async () => {
    const { items } = await calls(who('ops'), { state: 'past' });

    expect(items.map(({ call }) => call)).toEqual([other, past]);
    expect(items[1]).toMatchObject({
      ...{ tenant: 'acme', state: 'past', reason: 'bye', duration_ms: 15_000, ingress: 'carrier', config_revision: 1 },
      heard_by: [{ processor: 'ears', leases: 1, bytes: 480_000 }],
    });
  });

  test('that are going on are listed from the live plane, resumed ones with what was heard before', async () => {
    const { items } = await calls(who('ops'), { state: 'live' });
    const [newest] = (await calls(who('ops'), { state: 'live', limit: 1 })).items;

    expect(new Set(items.map(({ call }) => call))).toEqual(new Set(lives));
    expect(items[0]).toEqual(newest);
    expect(items.find(({ call }) => call === lost)?.heard_by).toEqual([{ processor: 'ears', leases: 1, bytes: 0 }]);
    expect((await calls(who('ops'))).items.find(({ call }) => call === lost)?.state).toBe('live');
    expect((await calls(who('ops', ['globex']), { state: 'live' })).items).toEqual([]);
  });

  test('that neither ended nor live here are unknown, not past', async () => {
    const elsewhere = deps({ live: () => [] });

    const { items } = await listCallsOf(elsewhere)(who('ops'), callsQuery.parse({ processor: 'ears' }));

    expect(items.map(({ call, state }) => [call, state])).toEqual([
      [lost, 'unknown'],
      [past, 'past'],
    ]);
  });

  test('are told in full: who heard or read how much, what was refused, where the gaps are', async () => {
    const auditor = who('auditor', ['acme']);

    const told = await detail(auditor, past);

    expect(told).toMatchObject({
      state: 'past',
      processors: [
        { processor: 'assistant', hears: ['text'], releases: 1, chars: 40 },
        { processor: 'ears', hears: ['raw_audio'], leases: 1, audio_ms: 15_000, bytes: 480_000, bytes_unknown_max: 0 },
      ],
      refusals: [{ processor: 'trainer', code: 'policy_denied', rules: ['earshot.stream.no_training'], count: 3 }],
      gaps: [{ reason: 'late', from_ms: 100, to_ms: 160, count: 1 }],
      entries: 8,
    });
    expect(told.streams).toBeUndefined();
    expect(Object.values(await readsBy(auditor)).flat()).toMatchObject([{ call: past, route: '/v1/calls/{call}' }]);
  });

  test('that live are told with their streams, even before anything of them is recorded', async () => {
    const told = await detail(who('ops'), lives[0]!);

    expect(told).toMatchObject({ state: 'live', processors: [], entries: 0 });
    expect(told.streams).toMatchObject([
      { codec: 'G722', side: 'caller', role: 'customer', tapped: false, heard_by: [] },
    ]);
  });

  test('of which the opening was lost are told with what is known', async () => {
    const call = newId('call');
    await say('acme', leaseOpen(9, { call }), leaseClose(9, { call, bytes: 'unknown' }));

    expect(await detail(who('auditor'), call)).toMatchObject({
      ...{ direction: 'unknown', media: 'unknown', ingress: 'unknown', state: 'unknown' },
      processors: [{ processor: 'ears', bytes: 0, bytes_unknown_max: 640_000 }],
    });
  });

  test('out of reach are not found, as those that never were, and nothing is recorded about them', async () => {
    const globexs = who('auditor', ['globex']);

    for (const call of [past, lives[0]!, newId('call')]) {
      await expect(detail(globexs, call)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    expect(await readsBy(globexs)).toEqual({});
  });
});

describe('an export', () => {
  test('of the whole ledger verifies, and every log says that it was read', async () => {
    const auditor = who('auditor');

    const lines = await take(await exportLedgerOf(deps())(auditor, {}));

    const { scope, rows } = await readExport(again(lines));
    const report = await verifyLedger(rows, scope);
    // The forged entry is found, and nothing else is wrong.
    expect(new Set(report.findings.map(({ log }) => log))).toEqual(new Set(['forged', 'system']));
    expect(
      report.findings.filter(({ code }) => code !== 'system_chain_lost').every(({ log }) => log === 'forged'),
    ).toBe(true);
    expect(Object.keys(await readsBy(auditor)).toSorted()).toEqual((await listLogs(query)).toSorted());
  });

  test('of one tenant holds that log alone and is right in part', async () => {
    const lines = await take(
      await exportLedgerOf(deps())(who('auditor', ['acme', 'globex']), { tenant: ['acme', 'nobody'] }),
    );

    const { scope, rows } = await readExport(again(lines));
    expect(scope).toEqual(['acme']);
    expect(await verifyLedger(rows, scope)).toMatchObject({ outcome: 'partial', findings: [] });
  });

  test('of the whole ledger takes a token for all of it, and one of no log there is is not found', async () => {
    const exportFor = exportLedgerOf(deps());

    await expect(exportFor(who('auditor', ['acme']), {})).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(exportFor(who('auditor', ['acme']), { tenant: ['globex'] })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('that nobody takes to its end says so, even if no line of it was taken', async () => {
    const auditor = who('auditor');
    const exportFor = exportLedgerOf(deps());

    const untouched = (await exportFor(auditor, { tenant: ['globex'] }))[Symbol.asyncIterator]();
    await untouched.return?.();
    for await (const line of await exportFor(auditor, { tenant: ['globex'] })) if ('leaf' in line) break;
    await ledger.append(asTenantId('globex'), gap());

    const reads = new Set((await readsBy(auditor))['globex']?.map((entry) => entry.kind === 'read' && entry.read));
    const ends = (await entriesOf('globex')).filter((entry) => entry.kind === 'read.done' && reads.has(entry.read));
    expect(ends).toMatchObject([
      { outcome: 'broken', rows: 0 },
      { outcome: 'broken', rows: 1 },
    ]);
  });
});
