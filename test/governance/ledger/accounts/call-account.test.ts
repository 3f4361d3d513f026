import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CallAccount } from '../../../../src/governance/ledger/accounts/call-account.ts';
import type { HearingShare, OpenUse } from '../../../../src/governance/ledger/accounts/hearing-account.ts';
import { ENTRY_SCHEMA, type Entry, type EntryBody } from '../../../../src/model/evidence.ts';
import { callClose, callOpen, decision, gap, leaseClose, leaseId, leaseOpen, leaseRenew } from '../entries.ts';
import { refusal, releaseOutcome, releaseRequest } from '../entries.ts';

let seq = 0;

function entry(body: EntryBody, atMs = 1): Entry {
  seq += 1;
  const frame = { log: 'acme', node: 'n', epoch: `p_${'1'.repeat(32)}`, seq, prev: '0'.repeat(64) };
  return { ...body, ...frame, schema: ENTRY_SCHEMA, at_ms: atMs, mono_us: 1 };
}

function accountOf(bodies: readonly EntryBody[], voided: readonly EntryBody[] = []): CallAccount {
  const account = new CallAccount();
  for (const body of bodies) account.add(entry(body), voided.includes(body));
  return account;
}

function sharesOf(bodies: readonly EntryBody[], options: { voided?: readonly EntryBody[]; uses?: OpenUse[] } = {}) {
  return accountOf(bodies, options.voided).hearing.shares(options.uses);
}

const EARS: HearingShare = {
  processor: 'ears',
  hears: ['raw_audio'],
  terms: ['ab'.repeat(32)],
  leases: 1,
  audioMs: 15_000,
  bytes: 480_000,
  bytesUnknownMax: 0,
  releases: 0,
  chars: 0,
};

describe('who heard a call', () => {
  test('is told with time and bytes as the leases were closed', () => {
    expect(sharesOf([leaseOpen(), leaseRenew(), leaseClose()])).toEqual([EARS]);
  });

  test('is told by lease, over several of one processor and of several', () => {
    const other = { processor: 'ghost', hears: 'masked_audio' } as const;
    const shares = sharesOf([
      ...[leaseOpen(1), leaseClose(1), leaseOpen(2), leaseClose(2)],
      ...[leaseOpen(3, other), leaseClose(3, { processor: 'ghost', bytes: 7 })],
    ]);

    expect(shares).toMatchObject([
      { processor: 'ears', leases: 2, bytes: 960_000, audioMs: 30_000 },
      { processor: 'ghost', leases: 1, bytes: 7, hears: ['masked_audio'] },
    ]);
  });

  test('is over-stated where nobody counted: known bytes, and at most how many more', () => {
    const dead = leaseClose(1, { bytes: 'unknown', max_bytes: 1_200_000, captured_through_ms: 35_000 });

    expect(sharesOf([leaseOpen(), leaseRenew(), dead])).toMatchObject([
      { bytes: 320_000, bytesUnknownMax: 880_000, audioMs: 35_000 },
    ]);
    expect(sharesOf([leaseOpen(), leaseRenew()])).toMatchObject([{ bytes: 320_000, bytesUnknownMax: 880_000 }]);
  });

  test('is told of an open lease by whoever serves it', () => {
    const uses = [{ lease: leaseId(), capturedThroughMs: 12_000.4, bytes: 400_000 }];

    expect(sharesOf([leaseOpen(), leaseRenew()], { uses })).toMatchObject([
      { bytes: 400_000, bytesUnknownMax: 0, audioMs: 12_000 },
    ]);
  });

  test('leaves out what was void, and counts no renewal that was', () => {
    const open = leaseOpen();
    const renewal = leaseRenew();

    expect(sharesOf([open, leaseClose(1, { bytes: 0 })], { voided: [open] })).toEqual([]);
    expect(sharesOf([open, renewal], { voided: [renewal] })).toMatchObject([{ bytes: 0, bytesUnknownMax: 640_000 }]);
  });

  test('names a listener whose opening is missing, without guessing since when', () => {
    expect(sharesOf([leaseClose()])).toMatchObject([{ processor: 'ears', hears: [], audioMs: 0, bytes: 480_000 }]);
  });

  test('is the same in whatever order the entries come', () => {
    const bodies = [
      leaseOpen(),
      leaseRenew(),
      leaseRenew(1, { n: 2, bytes: 400_000 }),
      releaseRequest(),
      releaseOutcome(),
    ];

    fc.assert(
      fc.property(fc.shuffledSubarray(bodies, { minLength: bodies.length }), (shuffled) => {
        expect(sharesOf(shuffled)).toEqual(sharesOf(bodies));
      }),
    );
  });
});

