import { expect, onTestFinished, test, vi } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { asTenantId } from '../../../src/base/ids.ts';
import { silentLog } from '../../../src/base/log.ts';
import { Metrics } from '../../../src/base/metrics.ts';
import { Appender, type AppenderOptions } from '../../../src/governance/ledger/appender.ts';
import { verifyLedger } from '../../../src/governance/ledger/verify.ts';
import type { EntryBody } from '../../../src/model/evidence.ts';
import { callClose, leaseClose, leaseOpen, leaseRenew, read } from './entries.ts';
import { MemoryStore } from './memory-store.ts';

const ACME = asTenantId('acme');
const GLOBEX = asTenantId('globex');
/** The middle of a month, so that a day later is the same month. */
const MID_MONTH_MS = Date.UTC(2026, 10, 10, 12);

let ids = 0;

function setUp(options: Partial<AppenderOptions> & { store?: MemoryStore; clock?: ManualClock } = {}) {
  const store = options.store ?? new MemoryStore();
  const clock = options.clock ?? new ManualClock({ wallMs: MID_MONTH_MS });
  const metrics = new Metrics();
  const onAvailability = vi.fn();
  const onAbandoned = vi.fn();
  const random = (size: number) => {
    const bytes = Buffer.alloc(size);
    bytes.writeUInt32BE((ids += 1), size - 4);
    return bytes;
  };
  const wiring = { node: 'n1', software: 'earshot test', random, log: silentLog, metrics, onAvailability, onAbandoned };
  const ledger = new Appender({ ...wiring, ...options, store, clock });
  onTestFinished(async () => {
    const stopped = ledger.stop();
    clock.advance(10_000);
    await stopped;
  });
  return { store, clock, metrics, ledger, onAvailability, onAbandoned };
}

