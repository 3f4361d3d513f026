import { expect, test } from 'vitest';
import { LeaseGate } from '../../../src/governance/audio/lease-gate.ts';
import { leaseWindow } from './words.ts';

test('audio within position and budget is covered, audio past either is not', () => {
  const gate = new LeaseGate(leaseWindow({ fromMs: 100, throughMs: 1000, maxBytes: 640 }));

  expect(gate.covers(100, 1000, 640)).toBe(true);
  expect(gate.covers(99.9, 120, 320)).toBe(false);
  expect(gate.covers(980, 1000.1, 320)).toBe(false);
  expect(gate.covers(100, 120, 641)).toBe(false);
});

test('the budget is cumulative over renewals', () => {
  const gate = new LeaseGate(leaseWindow({ throughMs: 1000, maxBytes: 640 }));
  gate.record(20, 640);

  expect(gate.covers(20, 40, 320)).toBe(false);
  gate.extend(2000, 960);

  expect(gate.covers(20, 40, 320)).toBe(true);
  expect(gate.covers(20, 40, 321)).toBe(false);
});

test('a closed lease covers nothing, and renewing it does not help', () => {
  const gate = new LeaseGate(leaseWindow({}));
  gate.record(20, 320);

  const use = gate.close();
  gate.extend(90_000, 1e9);

  expect(use).toEqual({ capturedThroughMs: 20, bytes: 320 });
  expect(gate.covers(20, 40, 1)).toBe(false);
  expect(() => gate.record(40, 1)).toThrow();
});

test('the account is in whole ms and never passes the window', () => {
  const gate = new LeaseGate(leaseWindow({ throughMs: 1000 }));

  gate.record(999.125, 2);

  expect(gate.use.capturedThroughMs).toBe(1000);
});

test('an unused lease has used nothing', () => {
  expect(new LeaseGate(leaseWindow({ fromMs: 700 })).close()).toEqual({ capturedThroughMs: 700, bytes: 0 });
});
