import { describe, expect, test } from 'vitest';
import { EpochChains } from '../../../../src/governance/ledger/epoch-chains.ts';
import { heartbeatsOf } from '../../../../src/governance/ledger/heartbeat.ts';
import { verifyLedger } from '../../../../src/governance/ledger/verify.ts';
import type { EntryBody } from '../../../../src/model/evidence.ts';
import type { EntryRow } from '../../../../src/store/schema.ts';
import { callClose, leaseClose, leaseOpen, read } from '../entries.ts';

const NOW = { at_ms: Date.UTC(2026, 10, 10), mono_us: 1 };

interface Writer {
  say(log: string, ...bodies: EntryBody[]): void;
  beat(): void;
  close(): void;
  readonly chains: EpochChains;
}

/** One epoch of one node, whose rows go where all rows go. */
function writerOf(rows: EntryRow[], node: string, digit: string, previous?: EpochChains): Writer {
  const chains = new EpochChains({
    epoch: { node, epoch: `p_${digit.repeat(32)}`, month: 202611, opened_ms: NOW.at_ms },
    software: 'test',
    previous: new Map((previous?.heads ?? []).map((head) => [head.log, head])),
  });
  const add = (added: readonly EntryRow[]): void => {
    rows.push(...added);
    chains.confirm(added);
  };
  return {
    chains,
    say: (log, ...bodies) => bodies.forEach((body) => add(chains.place(log, body, NOW, NOW))),
    beat: () => heartbeatsOf(chains.heads).forEach((body) => add(chains.place('system', body, NOW, NOW))),
    close: () => {
      add(chains.closeTenants(NOW));
      add(chains.closeSystem(NOW));
    },
  };
}

/** As an export gives them: the system log first, each chain from its first entry on. */
function inOrder(rows: readonly EntryRow[]): EntryRow[] {
  const chainOf = (row: EntryRow): string => `${row.log === 'system' ? '0' : row.log}/${row.epoch}`;
  return rows.toSorted((a, b) => (chainOf(a) < chainOf(b) ? -1 : chainOf(a) > chainOf(b) ? 1 : a.seq - b.seq));
}

const done = (changes: object = {}): EntryBody => ({
  kind: 'read.done',
  read: `q_${'1'.padStart(32, '0')}`,
  route: 'ledger',
  rows: 1,
  outcome: 'complete',
  ...changes,
});

/** Two nodes and the short epochs of a reader beside one of them, all in the same tenant's log. */
function severalNodes(): EntryRow[] {
  const rows: EntryRow[] = [];
  const one = writerOf(rows, 'n1', '1');
  const reader = writerOf(rows, 'n1.reader', '2');
  one.say('acme', leaseOpen(), leaseClose());
  reader.say('acme', read('transcript'), done());
  reader.beat();
  one.beat();
  reader.close();
  const again = writerOf(rows, 'n1.reader', '3', reader.chains);
  again.say('globex', read('transcript'));
  again.close();
  const two = writerOf(rows, 'n2', '4');
  two.say('acme', callClose());
  two.beat();
  one.close();
  return inOrder(rows);
}

describe('the chains of several nodes', () => {
  test('verify together', async () => {
    const report = await verifyLedger(severalNodes());

    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ outcome: 'verified', chains: 8, openReads: 1 });
  });

  test('are each missed with the system chain that witnesses it', async () => {
    const rows = severalNodes();
    for (const epoch of new Set(rows.map((row) => row.epoch))) {
      const report = await verifyLedger(rows.filter((row) => row.log !== 'system' || row.epoch !== epoch));

      expect(report.verdicts.completeness).toBe('fail');
      expect(report.outcome).toBe('not_verified');
    }
  });

  test('are each missed when they lose their tail, whoever wrote them', async () => {
    const rows = severalNodes().filter((row) => row.log !== 'system');
    for (const { log, epoch } of rows.filter((row) => row.seq === 0)) {
      const cut = severalNodes().filter((row) => row.log !== log || row.epoch !== epoch || row.seq === 0);

      expect((await verifyLedger(cut)).outcome).toBe('not_verified');
    }
  });
});