/** Lets everything that needs no time happen. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function pass(clock: ManualClock, ms: number): Promise<void> {
  clock.advance(ms);
  await settle();
}

async function open(options: Parameters<typeof setUp>[0] = {}) {
  const parts = setUp(options);
  parts.ledger.start();
  await settle();
  await pass(parts.clock, 5);
  return parts;
}

function lost(metrics: Metrics, reason: string): number {
  return metrics.counter('earshot_ledger_refused_total', { reason }).value;
}

test('an entry is answered with its place once it is durable, and not before', async () => {
  const { ledger, store, clock } = await open();
  store.fail('hold');
  let receipt: unknown;

  void ledger.append(ACME, read()).then((answer) => (receipt = answer));
  await pass(clock, 5);
  expect(receipt).toBeUndefined();
  store.resume();
  await settle();

  const row = store.rows.at(-1)!;
  expect(receipt).toEqual({ log: 'acme', epoch: row.epoch, seq: 1, leaf: row.leaf.toString('hex') });
  expect(store.kindsOf('acme')).toEqual(['epoch.open', 'read']);
});

test('entries of all tenants said within a few milliseconds are one insert', async () => {
  const { ledger, store, clock } = await open();
  const before = store.batches.length;

  const answers = Promise.all([
    ledger.append(ACME, read()),
    ledger.append(GLOBEX, read()),
    ledger.append(ACME, read()),
  ]);
  await pass(clock, 5);

  expect((await answers).map(({ log, seq }) => [log, seq])).toEqual([
    ['acme', 1],
    ['globex', 1],
    ['acme', 2],
  ]);
  expect(store.batches.slice(before)).toEqual([5]);
});

test('a full batch does not wait for the clock', async () => {
  const { ledger, store } = await open();

  for (let n = 0; n < 256; n += 1) ledger.note(ACME, read());
  await settle();

  expect(store.kindsOf('acme').filter((kind) => kind === 'read')).toHaveLength(256);
});

test('only one batch is ever in flight', async () => {
  const { ledger, store, clock } = await open();
  store.fail('hold');
  const attempts = store.attempts;

  ledger.note(ACME, read());
  await pass(clock, 5);
  ledger.note(ACME, read());
  await pass(clock, 50);

  expect(store.attempts - attempts).toBe(1);
  store.resume();
  await settle();
  expect(store.kindsOf('acme')).toEqual(['epoch.open', 'read', 'read']);
});

test.each<[string, EntryBody]>([
  ['something that is no entry', read('')],
  ['a member nobody knows', Object.assign(read(), { extra: 1 })],
  ['what only the ledger says', { kind: 'void', voided_seq: 1 }],
  ['an unpaired surrogate', read('\ud800')],
])('%s is refused before it is given a place', async (_name, body) => {
  const { ledger, store, clock } = await open();

  await expect(ledger.append(ACME, body)).rejects.toMatchObject({ code: 'INVALID_ENTRY' });
  ledger.note(ACME, body);
  await pass(clock, 5);

  expect(store.kindsOf('acme')).toEqual([]);
});

test('an entry too large for its place is refused, whatever its schema allows', async () => {
  const { ledger } = await open();
  const entities = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`${'x'.repeat(60)}${n}`, 1]));
  const large: EntryBody = {
    kind: 'emit',
    call: `c_${'0'.repeat(32)}`,
    insight: `i_${'0'.repeat(32)}`,
    processor: 'p',
    subscriber: 'local',
    chars: 1,
    entities,
    decision: (leaseOpen() as Extract<EntryBody, { kind: 'lease.open' }>).decision,
  };

  await expect(ledger.append(ACME, large)).rejects.toMatchObject({ code: 'INVALID_ENTRY' });
});

test('a batch whose fate is unknown is repeated byte for byte, and stored once', async () => {
  const { ledger, store, clock, onAvailability } = await open();
  store.fail('reply_lost');
  const answer = ledger.append(ACME, read());
  await pass(clock, 5);
  const stored = store.rows.map((row) => row.raw.toString());

  store.resume();
  await pass(clock, 100);

  expect((await answer).seq).toBe(1);
  expect(store.rows.map((row) => row.raw.toString())).toEqual(stored);
  expect(onAvailability.mock.calls).toEqual([
    [true, 'open'],
    [false, 'UNREACHABLE'],
    [true, 'answered'],
  ]);
});

test('while the database is away the ledger says so, tries ever less often, and resumes by itself', async () => {
  const { ledger, store, clock } = await open();
  store.fail('down');
  ledger.note(ACME, read());
  await pass(clock, 5);

  expect(ledger.isAvailable).toBe(false);
  const attempts = store.attempts;
  for (let second = 0; second < 60; second += 1) await pass(clock, 1000);
  expect(store.attempts - attempts).toBeLessThan(20);
  store.resume();
  await pass(clock, 5000);

  expect(ledger.isAvailable).toBe(true);
  expect(store.kindsOf('acme')).toEqual(['epoch.open', 'read']);
});

test('a ledger whose database is away at the start opens when it comes', async () => {
  const store = new MemoryStore();
  store.fail('down');
  const { ledger, clock, onAvailability } = await open({ store });
  expect(ledger.isAvailable).toBe(false);
  const answer = ledger.append(ACME, read());

  store.resume();
  await pass(clock, 200);
  await pass(clock, 200);

  expect((await answer).seq).toBe(1);
  expect(onAvailability.mock.calls).toEqual([
    [false, 'UNREACHABLE'],
    [true, 'open'],
  ]);
});

test('a deadline passed while waiting for a place means the entry never was', async () => {
  const { ledger, store, clock } = await open();
  store.fail('down');
  ledger.note(ACME, read('first'));
  await pass(clock, 5);

  const late = ledger.append(ACME, leaseOpen(), { deadlineMs: 500 });
  const refused = expect(late).rejects.toMatchObject({ code: 'DEADLINE' });
  await pass(clock, 500);
  await refused;
  store.resume();
  await pass(clock, 5000);

  expect(store.kindsOf('acme')).toEqual(['epoch.open', 'read']);
});

test('a deadline passed in flight abandons the wait, and the entry that lands all the same is voided', async () => {
  const { ledger, store, clock } = await open();
  store.fail('hold');
  const late = ledger.append(ACME, leaseOpen(), { deadlineMs: 500 });
  const refused = expect(late).rejects.toMatchObject({ code: 'DEADLINE' });
  await pass(clock, 5);
  await pass(clock, 500);
  await refused;

  store.resume();
  await settle();
  await pass(clock, 5);

  expect(store.kindsOf('acme')).toEqual(['epoch.open', 'lease.open', 'void']);
  expect(store.rows.find((row) => row.kind === 'void')?.voided_seq).toBe(1);
  expect((await verifyLedger(store.forVerifier())).verified).toBe(true);
});

test('past its quota a tenant gets no new grants, while its renewals and other tenants go on', async () => {
  const limits = { grants: 2, urgent: 4, notes: 4, total: 100 };
  const { ledger, store, clock } = await open({ limits });
  store.fail('hold');
  const first = ledger.append(ACME, read());
  await pass(clock, 5);

  const waiting = [ledger.append(ACME, leaseOpen(1)), ledger.append(ACME, leaseOpen(2))];
  const refused = ledger.append(ACME, leaseOpen(3));
  const others = [ledger.append(ACME, leaseRenew(1), { urgent: true }), ledger.append(GLOBEX, leaseOpen(4))];
  await expect(refused).rejects.toMatchObject({ code: 'QUOTA' });
  store.resume();
  await settle();
  await pass(clock, 5);

  expect(await Promise.all([first, ...waiting, ...others])).toHaveLength(5);
});

test('notes beyond their limit are counted, and the loss is itself recorded', async () => {
  const limits = { grants: 2, urgent: 4, notes: 3, total: 100 };
  const { ledger, store, clock, metrics } = await open({ limits });
  store.fail('down');
  for (let n = 0; n < 2; n += 1) {
    ledger.note(ACME, read());
    await pass(clock, 5);
  }
  for (let n = 0; n < 5; n += 1) ledger.note(ACME, leaseClose(n));

  store.resume();
  await pass(clock, 5000);
  await pass(clock, 5);

  expect(lost(metrics, 'note_lost')).toBe(3);
  expect(store.kindsOf('acme').filter((kind) => kind !== 'epoch.open')).toHaveLength(4);
  expect(store.kindsOf('system')).toContain('incident');
});

test('heartbeats in the system log commit to the heads of all other chains, in parts', async () => {
  const { ledger, store, clock } = await open();
  for (let n = 0; n < 20; n += 1) ledger.note(asTenantId(`tenant-${n}`), read());
  await pass(clock, 5);

  await pass(clock, 10_000);

  const beats = store.rows
    .filter((row) => row.kind === 'heartbeat')
    .map((row) => JSON.parse(row.raw.toString()) as { heads: { log: string }[]; part: number; parts: number });
  expect(beats.map((beat) => beat.heads.length)).toEqual([0, 16, 4]);
  expect(beats.slice(1).map(({ part, parts }) => [part, parts])).toEqual([
    [1, 2],
    [2, 2],
  ]);
  expect(beats.flatMap((beat) => beat.heads.map((head) => head.log))).not.toContain('system');
});

test('heartbeats do not pile up while the database is away', async () => {
  const { store, clock } = await open();
  store.fail('down');
  for (let n = 0; n < 60; n += 1) await pass(clock, 1000);

  store.resume();
  await pass(clock, 5000);

  expect(store.kindsOf('system').filter((kind) => kind === 'heartbeat').length).toBeLessThanOrEqual(3);
});

test('an epoch ends within a day, and the next one names where it stood', async () => {
  const { ledger, store, clock } = await open();
  ledger.note(ACME, read());
  await pass(clock, 5);

  clock.advance(24 * 3_600_000);
  await settle();
  ledger.note(ACME, read());
  await pass(clock, 5);

  expect(store.epochs).toHaveLength(2);
  expect(store.ends).toMatchObject([{ epoch: store.epochs[0]!.epoch, how: 'closed' }]);
  expect(store.kindsOf('acme')).toEqual(['epoch.open', 'read', 'epoch.close', 'epoch.open', 'read']);
  const reopened = store.rows.filter((row) => row.log === 'acme')[3]!;
  const closed = store.rows.filter((row) => row.log === 'acme')[2]!;
  expect(JSON.parse(reopened.raw.toString())).toMatchObject({
    previous: { epoch: closed.epoch, seq: 2, leaf: closed.leaf.toString('hex') },
  });
  expect((await verifyLedger(store.forVerifier())).verified).toBe(true);
});

test('a new month begins a new epoch, so that no epoch spans two partitions', async () => {
  const clock = new ManualClock({ wallMs: Date.UTC(2026, 10, 30, 23, 59, 50) });
  const { ledger, store } = await open({ clock });
  ledger.note(ACME, read());
  await pass(clock, 5);

  await pass(clock, 10_000);
  await pass(clock, 10);
  ledger.note(ACME, read());
  await pass(clock, 5);

  expect(store.epochs.map((epoch) => epoch.month)).toEqual([202611, 202612]);
  for (const row of store.rows) {
    expect(row.month).toBe(store.epochs.find((epoch) => epoch.epoch === row.epoch)?.month);
  }
  expect((await verifyLedger(store.forVerifier())).verified).toBe(true);
});

test('stopping makes durable what was queued, closes every chain and refuses the rest', async () => {
  const { ledger, store } = await open();
  const answer = ledger.append(ACME, read());
  ledger.note(GLOBEX, read());

  await ledger.stop();

  expect((await answer).seq).toBe(1);
  expect(store.kindsOf('acme')).toEqual(['epoch.open', 'read', 'epoch.close']);
  expect(store.kindsOf('globex')).toEqual(['epoch.open', 'read', 'epoch.close']);
  expect(store.kindsOf('system').slice(-2)).toEqual(['heartbeat', 'epoch.close']);
  expect(store.ends).toMatchObject([{ how: 'closed' }]);
  expect(ledger.isAvailable).toBe(false);
  await expect(ledger.append(ACME, read())).rejects.toMatchObject({ code: 'STOPPED' });
  const report = await verifyLedger(store.forVerifier());
  expect(report).toMatchObject({ verified: true, uncovered: 0 });
});

test('stopping gives up in time when the database is away, and fails what was not durable', async () => {
  const { ledger, store, clock } = await open();
  store.fail('hold');
  const answer = ledger.append(ACME, read(), { deadlineMs: 60_000 });
  const refused = expect(answer).rejects.toMatchObject({ code: 'STOPPED' });
  await pass(clock, 5);

  const stopped = ledger.stop();
  await pass(clock, 5000);

  await stopped;
  await refused;
  expect(store.ends).toEqual([]);
});

test('a clean restart links the new chains to the old ones and abandons nothing', async () => {
  const first = await open();
  first.ledger.note(ACME, read());
  await pass(first.clock, 5);
  await first.ledger.stop();

  const second = await open({ store: first.store, clock: first.clock });
  second.ledger.note(ACME, read());
  await pass(second.clock, 5);

  expect(second.onAbandoned).not.toHaveBeenCalled();
  const opened = first.store.rows.filter((row) => row.kind === 'epoch.open' && row.log === 'acme')[1]!;
  expect(JSON.parse(opened.raw.toString())).toMatchObject({ previous: { log: 'acme', seq: 2 } });
  expect((await verifyLedger(first.store.forVerifier())).verified).toBe(true);
});

test('after a crash the next life ends the old epoch, closes its leases with the worst case and marks the gap', async () => {
  const crashed = await open();
  crashed.ledger.note(ACME, leaseOpen(1));
  crashed.ledger.note(ACME, leaseRenew(1));
  crashed.ledger.note(ACME, leaseOpen(2, { processor: 'other' }));
  crashed.ledger.note(ACME, leaseOpen(3));
  crashed.ledger.note(ACME, leaseClose(3));
  await pass(crashed.clock, 5);
  const { store, clock } = crashed;
  const dead = store.epochs[0]!;

  const next = await open({ store, clock });
  await pass(clock, 5);

  expect(store.ends).toMatchObject([{ epoch: dead.epoch, how: 'abandoned' }]);
  expect(next.onAbandoned).toHaveBeenCalledTimes(1);
  const added = store.rows.filter((row) => row.log === 'acme' && row.epoch !== dead.epoch);
  expect(added.map((row) => row.kind)).toEqual(['epoch.open', 'epoch.abandoned', 'lease.close', 'lease.close', 'gap']);
  const entries = added.map((row) => JSON.parse(row.raw.toString()) as Record<string, unknown>);
  expect(entries[2]).toMatchObject({ bytes: 'unknown', max_bytes: 1_200_000, captured_through_ms: 35_000 });
  expect(entries[3]).toMatchObject({ bytes: 'unknown', max_bytes: 640_000, processor: 'other' });
  expect(entries[4]).toMatchObject({ reason: 'governance_restart', from_ms: 0, to_ms: 35_000 });
  expect(store.accounts).toMatchObject([{ epoch: dead.epoch }]);
  next.ledger.note(ACME, callClose({ heard_by: [] }));
  await pass(clock, 5);
  expect((await verifyLedger(store.forVerifier())).findings).toEqual([]);
});

test('a second start after a crash in the middle of that does it again, once', async () => {
  const crashed = await open();
  crashed.ledger.note(ACME, leaseOpen(1));
  await pass(crashed.clock, 5);
  const { store, clock } = crashed;
  const second = setUp({ store, clock });
  const accountForEpoch = vi.spyOn(store, 'accountForEpoch').mockImplementation(() => new Promise(() => undefined));
  second.ledger.start();
  await settle();
  await pass(clock, 5);
  accountForEpoch.mockRestore();

  await open({ store, clock });
  await pass(clock, 5);

  expect(store.kindsOf('acme').filter((kind) => kind === 'lease.close')).toHaveLength(1);
  expect(store.accounts.map((account) => account.epoch)).toEqual([store.epochs[0]!.epoch, store.epochs[1]!.epoch]);
  expect((await verifyLedger(store.forVerifier())).findings).toEqual([]);
});

test('a writer whose epoch was taken stops for good and says so to everybody', async () => {
  const zombie = await open();
  const { store, clock } = zombie;
  const successor = await open({ store, clock });

  const answer = zombie.ledger.append(ACME, leaseOpen());
  const refused = expect(answer).rejects.toMatchObject({ code: 'FENCED' });
  await pass(clock, 5);

  await refused;
  expect(zombie.ledger.isAvailable).toBe(false);
  expect(zombie.onAvailability).toHaveBeenLastCalledWith(false, 'FENCED');
  await expect(zombie.ledger.append(ACME, read())).rejects.toMatchObject({ code: 'FENCED' });
  expect(successor.ledger.isAvailable).toBe(true);
  expect(store.kindsOf('acme')).toEqual([]);
});

test('another node that is known to be dead can be accounted for', async () => {
  const dead = await open({ node: 'n2' });
  dead.ledger.note(ACME, leaseOpen(1));
  await pass(dead.clock, 5);
  const { store, clock } = dead;
  const { ledger } = await open({ store, clock });

  const found = await ledger.abandon('n2');
  await pass(clock, 5);

  expect(found.leases).toHaveLength(1);
  expect(store.rows.filter((row) => row.kind === 'lease.close')).toMatchObject([{ node: 'n1', log: 'acme' }]);
  expect((await verifyLedger(store.forVerifier())).findings).toEqual([]);
});

test('heads are the last durable entries, and the ledger knows whether it has one', async () => {
  const { ledger, clock } = await open();
  const receipt = ledger.append(ACME, read());
  await pass(clock, 5);
  const known = await receipt;

  expect(ledger.heads).toContainEqual(known);
  expect(await ledger.hasHead(known)).toBe(true);
  expect(await ledger.hasHead({ ...known, leaf: '0'.repeat(64) })).toBe(false);
  expect(await ledger.hasHead({ ...known, seq: 9 })).toBe(false);
});
