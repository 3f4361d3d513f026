import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Reception } from '../../../src/protocol/rtp/reception.ts';

const RATE_HZ = 8000;
const PACKET_US = 20_000;
const PACKET_UNITS = 160;

/** Packets sent 20 ms apart, each under way as long as the others unless said. */
function note(reception: Reception, sequences: readonly number[], lateUs: readonly number[] = []): void {
  sequences.forEach((sequence, index) => {
    const arrivalUs = 1_000_000 + sequence * PACKET_US + (lateUs[index] ?? 0);
    reception.note(sequence & 0xffff, (sequence * PACKET_UNITS) >>> 0, arrivalUs, RATE_HZ);
  });
}

test('before the first packet nothing was expected', () => {
  expect(new Reception().snapshot()).toEqual({ received: 0, expected: 0, lost: 0, jitter: 0, highestExtended: -1 });
  expect(new Reception().takeFractionLost()).toBe(0);
});

test('RFC 3550 A.3: expected is last less first plus one, through a wrap', () => {
  const reception = new Reception();

  note(reception, [65_534, 65_535, 65_536, 65_539]);

  expect(reception.snapshot()).toMatchObject({ received: 4, expected: 6, lost: 2, highestExtended: 65_539 });
});

test('late packets fill their holes, and doubled ones make the loss negative', () => {
  const reception = new Reception();

  note(reception, [10, 12, 11, 13, 13]);

  expect(reception.snapshot()).toMatchObject({ received: 5, expected: 4, lost: -1, highestExtended: 13 });
});

test('a late packet from before the wrap takes no cycle back', () => {
  const reception = new Reception();

  note(reception, [65_535, 65_537, 65_536, 65_534]);

  expect(reception.snapshot()).toMatchObject({ received: 4, expected: 3, highestExtended: 65_537 });
});

test('RFC 3550 A.1: a hole of 2999 is loss, one jump more is not believed alone', () => {
  const hole = new Reception();
  note(hole, [0, 2999]);
  const jump = new Reception();
  note(jump, [0, 3000, 1]);

  expect(hole.snapshot()).toMatchObject({ received: 2, expected: 3000, lost: 2998 });
  expect(jump.snapshot()).toMatchObject({ received: 2, expected: 2, lost: 0, highestExtended: 1 });
});

test('a source that begins anew, forward or back, keeps what it lost before and loses nothing by it', () => {
  for (const anew of [30_000, 50_000]) {
    const reception = new Reception();
    note(reception, [40_000, 40_002]);

    reception.note(anew, 1, 9_000_000, RATE_HZ);
    expect(reception.snapshot()).toMatchObject({ received: 2, highestExtended: 40_002 });
    reception.note(anew + 1, 161, 9_020_000, RATE_HZ);
    reception.note(anew + 2, 321, 9_040_000, RATE_HZ);

    expect(reception.snapshot()).toEqual({
      received: 4,
      expected: 5,
      lost: 1,
      jitter: 0,
      highestExtended: anew + 2,
    });
  }
});

test('a forged packet far away, sent over and over, counts only if its successor comes', () => {
  const reception = new Reception();
  note(reception, [5]);

  for (let round = 0; round < 10; round++) reception.note(20_000, 0, 0, RATE_HZ);
  note(reception, [6]);

  expect(reception.snapshot()).toMatchObject({ received: 2, expected: 2, highestExtended: 6, jitter: 0 });
});

test('RFC 3550 A.3: the fraction lost is of the packets since the report before', () => {
  const reception = new Reception();

  note(reception, [1, 2, 4]);
  expect(reception.takeFractionLost()).toBe(64);
  expect(reception.takeFractionLost()).toBe(0);
  note(reception, [5, 6]);
  expect(reception.takeFractionLost()).toBe(0);
  note(reception, [3]);
  expect(reception.takeFractionLost()).toBe(0);
  note(reception, [500]);
  expect(reception.takeFractionLost()).toBe(255);
});

test('RFC 3550 A.8: an even stream has no jitter, however long it is under way', () => {
  const reception = new Reception();

  note(
    reception,
    Array.from({ length: 100 }, (_, index) => index),
    Array.from({ length: 100 }, () => 70_000),
  );

  expect(reception.snapshot().jitter).toBe(0);
});

