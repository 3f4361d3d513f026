import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromPlain, toPlain } from '../../src/call/plain-state.ts';

/** What records are made of. Names that begin with a dollar sign are the encoding's own. */
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.string(), { maxLength: 3 }).map((items) => new Set(items)),
    fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

test('whatever a record is made of comes back as it was, over a socket', () => {
  fc.assert(
    fc.property(value, (original) => {
      const over = JSON.parse(JSON.stringify(toPlain(original))) as unknown;

      expect(fromPlain(over)).toEqual(original);
    }),
  );
});

test('a property that is undefined reads as undefined again', () => {
  const back = fromPlain(JSON.parse(JSON.stringify(toPlain({ a: undefined, b: 1 })))) as { a?: unknown; b: number };

  expect(back.a).toBeUndefined();
  expect(back.b).toBe(1);
});