describe("a tenant's log on its own", () => {
  const acme = severalNodes().filter((row) => row.log === 'acme');

  test('is evaluated but for what needs the system log, and is never called verified', async () => {
    const report = await verifyLedger(acme, ['acme']);

    expect(report).toMatchObject({ outcome: 'partial', verified: false, scope: ['acme'], findings: [] });
    expect(report.verdicts).toMatchObject({
      integrity: 'pass',
      completeness: 'not_evaluated',
      projections: 'pass',
      lease_arithmetic: 'pass',
      release_order: 'pass',
      reads: 'pass',
    });
  });

  test('that claims to be the whole ledger is not verified', async () => {
    expect(await verifyLedger(acme)).toMatchObject({ outcome: 'not_verified', verified: false, scope: 'all' });
  });

  test('with a hole, a change or a chain that names another end is not even partly right', async () => {
    const hole = acme.filter((row) => row.seq !== 1);
    const changed = acme.map((row) => (row.kind === 'lease.close' ? { ...row, words: ['quota'] } : row));

    expect(await verifyLedger(hole, ['acme'])).toMatchObject({
      outcome: 'not_verified',
      verdicts: { completeness: 'fail' },
    });
    expect(await verifyLedger(changed, ['acme'])).toMatchObject({
      outcome: 'not_verified',
      findings: [{ code: 'column_words' }],
    });
  });

  test('that holds an entry of somebody else says so', async () => {
    const report = await verifyLedger(severalNodes(), ['acme']);

    expect(report.outcome).toBe('not_verified');
    expect(new Set(report.findings.map(({ code, log }) => `${code} ${log}`))).toEqual(
      new Set(['out_of_scope globex', 'out_of_scope system']),
    );
  });

  test('of which nothing is there is not right in part', async () => {
    expect((await verifyLedger([], ['acme'])).outcome).toBe('not_verified');
  });
});

describe('reads', () => {
  const verify = async (...bodies: EntryBody[]) => {
    const rows: EntryRow[] = [];
    const writer = writerOf(rows, 'n1', '1');
    writer.say('acme', ...bodies);
    writer.beat();
    return verifyLedger(inOrder(rows));
  };

  test('that end are told from those that did not', async () => {
    expect(await verify(read(), done())).toMatchObject({ outcome: 'verified', openReads: 0 });
    expect(await verify(read())).toMatchObject({ outcome: 'verified', openReads: 1 });
    expect(await verify(read(), { kind: 'void', voided_seq: 1 })).toMatchObject({ outcome: 'verified', openReads: 0 });
  });

  test('that end without having been recorded, or before, or twice, are found', async () => {
    for (const bodies of [[done()], [done(), read()], [read(), done(), done()]]) {
      const report = await verify(...bodies);

      expect(report.findings).toMatchObject([{ verdict: 'reads', code: 'done_without_read' }]);
      expect(report.outcome).toBe('not_verified');
    }
  });
});

test('kinds that are about nobody hearing anything disturb no account', async () => {
  const rows: EntryRow[] = [];
  const writer = writerOf(rows, 'n1', '1');
  const id = (letter: string) => `${letter}_${'1'.repeat(32)}`;
  const hash = 'ab'.repeat(32);
  writer.say(
    'acme',
    leaseOpen(),
    {
      ...{ kind: 'revoke', revocation: id('v'), action: 'silence', scope: 'processor', target: 'ears' },
      ...{ actor: 'local', acted_ms: 1, silenced: 1 },
    },
    leaseClose(1, { reason: 'revoked' }),
    callClose(),
    { kind: 'key.made', purpose: 'tenant', version: 1, public_hash: hash },
    { kind: 'retention.close', call: id('c'), sealed: id('o'), chunks: 1, bytes: 10, complete: true },
    { kind: 'access.denied', route: 'r', actor: 'unknown', code: 'FORBIDDEN', count: 3 },
  );
  writer.say(
    'system',
    { kind: 'access.bootstrap', token: id('k'), holder: 'root' },
    {
      ...{ kind: 'access.token', action: 'issued', token: id('k'), holder: 'ann', roles: ['auditor'] },
      ...{ expires_ms: 1, actor: id('k') },
    },
    { kind: 'policy.delivered', sha256: hash, size_bytes: 1, actor: 'node' },
  );
  writer.close();

  expect(await verifyLedger(inOrder(rows))).toMatchObject({ outcome: 'verified', findings: [] });
});
