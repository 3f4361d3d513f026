import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeCanonical, encodeCanonical } from '../../../src/governance/ledger/canonical.ts';

const name = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => text !== '__proto__');
const leaf = fc.oneof(
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.constant(null),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf.filter((value) => !Object.is(value, -0) && !(typeof value === 'string' && /\p{Surrogate}/u.test(value))),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4 }),
  ),
})).value;

test('members are sorted by UTF-16 code unit and nothing is written that is not needed', () => {
  const bytes = encodeCanonical({ b: [1, 'é'], a: { '\u{1f600}': null, '\ufb01': true, '1': 'x\u0007"' } });

  expect(bytes.toString()).toBe('{"a":{"1":"x\\u0007\\"","\u{1f600}":null,"\ufb01":true},"b":[1,"é"]}');
});

test('a member without a value is left out', () => {
  expect(encodeCanonical({ a: undefined, b: 1 }).toString()).toBe('{"b":1}');
});

test('what was encoded decodes to the same value, and its bytes are the only ones that do', () => {
  fc.assert(
    fc.property(json, (value) => {
      const bytes = encodeCanonical(value);

      const decoded = decodeCanonical(bytes);

      expect(JSON.stringify(decoded)).toBe(bytes.toString());
      expect(encodeCanonical(decoded).equals(bytes)).toBe(true);
    }),
  );
});

test('member order in the source does not change the bytes', () => {
  fc.assert(
    fc.property(fc.dictionary(name, fc.nat(), { maxKeys: 8 }), (object) => {
      const reversed = Object.fromEntries(Object.entries(object).reverse());

      expect(encodeCanonical(reversed).equals(encodeCanonical(object))).toBe(true);
    }),
  );
});

test('any changed byte decodes to another value or to none', () => {
  const bytes = encodeCanonical({ kind: 'read', n: 12, list: [true, 'ü'] });
  const value = JSON.stringify(decodeCanonical(bytes));

  for (let index = 0; index < bytes.length; index += 1) {
    for (let flip = 1; flip < 256; flip += 1) {
      const changed = Buffer.from(bytes);
      changed[index]! ^= flip;
      expect(JSON.stringify(decodeCanonical(changed))).not.toBe(value);
    }
  }
});

test.each([
  ['a float', 1.5],
  ['more than a safe integer', 2 ** 53],
  ['negative zero', -0],
  ['NaN', Number.NaN],
  ['infinity', Infinity],
  ['an unpaired surrogate', '\ud800'],
  ['an unpaired surrogate in a name', { '\udc00': 1 }],
  ['undefined', undefined],
  ['undefined in a list', [undefined]],
  ['a hole in a list', new Array(1)],
  ['a function', () => 1],
  ['a big integer', 1n],
  ['a symbol', Symbol('x')],
  ['a symbol as a name', { [Symbol('x')]: 1 }],
  ['a date', new Date(0)],
  ['a map', new Map()],
  ['bytes', Buffer.from('x')],
  ['an object with its own idea of JSON', { toJSON: () => 1 }],
  ['a named prototype', JSON.parse('{"__proto__":{"a":1}}')],
  ['an object with a prototype of its own', Object.create({ a: 1 })],
  ['a value nested too deeply', JSON.parse('['.repeat(18) + ']'.repeat(18))],
  ['more than 4096 bytes', 'x'.repeat(4095)],
])('%s is refused', (_name, value: unknown) => {
  expect(() => encodeCanonical(value)).toThrow(expect.objectContaining({ name: 'CanonicalError' }));
});

test.each([
  ['a space', '{"a": 1}'],
  ['members out of order', '{"b":1,"a":2}'],
  ['a member twice', '{"a":1,"a":1}'],
  ['an exponent', '{"a":1e2}'],
  ['a fraction of nothing', '{"a":1.0}'],
  ['a needless escape', '{"a":"\\u0061"}'],
  ['an escaped surrogate without its pair', '{"a":"\\ud800"}'],
  ['negative zero', '{"a":-0}'],
  ['a prototype', '{"__proto__":1}'],
  ['a byte order mark', '\ufeff{"a":1}'],
  ['a line feed at the end', '{"a":1}\n'],
  ['half an object', '{"a":1'],
  ['an integer no double holds', '{"a":9007199254740993}'],
])('%s is not canonical', (_name, text) => {
  expect(decodeCanonical(Buffer.from(text))).toBeUndefined();
});

test('bytes that are not UTF-8 are not canonical', () => {
  expect(decodeCanonical(Buffer.from([0x22, 0xc3, 0x28, 0x22]))).toBeUndefined();
  expect(decodeCanonical(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]))).toBeUndefined();
});

test('a member is read once, so an accessor cannot say one thing and write another', () => {
  let reads = 0;
  const sly = {
    get a() {
      reads += 1;
      return reads === 1 ? 1 : 1.5;
    },
  };

  expect(encodeCanonical(sly).toString()).toBe('{"a":1}');
});
