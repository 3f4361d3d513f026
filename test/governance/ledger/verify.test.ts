import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeCanonical } from '../../../src/governance/ledger/canonical.ts';
import { leafOf } from '../../../src/governance/ledger/leaf.ts';
import { EpochChains } from '../../../src/governance/ledger/epoch-chains.ts';
import { heartbeatsOf } from '../../../src/governance/ledger/heartbeat.ts';
import { verifyLedger, type VerifyReport } from '../../../src/governance/ledger/verify.ts';
import { exportRow, importRow } from '../../../src/governance/ledger/verify/exported-row.ts';
import type { EntryBody } from '../../../src/model/evidence.ts';
import type { EntryRow } from '../../../src/store/schema.ts';
import { callClose, leaseClose, leaseOpen, leaseRenew, read, releaseOutcome, releaseRequest } from './entries.ts';

const NOW = { at_ms: Date.UTC(2026, 10, 10), mono_us: 1 };
const EPOCH = { node: 'n1', epoch: `p_${'1'.repeat(32)}`, month: 202611, opened_ms: NOW.at_ms };

type Said = readonly [log: string, body: EntryBody];

/** What a writer makes of these bodies, with a heartbeat at the end; the system log first, as a verifier wants it. */
function write(said: readonly Said[], options: { readonly isClosed?: boolean } = {}): EntryRow[] {
  const chains = new EpochChains({ epoch: EPOCH, software: 'earshot test', previous: new Map() });
  const rows: EntryRow[] = [];
  const add = (added: EntryRow[]) => {
    rows.push(...added);
    chains.confirm(added);
  };
  for (const [log, body] of said) add(chains.place(log, body, NOW, NOW));
  if (options.isClosed) {
    add(chains.closeTenants(NOW));
    add(chains.closeSystem(NOW));
  } else {
    for (const body of heartbeatsOf(chains.heads)) add(chains.place('system', body, NOW, NOW));
  }
  return [...rows.filter((row) => row.log === 'system'), ...rows.filter((row) => row.log !== 'system')];
}

const acme = (...bodies: EntryBody[]): Said[] => bodies.map((body) => ['acme', body]);

/** A call as it should be, and a little of another tenant. */
const SOUND: readonly Said[] = [
  ...acme(leaseOpen(), releaseRequest(), releaseOutcome(), leaseRenew(1, { max_bytes: 640_000 }), leaseClose()),
  ...acme(callClose()),
  ['globex', read()],
  ['globex', read()],
];

function codes(report: VerifyReport): string[] {
  return report.findings.map((finding) => finding.code);
}

async function codesOf(...said: readonly Said[]): Promise<string[]> {
  const report = await verifyLedger(write(said));
  return codes(report);
}

/** The same row with another entry in it, hashed anew, as somebody with access to the database would write it. */
function forge(row: EntryRow, change: (entry: Record<string, unknown>) => void): EntryRow {
  const entry = JSON.parse(row.raw.toString()) as Record<string, unknown>;
  change(entry);
  const raw = encodeCanonical(entry);
  return { ...row, raw, leaf: leafOf(raw) };
}

/** Something else of the same type. */
function changedColumn(name: keyof EntryRow, value: EntryRow[keyof EntryRow]): unknown {
  if (name === 'prev') return Buffer.alloc(32, 7);
  if (name === 'words' || name === 'entities') return [...((value ?? []) as readonly string[]), 'x'];
  if (typeof value === 'boolean') return !value;
  return typeof value === 'number' ? value + 1 : 'x';
}

test('a renewal that was voided never held: what follows is measured against the window before it', async () => {
  const said = acme(
    leaseOpen(1, { max_bytes: 640_000 }),
    leaseRenew(1, { n: 1, through_ms: 35_000 }),
    { kind: 'void', voided_seq: 2 },
    leaseRenew(1, { n: 1, through_ms: 32_000, max_bytes: 700_000 }),
    leaseClose(1, { max_bytes: 700_000 }),
  );

  expect(await codesOf(...said)).toEqual([]);
});

