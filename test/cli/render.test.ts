import { expect, test } from 'vitest';
import { renderReport } from '../../src/cli/ledger-verify.ts';
import { renderStatus } from '../../src/cli/status.ts';
import { LedgerVerifier } from '../../src/governance/ledger/verify.ts';

test('the status names the node, what is amiss, and each process', () => {
  const text = renderStatus({
    node: 'edge-1',
    version: '1.2.3',
    ready: true,
    conditions: ['governance: ledger_unavailable'],
    database: 'own',
    planes: { call: { pid: 7, calls: 2 }, governance: { pid: 8 } },
  });

  expect(text.split('\n')).toEqual([
    'Earshot 1.2.3, node edge-1: ready, database own',
    '  ! governance: ledger_unavailable',
    'call',
    '  pid                    7',
    '  calls                  2',
    'governance',
    '  pid                    8',
    '',
  ]);
});

test('the status of something that is not a node is rendered without a throw', () => {
  expect(renderStatus({ planes: 5, conditions: 'x' })).toContain('not ready');
});

test('a ledger without an entry is not called verified', () => {
  const text = renderReport(new LedgerVerifier().finish());

  expect(text).toMatch(/^NOT VERIFIED\n/);
  expect(text).toContain('integrity            not_evaluated');
});

test('a finding cannot write to the terminal through a name in the file', () => {
  const report = new LedgerVerifier().finish();
  const finding = { verdict: 'integrity', code: 'leaf', log: 'a\u001b[2J', node: 'n\nverified', epoch: 'e', seq: 1 };

  const text = renderReport({ ...report, findings: [finding as never] });

  expect(text).toContain('  ! integrity: leaf at a?[2J n?verified e seq 1\n');
});
