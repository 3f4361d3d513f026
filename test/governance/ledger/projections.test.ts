import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Chain } from '../../../src/governance/ledger/chain.ts';
import { decodeCanonical } from '../../../src/governance/ledger/canonical.ts';
import { projectEntry } from '../../../src/governance/ledger/projections.ts';
import { isEntryBody, readEntry, type EntryBody } from '../../../src/model/evidence.ts';
import type { EntryRow } from '../../../src/store/schema.ts';
import { decision, gap, leaseClose, leaseOpen, read, refusal, releaseOutcome, releaseRequest } from './entries.ts';

const NOW = { at_ms: 1, mono_us: 1 };
const id = (letter: string) => `${letter}_${'1'.repeat(32)}`;

function rowOf(body: EntryBody): EntryRow {
  const chain = new Chain({ log: 'acme', node: 'n1', epoch: id('p'), month: 197001 });
  chain.add({ kind: 'epoch.open', software: 's' }, NOW);
  return chain.add(body, NOW);
}

describe('the columns beside an entry', () => {
  test.each<[string, EntryBody, Partial<EntryRow>]>([
    [
      'a lease',
      leaseOpen(),
      { allow: true, entrypoint: 'stream', words: ['allowed', 'earshot.stream.allow', 'consent'] },
    ],
    ['a refusal', refusal(), { allow: false, words: ['policy_denied', 'earshot.stream.no_training'] }],
    ['a gap', gap({ reason: 'late' }), { allow: null, entrypoint: null, words: ['late'] }],
    ['a close', leaseClose(1, { reason: 'pci' }), { words: ['pci'] }],
    ['an outcome', releaseOutcome(), { words: ['answered'] }],
    ['a read', read(), { allow: null, words: null, entities: null }],
    [
      'a broken read',
      { kind: 'read.done', read: id('q'), route: 'r', rows: 0, outcome: 'broken' },
      { words: ['broken'] },
    ],
    [
      'a refused attempt',
      { kind: 'access.denied', route: 'r', actor: 'local', code: 'FORBIDDEN', count: 1 },
      { words: ['FORBIDDEN'] },
    ],
    [
      'a revocation',
      {
        kind: 'revoke',
        revocation: id('v'),
        action: 'silence',
        scope: 'tenant',
        target: 'acme',
        reason: 'somebody asked us to',
        actor: 'local',
        acted_ms: 1,
        silenced: 2,
      },
      { words: ['silence', 'tenant'] },
    ],
  ])('say of %s why it is there', (_name, body, columns) => {
    expect(rowOf(body)).toMatchObject(columns);
  });

  test('name each word once, and none that no text in Postgres can hold', () => {
    const rules = [{ rule: 'a', clause: 'b' }, { rule: 'b', clause: 'nul\0' }, { rule: 'a' }, { rule: '\0' }];

    expect(rowOf(refusal({ decision: { ...decision, code: 'policy_denied', rules } })).words).toEqual([
      'policy_denied',
      'a',
      'b',
    ]);
  });

  test('name the types that were redacted at least once, in the order of canonical JSON', () => {
    const entities = { b: 1, EMAIL: 0, 10: 1, 9: 2, a: 1 };

    expect(rowOf(releaseRequest(1, { entities })).entities).toEqual(['10', '9', 'a', 'b']);
    expect(rowOf(releaseRequest(1, { entities: { CARD: 0 } })).entities).toBeNull();
  });

  test('have no name that a parser passes over: such an entry is refused', () => {
    const entities = JSON.parse('{"CARD":1,"__proto__":1}') as Record<string, number>;

    expect(isEntryBody(releaseRequest(1, { entities }))).toBe(false);
    expect(isEntryBody(releaseRequest(1, { entities: { CARD: 1 } }))).toBe(true);
  });

  test('are the same whether computed when an entry is made or from its bytes', () => {
    const word = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' });
    const type = word.filter((name) => name !== '__proto__');
    const rules = fc.array(fc.record({ rule: word, clause: word }), { maxLength: 8 });
    fc.assert(
      fc.property(rules, fc.dictionary(type, fc.nat(2), { maxKeys: 5 }), (said, entities) => {
        const { raw, month, log, node, epoch, seq, prev, leaf, ...columns } = rowOf(
          releaseRequest(1, { entities, decision: { ...decision, rules: said } }),
        );

        const read = readEntry(decodeCanonical(raw));

        expect({ month, log, node, epoch, seq, prev, leaf }).toBeDefined();
        expect(typeof read === 'object' && projectEntry(read.entry)).toEqual(columns);
      }),
    );
  });
});
