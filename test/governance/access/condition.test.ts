import fc from 'fast-check';
import { expect, test } from 'vitest';
import { can } from '../../../src/governance/access/ability.ts';
import { conditionOf, matches } from '../../../src/governance/access/condition.ts';
import type { RowCondition } from '../../../src/model/access.ts';
import { anyQuestion, anyResource, holder, LOCAL } from './principals.ts';

test('a row is never shown to somebody who may not have it', () => {
  fc.assert(
    fc.property(anyQuestion, anyResource, ({ principal, action, subject }, row) => {
      if (matches(conditionOf(principal, action, subject), row)) {
        expect(can(principal, action, subject, row)).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
});

test('a row that somebody may read is shown to him', () => {
  fc.assert(
    fc.property(anyQuestion, anyResource, ({ principal, subject }, row) => {
      expect(matches(conditionOf(principal, 'read', subject), row)).toBe(can(principal, 'read', subject, row));
    }),
    { numRuns: 2000 },
  );
});

test('conditions speak of tenants and aspects alone, and say every tenant only where the token does', () => {
  fc.assert(
    fc.property(anyQuestion, ({ principal, action, subject }) => {
      const condition = conditionOf(principal, action, subject);

      for (const field of fieldsOf(condition)) expect(['tenant', 'aspect']).toContain(field);
      if (condition.kind === 'always' && subject !== 'Bundle') expect(principal.tenants).toBe('all');
    }),
  );
});

test.each([
  ['an auditor of all', holder(['auditor'], 'all'), 'read', 'Entry', { kind: 'always' }],
  ['ops, of entries', holder(['ops'], 'all'), 'read', 'Entry', { kind: 'never' }],
  ['nobody, at the socket', LOCAL, 'read', 'Call', { kind: 'never' }],
  [
    'an auditor of two',
    holder(['auditor'], ['acme', 'globex']),
    'read',
    'Call',
    { kind: 'in', field: 'tenant', values: ['acme', 'globex'] },
  ],
  ['an auditor of none', holder(['auditor'], []), 'read', 'Call', { kind: 'never' }],
  [
    'security of one, of changes',
    holder(['security'], ['acme']),
    'change',
    'ConfigChange',
    {
      kind: 'and',
      parts: [
        { kind: 'in', field: 'aspect', values: ['policy'] },
        { kind: 'in', field: 'tenant', values: ['acme'] },
      ],
    },
  ],
] as const)('the rows of %s', (_name, principal, action, subject, expected) => {
  expect(conditionOf(principal, action, subject)).toEqual(expected);
});

test('a rule that says what rows must not be shows none of them', () => {
  const condition = conditionOf(holder(['admin'], 'all'), 'issue', 'Token');

  expect(condition).toEqual({ kind: 'never' });
});

test('a row without the field that a condition is about does not match', () => {
  const condition: RowCondition = { kind: 'in', field: 'tenant', values: ['acme'] };

  expect(matches(condition, {})).toBe(false);
  expect(matches({ kind: 'and', parts: [] }, {})).toBe(true);
  expect(matches({ kind: 'or', parts: [] }, {})).toBe(false);
});

function fieldsOf(condition: RowCondition): string[] {
  if (condition.kind === 'in') return [condition.field];
  return 'parts' in condition ? condition.parts.flatMap(fieldsOf) : [];
}