test('RFC 3550 A.8: one packet 40 ms late moves the estimate by a sixteenth, twice, and then it decays', () => {
  const lateUnits = (40_000 * RATE_HZ) / 1_000_000;
  const expected = [0];
  for (const difference of [lateUnits, lateUnits, 0, 0, 0, 0]) {
    const before = expected.at(-1)!;
    expected.push(before + (difference - before) / 16);
  }
  const reception = new Reception();

  const jitters = expected.map((_, index) => {
    note(reception, [index], [index === 1 ? 40_000 : 0]);
    return reception.snapshot().jitter;
  });

  expect(jitters).toEqual(expected.map(Math.floor));
  expect(jitters.slice(0, 3)).toEqual([0, 20, 38]);
});

test('timestamps that wrap are no jitter', () => {
  const reception = new Reception();

  reception.note(1, 0xffff_ff60, 0, RATE_HZ);
  reception.note(2, 0x0000_0000, PACKET_US, RATE_HZ);
  reception.note(3, 0x0000_00a0, 2 * PACKET_US, RATE_HZ);

  expect(reception.snapshot()).toMatchObject({ jitter: 0, received: 3 });
});

test('packets whose timestamp is not their time are counted and say nothing of jitter', () => {
  const reception = new Reception();

  note(reception, [0, 1]);
  for (const sequence of [2, 3, 4]) reception.note(sequence, 2 * PACKET_UNITS, 1_000_000 + sequence * PACKET_US, 0);
  note(reception, [5, 6]);

  expect(reception.snapshot()).toMatchObject({ received: 7, lost: 0, jitter: 0 });
});

test('another clock rate compares no times across the change, and keeps the length of what was known', () => {
  const reception = new Reception();
  note(reception, [0, 1], [0, 40_000]);
  expect(reception.snapshot().jitter).toBe(20);

  reception.note(2, 77, 5_000_000, 16_000);

  expect(reception.snapshot().jitter).toBe(40);
});

test('whatever is lost, late or doubled, the account is exact', () => {
  const stream = fc.record({
    first: fc.integer({ min: 0, max: 65_535 }),
    fates: fc.array(fc.record({ kept: fc.boolean(), delay: fc.nat(30) }), { minLength: 1, maxLength: 300 }),
  });
  fc.assert(
    fc.property(stream, ({ first, fates }) => {
      const arrivals = fates
        .map(({ kept, delay }, index) => ({ sequence: first + index, at: index + delay, kept }))
        .filter(({ kept }) => kept)
        .sort((a, b) => a.at - b.at)
        .map(({ sequence }) => sequence);
      const reception = new Reception();

      for (const sequence of arrivals) reception.note(sequence & 0xffff, 0, 0, 0);

      const { received, expected, lost, highestExtended } = reception.snapshot();
      const begin = arrivals[0];
      if (begin === undefined) return;
      const highest = Math.max(...arrivals);
      expect({ received, expected }).toEqual({ received: arrivals.length, expected: highest - begin + 1 });
      expect(lost).toBe(expected - received);
      expect(highestExtended).toBe((begin & 0xffff) + highest - begin);
    }),
  );
});

test('no numbers make jitter less than nothing, or no number', () => {
  const packet = fc.tuple(
    fc.nat(65_535),
    fc.integer({ min: 0, max: 0xffff_ffff }),
    fc.nat(2 ** 40),
    fc.constantFrom(0, 8000, 48_000),
  );
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 50 }), (packets) => {
      const reception = new Reception();

      for (const [sequence, timestamp, arrivalUs, rateHz] of packets) {
        reception.note(sequence, timestamp, arrivalUs, rateHz);
      }

      const { jitter, received, expected } = reception.snapshot();
      expect(jitter).toBeGreaterThanOrEqual(0);
      expect(received).toBeLessThanOrEqual(packets.length);
      expect(expected).toBeGreaterThanOrEqual(0);
      expect(reception.takeFractionLost()).toBeLessThanOrEqual(255);
    }),
  );
});
