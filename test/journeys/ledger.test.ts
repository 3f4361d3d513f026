import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { asTenantId, newId, systemRandom } from '../../src/base/ids.ts';
import { silentLog } from '../../src/base/log.ts';
import { Appender, type AppenderOptions } from '../../src/governance/ledger/appender.ts';
import { postgresChainStore, type ChainStore } from '../../src/governance/ledger/chain-store.ts';
import type { Receipt } from '../../src/governance/ledger/ledger.ts';
import { verifyLedger } from '../../src/governance/ledger/verify.ts';
import type { EntryBody } from '../../src/model/evidence.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { readEntries, readLedger } from '../../src/store/log-reader.ts';
import { migrate } from '../../src/store/migrate.ts';
import { leaseClose, leaseOpen, leaseRenew, read } from '../governance/ledger/entries.ts';
import { startTestPostgres, type TestPostgres } from './support/postgres.ts';

const TENANTS = ['acme', 'globex', 'initech'].map(asTenantId);
const [ACME] = TENANTS as [(typeof TENANTS)[0]];

let postgres: TestPostgres;
let query: Database;
const open: Database[] = [];
let nodes = 0;

function connect(role: 'owner' | 'writer' | 'query'): Database {
  const database = openDatabase({ connection: postgres.connections[role], poolSize: 2, statementLimitMs: 2000 });
  open.push(database);
  return database;
}

/** A ledger on a connection of its own, as a process of its own would have it; each test is a node of its own. */
function startLedger(
  node: string,
  options: Partial<AppenderOptions> & { wrap?: (store: ChainStore) => ChainStore } = {},
) {
  const store = postgresChainStore(connect('writer'));
  const wiring = { node, software: 'earshot test', clock: systemClock, random: systemRandom, log: silentLog };
  const ledger = new Appender({ ...wiring, ...options, store: options.wrap?.(store) ?? store });
  ledger.start();
  onTestFinished(() => ledger.stop());
  return ledger;
}

function nextNode(): string {
  nodes += 1;
  return `node-${nodes}`;
}

async function until(isTrue: () => boolean | Promise<boolean>, limitMs = 15_000): Promise<void> {
  for (let waitedMs = 0; waitedMs < limitMs; waitedMs += 20) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it did not happen in time');
}

async function kindsOf(node: string, log: string): Promise<string[]> {
  const kinds: string[] = [];
  for await (const row of readEntries(query, log)) if (row.node === node) kinds.push(row.kind);
  return kinds;
}

/** Whether every receipt stands where it says, each once, and every chain of the node is without a hole. */
async function expectStored(receipts: readonly Receipt[]): Promise<void> {
  const stored = new Map<string, string>();
  for (const log of TENANTS) {
    for await (const row of readEntries(query, log)) {
      stored.set(`${row.log}/${row.epoch}/${row.seq}`, row.leaf.toString('hex'));
    }
  }
  for (const { log, epoch, seq, leaf } of receipts) expect(stored.get(`${log}/${epoch}/${seq}`)).toBe(leaf);
  expect(new Set(receipts.map(({ log, epoch, seq }) => `${log}/${epoch}/${seq}`)).size).toBe(receipts.length);
}