test('a renewal that was voided and yet used is found', async () => {
  const said = acme(
    leaseOpen(1, { through_ms: 20_000 }),
    leaseRenew(1, { through_ms: 35_000 }),
    { kind: 'void', voided_seq: 2 },
    leaseClose(1, { max_bytes: 640_000, captured_through_ms: 30_000 }),
  );

  expect(await codesOf(...said)).toEqual(['captured_past_window']);
});

test('a ledger as it was written is verified, and what was not looked at is not green', async () => {
  const report = await verifyLedger(write(SOUND));

  expect(report).toEqual({
    outcome: 'verified',
    verified: true,
    scope: 'all',
    verdicts: {
      integrity: 'pass',
      completeness: 'pass',
      projections: 'pass',
      lease_arithmetic: 'pass',
      release_order: 'pass',
      reads: 'pass',
      signer: 'not_evaluated',
      policy_conformance: 'not_evaluated',
      pci_windows: 'not_evaluated',
    },
    entries: 12,
    chains: 3,
    unknown: 0,
    gaps: 0,
    openReads: 1,
    pci: { windows: 0, exposedMs: 0, exposedBytes: 0, unknown: 0 },
    uncovered: 0,
    findings: [],
    findingsOmitted: 0,
  });
  expect(await verifyLedger(write(SOUND, { isClosed: true }))).toMatchObject({ verified: true, entries: 15 });
});

test('nothing at all is not verified', async () => {
  const report = await verifyLedger([]);

  expect(report.verified).toBe(false);
  expect(new Set(Object.values(report.verdicts))).toEqual(new Set(['not_evaluated']));
});

test('without the system log completeness is not evaluated, so nothing is verified', async () => {
  const rows = write(SOUND).filter((row) => row.log !== 'system');

  const report = await verifyLedger(rows);

  expect(report.verdicts.completeness).toBe('not_evaluated');
  expect(report.findings).toEqual([]);
  expect(report.verified).toBe(false);
});

test('entries after the last heartbeat are counted as uncovered', async () => {
  const chains = new EpochChains({ epoch: EPOCH, software: 's', previous: new Map() });
  const first = chains.place('acme', read(), NOW, NOW);
  chains.confirm(first);
  const beats = heartbeatsOf(chains.heads).flatMap((body) => chains.place('system', body, NOW, NOW));
  const late = chains.place('acme', read(), NOW, NOW);

  const report = await verifyLedger([...beats, ...first, ...late]);

  expect(report).toMatchObject({ verified: true, uncovered: 1 });
});

