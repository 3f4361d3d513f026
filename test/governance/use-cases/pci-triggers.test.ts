import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newId, systemRandom } from '../../../src/base/ids.ts';
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
      expect(exposedMs).toBeLessThanOrEqual(Math.max(0, ...made.map(({ lengthMs }) => lengthMs)));
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