/** The server and every process it started. */
async function findServerProcesses(): Promise<number[]> {
  const file = await readFile(join(postgres.stateDir, 'postgres/data/postmaster.pid'), 'utf8');
  const server = Number(file.split('\n')[0]);
  const children = await readFile(`/proc/${server}/task/${server}/children`, 'utf8');
  return [server, ...children.trim().split(' ').map(Number)];
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

beforeAll(async () => {
  postgres = await startTestPostgres();
  await migrate(connect('owner'), systemClock.wallMs());
  query = connect('query');
});

afterAll(async () => {
  const report = await verifyLedger(readLedger(query));
  await Promise.all(open.map((database) => database.close()));
  await postgres.stop();
  expect(report.findings).toEqual([]);
});

test('thousands of entries of several tenants are stored once each, in order, and verify', async () => {
  const ledger = startLedger(nextNode());
  const waiting: Promise<Receipt>[] = [];

  for (let round = 0; round < 20; round += 1) {
    for (const tenant of TENANTS) {
      for (let n = 0; n < 50; n += 1) waiting.push(ledger.append(tenant, read(`r${round}-${n}`)));
    }
    await Promise.all(waiting);
  }
  const receipts = await Promise.all(waiting);
  await ledger.stop();

  await expectStored(receipts);
  const report = await verifyLedger(readLedger(query));
  expect(report).toMatchObject({ verified: true, uncovered: 0, findings: [] });
  expect(report.entries).toBeGreaterThan(3000);
});

test('a zombie of the same node is fenced: nothing it says after its successor began is stored', async () => {
  const node = nextNode();
  const zombie = startLedger(node);
  await zombie.append(ACME, leaseOpen(1, { lease: newId('lease') }));
  const successor = startLedger(node);
  await until(() => successor.isAvailable);

  await expect(zombie.append(ACME, leaseOpen(2, { lease: newId('lease') }))).rejects.toMatchObject({ code: 'FENCED' });
  await successor.append(ACME, read());

  expect(await kindsOf(node, 'acme')).toEqual([
    ...['epoch.open', 'lease.open'],
    ...['epoch.open', 'epoch.abandoned', 'lease.close', 'gap', 'read'],
  ]);
  expect(zombie.isAvailable).toBe(false);
});

test('two that start and append at once leave one writer and no damage', async () => {
  const node = nextNode();
  const [first, second] = [startLedger(node), startLedger(node)];

  const said = await Promise.allSettled(
    [first, second].flatMap((ledger) => Array.from({ length: 50 }, () => ledger.append(ACME, read()))),
  );
  // Whoever lost hears of it at the latest with the next entry.
  await Promise.allSettled([first.append(ACME, read()), second.append(ACME, read())]);

  await expectStored(said.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])));
  expect([first, second].filter((ledger) => ledger.isAvailable)).toHaveLength(1);
});

test('Postgres stopped and started again in the middle: no hole, nothing twice, and it resumes by itself', async () => {
  const reasons: string[] = [];
  const ledger = startLedger(nextNode(), { onAvailability: (_isAvailable, reason) => reasons.push(reason) });
  await until(() => ledger.isAvailable);
  const waiting: Promise<Receipt>[] = [];
  let isTalking = true;
  const talk = (async () => {
    while (isTalking) {
      for (const tenant of TENANTS) waiting.push(ledger.append(tenant, read(), { deadlineMs: 60_000, urgent: true }));
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (waiting.length > 600) await Promise.all(waiting.slice(-3));
    }
  })();

  await new Promise((resolve) => setTimeout(resolve, 200));
  await postgres.pause();
  await until(() => !ledger.isAvailable);
  expect(ledger.isAvailable).toBe(false);
  await postgres.resume();
  await until(() => ledger.isAvailable);
  isTalking = false;
  await talk;
  const receipts = await Promise.all(waiting);
  await ledger.stop();

  await expectStored(receipts);
  expect(reasons.slice(0, 3)).toEqual(['open', 'UNREACHABLE', 'answered']);
  expect((await verifyLedger(readLedger(query))).findings).toEqual([]);
});

test('a Postgres that freezes stops nobody for longer than asked, and what it swallowed is stored once', async () => {
  const ledger = startLedger(nextNode());
  await until(() => ledger.isAvailable);
  const before = await ledger.append(ACME, read());
  const frozen = await findServerProcesses();

  frozen.forEach((pid) => process.kill(pid, 'SIGSTOP'));
  try {
    const patient = ledger.append(ACME, read(), { deadlineMs: 60_000 });
    await expect(ledger.append(ACME, read(), { deadlineMs: 200 })).rejects.toMatchObject({ code: 'DEADLINE' });
    await until(() => !ledger.isAvailable);
    frozen.forEach((pid) => process.kill(pid, 'SIGCONT'));

    const after = await patient;
    await ledger.stop();
    await expectStored([before, after]);
    expect((await verifyLedger(readLedger(query))).findings).toEqual([]);
  } finally {
    frozen.forEach((pid) => isAlive(pid) && process.kill(pid, 'SIGCONT'));
  }
});