describe('tampering', () => {
  const rows = write(SOUND);

  test('a flipped bit in any byte of an entry is found at its place', async () => {
    for (const [index, row] of rows.entries()) {
      // Every byte of a small entry; a stride that is prime to most lengths keeps the large ones quick.
      const stride = row.log === 'globex' ? 1 : 29;
      for (let offset = index; offset < row.raw.length; offset += stride) {
        const raw = Buffer.from(row.raw);
        raw[offset]! ^= 1 << (offset % 8);
        const report = await verifyLedger(rows.with(index, { ...row, raw }));
        const found = report.findings.find(({ code }) => code === 'leaf_mismatch');
        expect(found).toMatchObject({ verdict: 'integrity', log: row.log, epoch: row.epoch, seq: row.seq });
        expect(report.verified).toBe(false);
      }
    }
  });

  test('a changed entry that is hashed anew no longer fits the chain or the heartbeat', async () => {
    for (const [index, row] of rows.entries()) {
      if (row.log === 'system') continue;
      const forged = forge(row, (entry) => (entry['mono_us'] = 77));

      const report = await verifyLedger(rows.with(index, forged));

      expect(codes(report)).toEqual(
        expect.arrayContaining([expect.stringMatching(/prev_mismatch|head_mismatch|projection/)]),
      );
      expect(report.verified).toBe(false);
    }
  });

  test('a chain rewritten from one entry on, hashes and all, is contradicted by the heartbeat', async () => {
    let prev: string | undefined;
    const rewritten = rows.map((row) => {
      if (row.log !== 'globex' || row.seq === 0) return row;
      const forged = forge(row, (entry) => {
        if (row.seq === 1) entry['actor'] = 'unknown';
        else entry['prev'] = prev;
      });
      const before = prev;
      prev = forged.leaf.toString('hex');
      return row.seq === 1 ? forged : { ...forged, prev: Buffer.from(before!, 'hex') };
    });

    const report = await verifyLedger(rewritten);

    expect(report.findings).toEqual([
      { verdict: 'completeness', code: 'head_mismatch', log: 'globex', node: 'n1', epoch: EPOCH.epoch, seq: 2 },
    ]);
  });

  test('every removed entry leaves a hole at its place', async () => {
    for (const [index, row] of rows.entries()) {
      const report = await verifyLedger(rows.toSpliced(index, 1));
      if (row.log === 'system' && row.seq === 1) {
        // The newest heartbeat is the tail of the system log: nothing in this ledger commits to it yet.
        expect(report.verdicts.completeness).toBe('not_evaluated');
      } else {
        expect(report.verdicts.completeness).toBe('fail');
        expect(report.findings.some(({ log, seq }) => log === row.log && seq === row.seq)).toBe(true);
      }
      expect(report.verified).toBe(false);
    }
  });

  test('every doubled entry and every exchanged pair is found', async () => {
    for (const [index, row] of rows.entries()) {
      const doubled = await verifyLedger(rows.toSpliced(index, 0, row));
      expect(codes(doubled)).toContain('out_of_order');
      expect(doubled.verified).toBe(false);
      const next = rows[index + 1];
      if (next?.log !== row.log) continue;
      const exchanged = await verifyLedger(rows.toSpliced(index, 2, next, row));
      expect(codes(exchanged)).toContain('out_of_order');
      expect(exchanged.verified).toBe(false);
    }
  });

  test('two entries that trade places in the database are found', async () => {
    const [a, b] = rows.filter((row) => row.log === 'globex').slice(1) as [EntryRow, EntryRow];
    const traded = rows.map((row) => (row === a ? { ...b, seq: a.seq } : row === b ? { ...a, seq: b.seq } : row));

    const report = await verifyLedger(traded);

    expect(codes(report)).toContain('misplaced');
    expect(report.verified).toBe(false);
  });

  test('a cut tail is found wherever it is cut, and so is a chain that vanished whole', async () => {
    for (const log of ['acme', 'globex']) {
      const length = rows.filter((row) => row.log === log).length;
      for (let kept = 0; kept < length; kept += 1) {
        const report = await verifyLedger(rows.filter((row) => row.log !== log || row.seq < kept));
        expect(report.findings).toContainEqual({
          verdict: 'completeness',
          code: 'head_lost',
          log,
          node: 'n1',
          epoch: EPOCH.epoch,
          seq: length - 1,
        });
      }
    }
  });

  test('an entry given to another tenant is found in both logs', async () => {
    const index = rows.findIndex((row) => row.log === 'acme' && row.seq === 3);

    const report = await verifyLedger([...rows.toSpliced(index, 1), { ...rows[index]!, log: 'globex' }]);

    expect(report.findings).toContainEqual(expect.objectContaining({ code: 'missing_entry', log: 'acme', seq: 3 }));
    expect(report.findings).toContainEqual(expect.objectContaining({ code: 'misplaced', log: 'globex', seq: 3 }));
  });

  test('every column that says something else than its entry is named, and nothing else is', async () => {
    for (const [index, row] of rows.entries()) {
      for (const name of Object.keys(row) as (keyof EntryRow)[]) {
        if (['log', 'node', 'epoch', 'seq', 'raw', 'leaf'].includes(name)) continue;
        const report = await verifyLedger(rows.with(index, { ...row, [name]: changedColumn(name, row[name]) }));

        expect(report.findings).toEqual([
          expect.objectContaining({ verdict: 'projections', code: `column_${name}`, log: row.log, seq: row.seq }),
        ]);
        expect(report.verdicts).toMatchObject({ integrity: 'pass', projections: 'fail' });
      }
    }
  });

  test('a changed leaf column is an integrity defect', async () => {
    const index = rows.findIndex((row) => row.log === 'acme' && row.seq === 2);

    const report = await verifyLedger(rows.with(index, { ...rows[index]!, leaf: Buffer.alloc(32) }));

    expect(report.findings).toEqual([expect.objectContaining({ code: 'leaf_mismatch', log: 'acme', seq: 2 })]);
  });

  test('the same value in other bytes is not canonical', async () => {
    const index = rows.findIndex((row) => row.log === 'globex' && row.seq === 2);
    const row = rows[index]!;
    const raw = Buffer.from(row.raw.toString().replace('{', '{ '));

    const report = await verifyLedger(rows.with(index, { ...row, raw, leaf: leafOf(raw) }));

    expect(codes(report)).toContain('not_canonical');
  });

  test('a removed system chain is missed by the chains it should have witnessed', async () => {
    const other = { ...EPOCH, epoch: `p_${'2'.repeat(32)}` };
    const chains = new EpochChains({ epoch: other, software: 's', previous: new Map() });

    const report = await verifyLedger([...write(SOUND), ...chains.place('acme', read(), NOW, NOW)]);

    expect(report.findings).toEqual([
      { verdict: 'completeness', code: 'system_chain_lost', log: 'system', node: 'n1', epoch: other.epoch, seq: 0 },
    ]);
  });

  test('entries added to an epoch after it was abandoned are found', async () => {
    const dead = write(acme(read(), read()));
    const next = { ...EPOCH, epoch: `p_${'2'.repeat(32)}` };
    const chains = new EpochChains({ epoch: next, software: 's', previous: new Map() });
    const head = dead.findLast((row) => row.log === 'acme' && row.seq === 1)!;
    const abandoned = { log: 'acme', epoch: head.epoch, seq: head.seq, leaf: head.leaf.toString('hex') };
    const account = chains.place('acme', { kind: 'epoch.abandoned', abandoned }, NOW, NOW);
    chains.confirm(account);
    const beats = heartbeatsOf(chains.heads).flatMap((body) => chains.place('system', body, NOW, NOW));

    const report = await verifyLedger([...beats, ...dead, ...account]);

    expect(codes(report)).toContain('end_mismatch');
  });

  test('an entry of a kind nobody knows is not evaluated, and nothing is called verified', async () => {
    const index = rows.findIndex((row) => row.log === 'globex' && row.seq === 2);
    const forged = forge(rows[index]!, (entry) => (entry['kind'] = 'future.kind'));

    const report = await verifyLedger(rows.with(index, forged).filter((row) => row.log !== 'system'));

    expect(report).toMatchObject({ unknown: 1, verified: false });
    expect(report.verdicts).toMatchObject({ projections: 'not_evaluated', lease_arithmetic: 'not_evaluated' });
  });

  test('rows that are noise never throw', async () => {
    const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
    await fc.assert(
      fc.asyncProperty(fc.nat(rows.length - 1), bytes, fc.nat(5), async (index, raw, seq) => {
        const report = await verifyLedger(rows.with(index, { ...rows[index]!, raw, seq }));

        expect(report.verified).toBe(false);
      }),
    );
  });

  test('findings are bounded', async () => {
    const many = Array.from({ length: 3000 }, () => rows[1]!);

    const report = await verifyLedger(many);

    expect(report.findings).toHaveLength(1000);
    expect(report.findingsOmitted).toBeGreaterThan(1900);
  });
});