describe('who read a call', () => {
  test('is told with releases and characters, and not for what was never sent', () => {
    const [asked, unsent] = [releaseRequest(1), releaseRequest(2)];
    const bodies = [asked, releaseOutcome(1), unsent, releaseOutcome(2, { outcome: 'unavailable', sent_bytes: 0 })];

    expect(sharesOf(bodies)).toMatchObject([
      { processor: 'assistant', hears: ['text'], releases: 1, chars: 40, leases: 0 },
    ]);
  });

  test('is over-stated where no outcome is known, and not where the request was void', () => {
    const request = releaseRequest();

    expect(sharesOf([request])).toMatchObject([{ releases: 1 }]);
    expect(sharesOf([request], { voided: [request] })).toEqual([]);
  });
});

describe('what was refused', () => {
  test('is counted by whom, code and rules', () => {
    const denied = (rule: string, count: number) =>
      refusal({ count, decision: { ...decision, allow: false, code: 'policy_denied', rules: [{ rule }, { rule }] } });

    const told = accountOf([denied('a', 1), denied('b', 1), denied('a', 4)]).refusals.refusals();

    expect(told).toEqual([
      { entrypoint: 'stream', processor: 'trainer', code: 'policy_denied', rules: ['a'], count: 5 },
      { entrypoint: 'stream', processor: 'trainer', code: 'policy_denied', rules: ['b'], count: 1 },
    ]);
  });

  test('stays bounded when a policy makes up a rule each time, and none is lost from the count', () => {
    const account = new CallAccount();
    for (let n = 0; n < 3000; n += 1) {
      const made = { ...decision, allow: false, code: 'policy_denied', rules: [{ rule: `rule-${n}` }] };
      account.add(entry(refusal({ decision: made })), false);
    }

    const told = account.refusals.refusals();

    expect(told.length).toBeLessThan(600);
    expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(3000);
  });
});

describe('where the gaps are', () => {
  test('is told by stream, processor and reason; what touches is one', () => {
    const told = accountOf([
      gap({ from_ms: 40, to_ms: 60 }),
      gap({ from_ms: 0, to_ms: 20 }),
      gap({ from_ms: 20, to_ms: 40, count: 3 }),
      gap({ from_ms: 90, to_ms: 95 }),
      gap({ from_ms: 10, to_ms: 30, reason: 'policy', processor: 'ears' }),
    ]).gaps.gaps();

    expect(told).toMatchObject([
      { reason: 'late', fromMs: 0, toMs: 60, count: 5 },
      { reason: 'policy', processor: 'ears', fromMs: 10, toMs: 30, count: 1 },
      { reason: 'late', fromMs: 90, toMs: 95, count: 1 },
    ]);
  });

  test('stays bounded in a call of nothing but holes, and none is left out', () => {
    const account = new CallAccount();
    for (let n = 0; n < 5000; n += 1) account.add(entry(gap({ from_ms: n * 40, to_ms: n * 40 + 20 })), false);

    const told = account.gaps.gaps();

    expect(told.length).toBeLessThanOrEqual(1000);
    expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(5000);
    expect(Math.max(...told.map(({ toMs }) => toMs))).toBe(4999 * 40 + 20);
  });
});

test('a call opened again after a restart began when it was first opened, and unknown entries are counted', () => {
  const account = new CallAccount();
  account.add(entry(callOpen({ resumed: true }), 500), false);
  account.add(entry(callOpen(), 100), false);
  account.add(undefined, false);
  account.add(entry(callClose(), 900), false);

  expect(account.opening).toMatchObject({ at_ms: 100 });
  expect(account.closing).toMatchObject({ reason: 'bye' });
  expect([account.entries, account.firstMs]).toEqual([4, 100]);
});
