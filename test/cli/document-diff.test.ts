import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareDocuments } from '../../src/cli/document-diff.ts';
import { renderChanges } from '../../src/cli/show-changes.ts';

test('things with an id are compared thing by thing, whatever their order', () => {
  const before = { version: 1, tenants: [{ id: 'acme', next: ['a'], media: { caller: 'rtp' } }, { id: 'old' }] };
  const after = { tenants: [{ id: 'new' }, { media: { caller: 'sdes' }, next: ['a', 'b'], id: 'acme' }], version: 1 };

  expect(compareDocuments(before, after)).toEqual([
    { action: 'change', path: 'tenants.acme.media.caller', before: '"rtp"', after: '"sdes"' },
    { action: 'change', path: 'tenants.acme.next', before: '["a"]', after: '["a","b"]' },
    { action: 'add', path: 'tenants.new', after: '{"id":"new"}' },
    { action: 'remove', path: 'tenants.old', before: '{"id":"old"}' },
  ]);
});

test('a list of other things is compared whole, and so is one that became empty', () => {
  expect(compareDocuments({ a: [1] }, { a: [2] })).toEqual([
    { action: 'change', path: 'a', before: '[1]', after: '[2]' },
  ]);
  expect(compareDocuments({ a: [{ id: 'x' }] }, { a: [] })).toEqual([
    { action: 'change', path: 'a', before: '[{"id":"x"}]', after: '[]' },
  ]);
});

test('nothing differs from itself, and differences turn round with the documents', () => {
  const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
  const turned = { add: 'remove', remove: 'add', change: 'change' } as const;
  fc.assert(
    fc.property(json, json, (one, other) => {
      expect(compareDocuments(one, one)).toEqual([]);
      const there = compareDocuments({ one }, { one: other });
      const back = compareDocuments({ one: other }, { one });
      expect(back.map(({ action, path }) => [action, path])).toEqual(
        there.map(({ action, path }) => [turned[action], path]),
      );
    }),
    { numRuns: 60 },
  );
});

test('changes are shown by path, before and after, and counted', () => {
  const text = renderChanges([
    { action: 'add', path: 'processors.scribe', after: '{"id":"scribe"}' },
    { action: 'change', path: 'tenants.acme.route.next', before: '["a"]', after: `["${'b'.repeat(500)}"]` },
    { action: 'remove', path: 'tenants.old\u001b[2J' },
  ]);

  expect(text).toBe(
    [
      '+ processors.scribe',
      '    + {"id":"scribe"}',
      '~ tenants.acme.route.next',
      '    - ["a"]',
      `    + ["${'b'.repeat(398)}…`,
      '- tenants.old?[2J',
      '1 added, 1 removed, 1 changed',
      '',
    ].join('\n'),
  );
  expect(renderChanges([])).toBe('');
});
