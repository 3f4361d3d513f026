import { expect, test } from 'vitest';
import { EpochChains } from '../../../../src/governance/ledger/epoch-chains.ts';
import { heartbeatsOf } from '../../../../src/governance/ledger/heartbeat.ts';
import { verifyLedger, type VerifyReport } from '../../../../src/governance/ledger/verify.ts';
import type { EntryBody } from '../../../../src/model/evidence.ts';
import type { EntryRow } from '../../../../src/store/schema.ts';
import { callClose, callId, leaseClose, leaseOpen, leaseRenew, releaseOutcome, releaseRequest } from '../entries.ts';

const NOW = { at_ms: Date.UTC(2026, 10, 10), mono_us: 1 };
const STREAM = `s_${'1'.padStart(32, '0')}`;

type Opening = Extract<EntryBody, { kind: 'pci.open' }>;
type Closing = Extract<EntryBody, { kind: 'pci.close' }>;

const windowId = (number: number): string => `w_${String(number).padStart(32, '0')}`;

/** From 10 s to 20 s of the stream, unless told otherwise. */
function opened(number = 1, changes: Partial<Opening> = {}): EntryBody {
  const figures = { opened_ms: 10_000, sensitive_ms: 10_000, exposed_ms: 0, exposed_bytes: 0 };
  const window = windowId(number);
  return { kind: 'pci.open', call: callId(), window, stream: STREAM, trigger: 'question', ...figures, ...changes };
}

function closed(number = 1, changes: Partial<Closing> = {}): EntryBody {
  const window = windowId(number);
  return { kind: 'pci.close', call: callId(), window, stream: STREAM, reason: 'said', closed_ms: 20_000, ...changes };
}

const before = (captured_through_ms = 9900): EntryBody[] => [
  leaseOpen(1),
  leaseClose(1, { reason: 'pci', captured_through_ms, bytes: 320_000 }),
];
const after = (): EntryBody[] => [
  leaseOpen(2, { from_ms: 20_000, through_ms: 40_000 }),
  leaseClose(2, { captured_through_ms: 30_000, bytes: 320_000 }),
];
const ended = callClose({ heard_by: [{ processor: 'ears', leases: 2, bytes: 640_000 }] });

async function verify(...bodies: readonly EntryBody[]): Promise<VerifyReport> {
  return verifyLedger(write('1', bodies));
}

function write(digit: string, bodies: readonly EntryBody[]): EntryRow[] {
  const epoch = { node: 'n1', epoch: `p_${digit.repeat(32)}`, month: 202611, opened_ms: NOW.at_ms };
  const chains = new EpochChains({ epoch, software: 'test', previous: new Map() });
  const rows: EntryRow[] = [];
  const add = (added: EntryRow[]): void => {
    rows.push(...added);
    chains.confirm(added);
  };
  for (const body of bodies) add(chains.place('acme', body, NOW, NOW));
  for (const body of heartbeatsOf(chains.heads)) add(chains.place('system', body, NOW, NOW));
  return [...rows.filter(({ log }) => log === 'system'), ...rows.filter(({ log }) => log !== 'system')];
}

const codesOf = (report: VerifyReport): string[] =>
  report.findings.filter(({ verdict }) => verdict === 'pci_windows').map(({ code }) => code);

test('a ledger in which no card data was taken is not evaluated for it', async () => {
  const report = await verify(leaseOpen(), leaseClose(), callClose());

  expect(report.verdicts.pci_windows).toBe('not_evaluated');
  expect(report.pci).toEqual({ windows: 0, exposedMs: 0, exposedBytes: 0, unknown: 0 });
});

test('windows in which nothing was sent pass', async () => {
  const report = await verify(...before(), opened(), closed(), ...after(), ended);

  expect(report.findings).toEqual([]);
  expect(report).toMatchObject({ outcome: 'verified', pci: { windows: 1, exposedMs: 0 } });
  expect(report.verdicts.pci_windows).toBe('pass');
});

