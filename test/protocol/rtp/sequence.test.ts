import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SequenceUnwrapper } from '../../../src/protocol/rtp/sequence.ts';

test('counting goes on through a wrap', () => {
  const unwrapper = new SequenceUnwrapper();

  const extended = [65534, 65535, 0, 1].map((sequence) => unwrapper.extend(sequence));

  expect(extended).toEqual([65534, 65535, 65536, 65537]);
});

test('a late packet from before the wrap keeps its own number', () => {
  const unwrapper = new SequenceUnwrapper();

  const extended = [65535, 1, 65534, 0].map((sequence) => unwrapper.extend(sequence));

  expect(extended).toEqual([65535, 65537, 65534, 65536]);
});

test('a packet from before the first one is negative, never a jump of a whole cycle', () => {
  const unwrapper = new SequenceUnwrapper();
  unwrapper.extend(3);

  expect(unwrapper.extend(65530)).toBe(-6);
  expect(unwrapper.extend(4)).toBe(4);
});

test('steps of less than half a cycle add up exactly', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 65535 }), fc.array(fc.integer({ min: 0, max: 32767 })), (first, steps) => {
      const unwrapper = new SequenceUnwrapper();
      let expected = first;

      expect(unwrapper.extend(first)).toBe(first);

      for (const step of steps) {
        expected += step;
        expect(unwrapper.extend(expected % 65536)).toBe(expected);
      }
    }),
  );
});
