import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asProcessorId, newId, systemRandom } from '../../../src/base/ids.ts';
import { exposureOf } from '../../../src/governance/use-cases/pci-exposure.ts';
import { addKey, isCustomer, mayAsk, othersOf, type KeyRun } from '../../../src/governance/use-cases/pci-triggers.ts';
import type { Role } from '../../../src/model/tenant.ts';
import { callFact } from './world.ts';

test('a run of keys is as long as its last pauses of at most three seconds allow', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 6_000_000 }), { minLength: 1, maxLength: 20 }), (pausesUs) => {
      let atUs = 0;
      let run: KeyRun | undefined;
      for (const pauseUs of pausesUs) {
        atUs += pauseUs;
        run = addKey(run, atUs);
      }

      const lastLong = pausesUs.findLastIndex((pauseUs, index) => index > 0 && pauseUs > 3_000_000);
      expect(run).toEqual({ keys: pausesUs.length - Math.max(0, lastLong), lastUs: atUs });
    }),
  );
});

test('whoever is neither agent nor machine is a customer, and one who asks a customer gives nothing', () => {
  const [leg] = callFact().legs;
  const withRoles = (...roles: Role[]) => {
    const legs = roles.map((role) => ({ ...leg!, leg: newId('leg', systemRandom), role }));
    return { fact: { ...callFact(), legs }, ids: legs.map((one) => one.leg) };
  };
  const usual = withRoles('customer', 'agent', 'ivr');
  const peers = withRoles('customer', 'customer');

  expect(usual.ids.map((id) => isCustomer(usual.fact, id))).toEqual([true, false, false]);
  expect(usual.ids.map((id) => mayAsk(usual.fact, id))).toEqual([false, true, true]);
  expect(isCustomer(usual.fact, newId('leg', systemRandom))).toBe(true);
  expect(peers.ids.map((id) => mayAsk(peers.fact, id))).toEqual([true, true]);
  expect(othersOf(usual.fact, usual.ids[0]!)).toEqual([]);
  expect(othersOf(peers.fact, peers.ids[0]!)).toEqual([peers.ids[1]]);
});

const lease = fc.record({
  lease: fc.constant(newId('lease', systemRandom)),
  processor: fc.constantFrom(asProcessorId('scribe'), asProcessorId('collector')),
  fromMs: fc.nat(20_000),
  lengthMs: fc.nat(20_000),
  bytes: fc.oneof(fc.nat(1_000_000), fc.constant('unknown' as const)),
  bytesPerMs: fc.constantFrom(16, 32),
});

test('an exposure is never negative, never more than was sent, and grows as the sensitive part begins earlier', () => {
  fc.assert(
    fc.property(fc.array(lease, { maxLength: 4 }), fc.nat(40_000), fc.nat(5000), (made, sensitiveMs, earlierMs) => {
      const leases = made.map(({ lengthMs, ...one }) => ({ ...one, capturedThroughMs: one.fromMs + lengthMs }));
      const { exposedMs, exposedBytes } = exposureOf(leases, sensitiveMs);
      const earlier = exposureOf(leases, sensitiveMs - earlierMs);

      expect(exposedMs).toBeGreaterThanOrEqual(0);
      expect(exposedMs).toBeLessThanOrEqual(made.reduce((sum, { lengthMs }) => sum + lengthMs, 0));
      expect(earlier.exposedMs).toBeGreaterThanOrEqual(exposedMs);
      if (exposedBytes === 'unknown') {
        expect(exposedMs).toBeGreaterThan(0);
        expect(
          leases.some(({ bytes, capturedThroughMs }) => bytes === 'unknown' && capturedThroughMs > sensitiveMs),
        ).toBe(true);
      } else {
        const known = made.reduce((sum, { bytes }) => sum + (bytes === 'unknown' ? 0 : bytes), 0);
        expect(exposedBytes).toBeLessThanOrEqual(known);
        if (earlier.exposedBytes !== 'unknown') expect(earlier.exposedBytes).toBeGreaterThanOrEqual(exposedBytes);
      }
    }),
  );
});

test('what one processor got under two leases is what it got of both', () => {
  const one = { lease: newId('lease', systemRandom), processor: asProcessorId('scribe'), bytes: 9e6, bytesPerMs: 16 };
  const leases = [
    { ...one, fromMs: 0, capturedThroughMs: 2000 },
    { ...one, fromMs: 2000, capturedThroughMs: 5000 },
    { ...one, processor: asProcessorId('collector'), fromMs: 0, capturedThroughMs: 4000 },
  ];

  expect(exposureOf(leases, 1000)).toEqual({ exposedMs: 4000, exposedBytes: 7000 * 16 });
});