describe('lease arithmetic', () => {
  test.each<[string, string, EntryBody[]]>([
    ['a close of a lease never opened', 'lease_never_opened', [leaseClose()]],
    ['a renewal of a lease never opened', 'lease_never_opened', [leaseRenew()]],
    ['a lease opened twice', 'lease_opened_twice', [leaseOpen(), leaseOpen()]],
    ['a lease closed twice', 'lease_closed_twice', [leaseOpen(), leaseClose(), leaseClose()]],
    ['a window of more than 30 s', 'window_too_long', [leaseOpen(1, { from_ms: 0, through_ms: 30_001 })]],
    ['a window that ends before it begins', 'window_too_long', [leaseOpen(1, { from_ms: 9, through_ms: 8 })]],
    [
      'a renewal more than 30 s ahead',
      'window_too_long',
      [leaseOpen(), leaseRenew(1, { captured_through_ms: 10_000, through_ms: 40_001 })],
    ],
    ['bytes past the budget', 'bytes_past_budget', [leaseOpen(), leaseClose(1, { bytes: 640_001 })]],
    [
      'bytes past the budget that was in force when they were sent',
      'bytes_past_budget',
      [leaseOpen(), leaseRenew(1, { bytes: 640_001 })],
    ],
    ['audio past the window', 'captured_past_window', [leaseOpen(), leaseClose(1, { captured_through_ms: 20_001 })]],
    [
      'audio past the window that was in force',
      'captured_past_window',
      [leaseOpen(), leaseRenew(1, { captured_through_ms: 20_001, through_ms: 40_000 })],
    ],
    ['a budget that changes with the close', 'budget_changed_by_close', [leaseOpen(), leaseClose(1, { max_bytes: 1 })]],
    [
      'a renewal that takes bytes back',
      'renewal_backwards',
      [leaseOpen(), leaseRenew(1, { n: 1 }), leaseRenew(1, { n: 2, bytes: 1 })],
    ],
    ['a renewal said twice', 'renewal_backwards', [leaseOpen(), leaseRenew(), leaseRenew()]],
    ['a renewal after the close', 'renewed_after_close', [leaseOpen(), leaseClose(), leaseRenew()]],
    ['a close for another processor', 'lease_of_another', [leaseOpen(), leaseClose(1, { processor: 'other' })]],
    ['a lease open in a closed call', 'lease_left_open', [leaseOpen(), callClose({ heard_by: [] })]],
    [
      'a call that says less than was heard',
      'call_account',
      [leaseOpen(), leaseClose(), callClose({ heard_by: [{ processor: 'ears', leases: 1, bytes: 1 }] })],
    ],
    ['a call that leaves a listener out', 'call_account', [leaseOpen(), leaseClose(), callClose({ heard_by: [] })]],
    [
      'a call that names a listener without a lease',
      'call_account',
      [callClose({ heard_by: [{ processor: 'ghost', leases: 1, bytes: 0 }] })],
    ],
    [
      'a call that counts leases wrongly',
      'call_account',
      [leaseOpen(), leaseClose(), callClose({ heard_by: [{ processor: 'ears', leases: 2, bytes: 480_000 }] })],
    ],
    ['a call closed twice', 'call_closed_twice', [leaseOpen(), leaseClose(), callClose(), callClose()]],
    [
      'bytes under a lease that was void',
      'used_though_void',
      [leaseOpen(), { kind: 'void', voided_seq: 1 }, leaseClose()],
    ],
    [
      'a void of what is yet to come',
      'void_of_nothing',
      [{ kind: 'void', voided_seq: 5 }, read(), read(), read(), read()],
    ],
  ])('%s is found', async (_name, code, bodies) => {
    const report = await verifyLedger(write(acme(...bodies)));

    expect(codes(report)).toContain(code);
    expect(report.verdicts.lease_arithmetic).toBe('fail');
    expect(report.verdicts.integrity).toBe('pass');
    expect(report.verified).toBe(false);
  });

  test('a lease still open in a call still going on is no defect', async () => {
    expect(await codesOf(...acme(leaseOpen(), leaseRenew()))).toEqual([]);
  });

  test('a void lease counts for nothing', async () => {
    const bodies = [leaseOpen(), { kind: 'void', voided_seq: 1 } as const, callClose({ heard_by: [] })];

    expect(await codesOf(...acme(...bodies))).toEqual([]);
  });

  test('an unused lease may be counted by the call or not', async () => {
    const unused = [leaseOpen(), leaseClose(1, { reason: 'unused', bytes: 0, captured_through_ms: 0 })];
    const counted = callClose({ heard_by: [{ processor: 'ears', leases: 1, bytes: 0 }] });

    expect(await codesOf(...acme(...unused, counted))).toEqual([]);
    expect(await codesOf(...acme(...unused, callClose({ heard_by: [] })))).toEqual([]);
  });

  test('unknown bytes leave the account of a call a range: no less than known, no more than allowed', async () => {
    const unknown = [leaseOpen(), leaseClose(1, { reason: 'audio_worker_restart', bytes: 'unknown' })];
    const heard = (bytes: number) => callClose({ heard_by: [{ processor: 'ears', leases: 1, bytes }] });

    expect(await codesOf(...acme(...unknown, heard(0)))).toEqual([]);
    expect(await codesOf(...acme(...unknown, heard(640_000)))).toEqual([]);
    expect(await codesOf(...acme(...unknown, heard(640_001)))).toEqual(['call_account']);
  });

  test('leases of one tenant do not answer for those of another', async () => {
    const codes = await codesOf(['acme', leaseOpen()], ['globex', leaseClose()]);

    expect(codes).toEqual(['lease_never_opened']);
  });

  test('any honest history of leases adds up', async () => {
    const history = fc.array(fc.record({ renewals: fc.nat(3), bytes: fc.nat(1000), isClosed: fc.boolean() }), {
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(history, async (leases) => {
        const said: EntryBody[] = [];
        leases.forEach(({ renewals, bytes, isClosed }, index) => {
          said.push(leaseOpen(index, { max_bytes: 1000 }));
          for (let n = 1; n <= renewals; n += 1) {
            const use = { captured_through_ms: n * 1000, bytes: Math.min(bytes, n * 10), max_bytes: 1000 };
            said.push(leaseRenew(index, { n, through_ms: 20_000 + n * 1000, ...use }));
          }
          const close = { captured_through_ms: 20_000, bytes: Math.max(bytes, 30), max_bytes: 1000 };
          if (isClosed) said.push(leaseClose(index, close));
        });

        expect(await codesOf(...acme(...said))).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('releases', () => {
  test.each<[string, string, EntryBody[]]>([
    ['an outcome nobody asked for', 'outcome_without_request', [releaseOutcome()]],
    ['an outcome before its request', 'outcome_before_request', [releaseOutcome(), releaseRequest()]],
    ['a second outcome', 'answered_twice', [releaseRequest(), releaseOutcome(), releaseOutcome()]],
    ['a second request', 'requested_twice', [releaseRequest(), releaseRequest()]],
    [
      'the outcome of another processor',
      'outcome_of_another',
      [releaseRequest(), releaseOutcome(1, { processor: 'x' })],
    ],
    [
      'bytes sent though void',
      'sent_though_void',
      [releaseRequest(), { kind: 'void', voided_seq: 1 }, releaseOutcome()],
    ],
  ])('%s is found', async (_name, code, bodies) => {
    const report = await verifyLedger(write(acme(...bodies)));

    expect(codes(report)).toContain(code);
    expect(report.verdicts.release_order).toBe('fail');
    expect(report.verified).toBe(false);
  });

  test('a request still waiting for its outcome is no defect', async () => {
    expect(await codesOf(...acme(releaseRequest()))).toEqual([]);
  });
});

describe('exported rows', () => {
  test('a ledger verifies the same after a journey as JSON', async () => {
    const travelled = write(SOUND).map((row) => importRow(JSON.parse(JSON.stringify(exportRow(row)))));

    expect(travelled.every((row) => row !== undefined)).toBe(true);
    expect(await verifyLedger(travelled.filter((row) => row !== undefined))).toEqual(await verifyLedger(write(SOUND)));
  });

  test('what is no row is not read', () => {
    const exported = exportRow(write(SOUND)[0]!);

    for (const bad of [null, 1, [], {}, { ...exported, leaf: 'x' }, { ...exported, raw: '!' }, { ...exported, x: 1 }]) {
      expect(importRow(bad)).toBeUndefined();
    }
  });
});
