import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applySplices, lengthChange, shiftSplices } from '../../src/protocol/splice.ts';

test('without splices the very same buffer comes back', () => {
  const original = Buffer.from('INVITE');

  expect(applySplices(original, [])).toBe(original);
});

test('insertions at one offset keep the order they were given in', () => {
  const edited = applySplices(Buffer.from('ad'), [
    { at: 1, remove: 0, insert: 'b' },
    { at: 1, remove: 0, insert: 'c' },
  ]);

  expect(edited.toString()).toBe('abcd');
});

test('overlapping splices are a broken promise', () => {
  const overlapping = [
    { at: 0, remove: 3, insert: '' },
    { at: 2, remove: 1, insert: '' },
  ];

  expect(() => applySplices(Buffer.from('abcd'), overlapping)).toThrow('splices overlap');
});

test('bytes outside every splice survive, and the length changes as foretold', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 8, maxLength: 64 }),
      fc.uint8Array({ maxLength: 16 }),
      fc.nat(),
      (bytes, insert, seed) => {
        const original = Buffer.from(bytes);
        const at = seed % (original.length - 4);
        const splices = [{ at, remove: 4, insert }];

        const edited = applySplices(original, splices);

        expect(edited.length).toBe(original.length + lengthChange(splices));
        expect(edited.subarray(0, at)).toEqual(original.subarray(0, at));
        expect(edited.subarray(at + insert.length)).toEqual(original.subarray(at + 4));
        const shifted = applySplices(Buffer.concat([Buffer.from('xy'), original]), shiftSplices(splices, 2));
        expect(shifted.subarray(2)).toEqual(edited);
      },
    ),
  );
});
