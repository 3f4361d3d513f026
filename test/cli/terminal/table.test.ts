import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plain, plainJson } from '../../../src/cli/terminal/plain.ts';
import { renderFacts, renderTable, Table } from '../../../src/cli/terminal/table.ts';

interface Row {
  readonly name: string;
  readonly what: string;
}

const columns = [
  { heading: 'NAME', of: ({ name }: Row) => name },
  { heading: 'WHAT', of: ({ what }: Row) => what },
];

test('columns are as wide as they need to be, and nothing is a dash', () => {
  const text = renderTable(columns, [
    { name: 'a', what: 'first' },
    { name: 'longer', what: '' },
  ]);

  expect(text).toBe('NAME    WHAT\na       first\nlonger  -\n');
});

test('no rows are no table', () => {
  expect(renderTable(columns, [])).toBe('');
});

test('a later page has no heading, and keeps the width of the one before', () => {
  const table = new Table(columns);
  table.render([{ name: 'longest', what: 'x' }]);

  expect(table.render([{ name: 'b', what: 'y' }])).toBe('b        y\n');
});

test('one very long cell does not push every row apart', () => {
  const text = renderTable(columns, [
    { name: 'n'.repeat(80), what: 'x' },
    { name: 'b', what: 'y' },
  ]);

  expect(text.split('\n')[2]).toBe(`b${' '.repeat(49)}y`);
});

test('facts are one to a line, without those that have no value', () => {
  expect(
    renderFacts([
      ['call', 'c_1'],
      ['lasted', undefined],
      ['tenant', 'acme'],
    ]),
  ).toBe('call    c_1\ntenant  acme\n');
});

test('whatever a cell holds, a row is one line of visible characters', () => {
  const hostile = fc.string({
    unit: fc.constantFrom('a', '\n', '\r', '\u001b', '\u009b', '\u0007', '\u202e', '\u2028'),
  });
  fc.assert(
    fc.property(hostile, hostile, (name, what) => {
      const text = renderTable(columns, [{ name, what }]);

      expect(text.split('\n')).toHaveLength(3);
      expect(text.replaceAll('\n', '')).toMatch(/^[\x20-\x7e]*$/);
    }),
  );
});

test('JSON for programs reads back the same, and does nothing to a terminal', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 2 }), fc.string({ unit: 'binary', maxLength: 20 }), (value, text) => {
      const json = plainJson({ value, text });

      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ value, text })));
      expect(json).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e]/u);
    }),
    { numRuns: 50 },
  );
  expect(plain('a\tb')).toBe('a?b');
});
