import { expect, test } from 'vitest';
import { renderReport } from '../../src/cli/ledger-verify.ts';
import { LedgerVerifier } from '../../src/governance/ledger/verify.ts';

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

test('what was sent while card data was taken is a figure', () => {
  const report = new LedgerVerifier().finish();
  const pci = { windows: 2, exposedMs: 340, exposedBytes: 10_880, unknown: 1 };

  expect(renderReport(report)).not.toContain('card windows');
  expect(renderReport({ ...report, pci })).toContain(
    'card windows         2, sent of what was said in them: 340 ms, 10880 bytes and an unknown number of bytes in 1\n',
  );
});

test('the logs of some tenants alone are not called verified, however well they hold', () => {
  const report = new LedgerVerifier(['acme', 'b\u001b']).finish();

  const text = renderReport({ ...report, outcome: 'partial', openReads: 2 });

  expect(text).toMatch(/^holds as far as it goes/);
  expect(text).toContain('logs                 acme, b?\n');
  expect(text).toContain('reads without end    2\n');
});
