import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AskError } from '../../../src/governance/use-cases/administration.ts';
import { readPlace, writePlace } from '../../../src/governance/use-cases/query-ledger.ts';
import { knownReason, knownType, readFilter } from '../../../src/governance/use-cases/read-filter.ts';
import { entriesQuery } from '../../../src/model/api/ledger.ts';
import { cursor } from '../../../src/model/api/words.ts';
import { isEntryBody } from '../../../src/model/evidence.ts';

describe('a cursor', () => {
  const place = fc.record({
    atMs: fc.nat(),
    log: fc.constantFrom('acme', 'system', 'a'.repeat(63)),
    node: fc.stringMatching(/^[!-~]{1,128}$/),
    epoch: fc.stringMatching(/^p_[0-9a-f]{32}$/),
    seq: fc.maxSafeNat(),
  });

  test('leads back to the place it was written for, and is never longer than one may be', () => {
    fc.assert(
      fc.property(place, (written) => {
        const text = writePlace(written);

        expect(readPlace(text)).toEqual(written);
        expect(cursor.safeParse(text).success).toBe(true);
      }),
    );
    expect(readPlace(writePlace({ atMs: 7, log: '', node: '', epoch: '', seq: 0 }))).toMatchObject({
      atMs: 7,
      log: '',
    });
    expect(readPlace(undefined)).toBeUndefined();
  });

  test('that is any other string is refused, whatever it holds', () => {
    const spelled = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
      fc
        .array(fc.oneof(fc.integer(), fc.string()))
        .map((key) => Buffer.from(JSON.stringify(key)).toString('base64url')),
    );
    fc.assert(
      fc.property(spelled, (text) => {
        try {
          const read = readPlace(text);
          expect(readPlace(writePlace(read!))).toEqual(read);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(AskError);
          expect(thrown).toMatchObject({ code: 'INVALID' });
        }
      }),
    );
  });

  test.each([
    ['a name with a comma', [1, 'acme,globex', 'n', `p_${'1'.repeat(32)}`, 1]],
    ['a name with U+0000', [1, 'acme', 'n\0', `p_${'1'.repeat(32)}`, 1]],
    ['an epoch that is none', [1, 'acme', 'n', "p_'; --", 1]],
    ['a number that is none', [1.5, 'acme', 'n', `p_${'1'.repeat(32)}`, 1]],
    ['half a place', [1, 'acme']],
    ['nothing', []],
  ])('with %s is refused', (_name, key) => {
    expect(() => readPlace(Buffer.from(JSON.stringify(key)).toString('base64url'))).toThrow(/not one of this listing/);
  });
});

describe('what a read says it asked for', () => {
  test('is what was asked, as far as it is ours to repeat', () => {
    const query = entriesQuery.parse({ kind: ['gap', 'refusal'], allow: 'false', since_ms: '5', reason: 'x' });
    const { kind, allow, since_ms, until_ms } = query;

    expect(readFilter({ kind, allow, since_ms, until_ms, reason: knownReason(query.reason) })).toEqual({
      kind: 'gap,refusal',
      allow: 'false',
      since_ms: '5',
      reason: 'other',
    });
    expect([knownReason('policy_denied'), knownReason(undefined), knownReason('toString')]).toEqual([
      'policy_denied',
      undefined,
      'other',
    ]);
    expect([knownType('CARD'), knownType('Ann Smith'), knownType(undefined)]).toEqual(['CARD', 'other', undefined]);
  });

  test('always fits the entry', () => {
    const value = fc.oneof(fc.string({ minLength: 1, maxLength: 300 }), fc.nat(), fc.boolean());
    fc.assert(
      fc.property(fc.record({ kind: value, since_ms: value, processor: value }), (asked) => {
        const filter = readFilter(asked);

        expect(isEntryBody({ kind: 'read', read: `q_${'1'.repeat(32)}`, route: 'r', actor: 'local', filter })).toBe(
          true,
        );
      }),
    );
  });
});