test('an entry whose caller gave up in flight is followed by a void when it lands', async () => {
  const node = nextNode();
  let release: () => void = () => undefined;
  let isHeld = false;
  const wrap = (store: ChainStore): ChainStore => ({
    ...store,
    append: async (rows) => {
      if (isHeld) await new Promise<void>((resolve) => (release = resolve));
      return store.append(rows);
    },
  });
  const ledger = startLedger(node, { wrap });
  await until(() => ledger.isAvailable);
  await ledger.append(ACME, read());

  isHeld = true;
  await expect(ledger.append(ACME, leaseOpen(1, { lease: newId('lease') }), { deadlineMs: 100 })).rejects.toMatchObject(
    { code: 'DEADLINE' },
  );
  isHeld = false;
  release();
  await until(async () => (await kindsOf(node, 'acme')).includes('void'));

  expect(await kindsOf(node, 'acme')).toEqual(['epoch.open', 'read', 'lease.open', 'void']);
});

test('leases a dead writer left open are closed by the next with the worst case, across a roll-over too', async () => {
  const node = nextNode();
  let wallMs = systemClock.wallMs();
  const clock = { ...systemClock, wallMs: () => wallMs };
  const call = newId('call');
  const stopped = startLedger(node, { clock });
  await stopped.append(ACME, leaseOpen(1, { call, lease: newId('lease') }));
  const renewed = newId('lease');
  await stopped.append(ACME, leaseOpen(2, { call, lease: renewed }));
  const closed = newId('lease');
  await stopped.append(ACME, leaseOpen(3, { call, lease: closed }));
  wallMs += 24 * 3_600_000;
  await stopped.append(ACME, leaseClose(3, { call, lease: closed }));
  await stopped.append(ACME, leaseRenew(2, { call, lease: renewed }));

  const found: unknown[] = [];
  const next = startLedger(node, { clock, onAbandoned: (what) => found.push(what) });
  await until(() => next.isAvailable);
  await next.append(ACME, read());

  expect((await kindsOf(node, 'acme')).slice(0, 6)).toEqual([
    ...['epoch.open', 'lease.open', 'lease.open', 'lease.open', 'epoch.close'],
    'epoch.open',
  ]);
  expect(found).toMatchObject([{ epochs: [{ node }], leases: [{ call }, { call }] }]);
  const added: EntryBody[] = [];
  for await (const row of readEntries(query, 'acme')) {
    if (row.node === node && row.kind === 'lease.close') added.push(JSON.parse(row.raw.toString()) as EntryBody);
  }
  expect(added).toHaveLength(3);
  expect(added.find((body) => body.kind === 'lease.close' && body.lease === renewed)).toMatchObject({
    bytes: 'unknown',
    max_bytes: 1_200_000,
    captured_through_ms: 35_000,
  });
});

test('heads are found again, and one that the database lost is missed', async () => {
  const ledger = startLedger(nextNode());
  const receipt = await ledger.append(ACME, read());

  expect(ledger.heads).toContainEqual(receipt);
  expect(await ledger.hasHead(receipt)).toBe(true);
  expect(await ledger.hasHead({ ...receipt, seq: receipt.seq + 1 })).toBe(false);
  expect(await ledger.hasHead({ ...receipt, epoch: newId('epoch') })).toBe(false);
});

test('two thousand entries a second are no burden', async () => {
  const ledger = startLedger(nextNode());
  await until(() => ledger.isAvailable);

  const receipts: Receipt[] = [];
  for (let second = 0; second < 10; second += 1) {
    const burst = Array.from({ length: 200 }, (_, n) => ledger.append(TENANTS[n % 3]!, read()));
    receipts.push(...(await Promise.all(burst)));
  }

  expect(receipts).toHaveLength(2000);
});
