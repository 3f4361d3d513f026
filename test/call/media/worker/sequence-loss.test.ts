import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SequenceLoss } from '../../../../src/call/media/worker/sequence-loss.ts';

const SSRC = 7;

function play(sequences: readonly number[], ssrc = SSRC): number {
  const loss = new SequenceLoss();
  return sequences.reduce((lost, sequence) => lost + loss.note(ssrc, sequence), 0);
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

test('what comes in order, late or twice is not lost', () => {
  expect(play(range(1000, 200))).toBe(0);
  expect(play([1, 2, 4, 3, 5, 7, 6, 8, ...range(9, 100)])).toBe(0);
  expect(play([1, 1, 2, 2, 3, 3, ...range(4, 100)])).toBe(0);
});

test('a hole counts once 32 newer packets have gone by it, and not before', () => {
  expect(play([1, 2, ...range(4, 31)])).toBe(0);
  expect(play([1, 2, ...range(4, 32)])).toBe(1);
});

test('a packet that fills its hole too late is still lost', () => {
  expect(play([1, 2, ...range(4, 40), 3, ...range(44, 40)])).toBe(1);
});

test('a long hole counts whole', () => {
  expect(play([...range(0, 50), ...range(550, 50)])).toBe(500);
});

test('a sender that begins anew, or jumps too far to be believed, has lost nothing that anybody can count', () => {
  const loss = new SequenceLoss();
  const restarted = [...range(1, 40).map((n) => loss.note(1, n)), ...range(20_000, 40).map((n) => loss.note(2, n))];

  expect(restarted.every((lost) => lost === 0)).toBe(true);
  expect(play([...range(1, 40), ...range(5000, 40)])).toBe(0);
  expect(play([...range(5000, 40), ...range(1, 40)])).toBe(0);
});

test('it counts what a list of everything that came would say', () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { minLength: 1, maxLength: 300 }),
      fc.array(fc.nat({ max: 8 }), { minLength: 1, maxLength: 20 }),
      (arrived, shuffle) => {
        const sent = range(100, arrived.length).filter((_, index) => arrived[index] === true);
        const received = shuffled(sent, shuffle);
        // Enough to go by every hole.
        const last = Math.max(100 + arrived.length, ...sent);
        const tail = range(last + 1, 64);
        const first = received[0];
        fc.pre(first !== undefined && first === Math.min(...sent));

        const lost = play([...received, ...tail]);

        const missing = range(first, last + 1 - first).filter((sequence) => !sent.includes(sequence));
        expect(lost).toBe(missing.length);
      },
    ),
  );
});

/** Swaps neighbours within eight places, never the first one. */
function shuffled(sequences: readonly number[], by: readonly number[]): number[] {
  const list = [...sequences];
  for (let index = 1; index < list.length; index += 1) {
    const other = index + (by[index % by.length] ?? 0);
    if (other >= list.length || other - index > 8) continue;
    [list[index], list[other]] = [list[other]!, list[index]!];
  }
  return list;
}