test('an exposure that is admitted fails with its figure, and nothing else is amiss', async () => {
  const spoken = opened(1, { sensitive_ms: 9000, exposed_ms: 900, exposed_bytes: 28_800 });

  const report = await verify(...before(), spoken, closed(), ...after(), ended);

  expect(codesOf(report)).toEqual(['exposed']);
  expect(report).toMatchObject({
    outcome: 'verified',
    verdicts: { pci_windows: 'fail' },
    pci: { exposedMs: 900, exposedBytes: 28_800, unknown: 0 },
  });
});

test('bytes that nobody knows are an exposure', async () => {
  const report = await verify(...before(), opened(1, { exposed_bytes: 'unknown' }), closed(), ...after(), ended);

  expect(codesOf(report)).toEqual(['exposed']);
  expect(report.pci).toMatchObject({ windows: 1, unknown: 1 });
});

test.each<[string, readonly EntryBody[], string]>([
  ['more was sent than is admitted', [...before(10_020), opened(), closed(), ...after()], 'exposure_understated'],
  [
    'a lease began within it',
    [
      opened(),
      closed(),
      leaseOpen(1, { from_ms: 15_000, through_ms: 30_000 }),
      leaseClose(1, { captured_through_ms: 29_000 }),
    ],
    'lease_in_window',
  ],
  [
    'a lease was renewed within it',
    [leaseOpen(), leaseRenew(1, { captured_through_ms: 12_000, max_bytes: 640_000 }), opened(), closed()],
    'lease_in_window',
  ],
  ['a lease was never closed', [leaseOpen(), opened(), closed()], 'lease_through_window'],
  ['it was still open when the call ended', [...before(), opened(), ended], 'window_never_closed'],
  ['it was closed twice', [...before(), opened(), closed(), closed()], 'closed_twice'],
  ['it was opened twice', [...before(), opened(), opened(), closed()], 'opened_twice'],
  ['one was closed that never was open', [closed()], 'close_of_nothing'],
  ['it ended before it began', [...before(), opened(), closed(1, { closed_ms: 9999 })], 'closed_before_opening'],
  [
    'another stream was closed',
    [...before(), opened(), closed(1, { stream: `s_${'2'.repeat(32)}` })],
    'close_of_another',
  ],
  [
    'words said within it were released',
    [...before(), opened(), closed(), releaseRequest(1, { from_ms: 12_000, to_ms: 13_000 }), releaseOutcome()],
    'text_in_window',
  ],
])('it fails where %s', async (_, bodies, code) => {
  const report = await verify(...bodies);

  expect(codesOf(report)).toContain(code);
  expect(report.verdicts.pci_windows).toBe('fail');
});

test('what was said before a window may be released while it is open', async () => {
  const words = releaseRequest(1, { from_ms: 8000, to_ms: 9800 });

  const report = await verify(...before(), opened(), words, releaseOutcome(), closed(), ...after(), ended);

  expect(codesOf(report)).toEqual([]);
});

test('a window whose writer died ended with him, and his leases overrun no later one', async () => {
  const died = write('1', [leaseOpen(), opened(1, { stream: `s_${'2'.repeat(32)}` })]);
  const head = { log: 'acme', epoch: `p_${'1'.repeat(32)}`, seq: 2, leaf: died.at(-1)!.leaf.toString('hex') };
  const restart = { reason: 'governance_restart', captured_through_ms: 20_000, bytes: 'unknown' } as const;
  const successor = write('2', [
    { kind: 'epoch.abandoned', abandoned: head },
    leaseClose(1, restart),
    opened(2, { opened_ms: 15_000, sensitive_ms: 15_000 }),
    closed(2),
    callClose({ heard_by: [] }),
  ]);
  const inOrder = [...died, ...successor].toSorted((a, b) => Number(b.log === 'system') - Number(a.log === 'system'));

  const report = await verifyLedger(inOrder);

  expect(codesOf(report)).toEqual([]);
  expect(report.verdicts.pci_windows).toBe('pass');
});
