import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_ANSWER_BYTES, readAnswer } from '../../../src/governance/policy/answer.ts';

const said = (result: unknown): unknown => [{ result }];
const allow = (obligations: unknown): unknown => said({ allow: true, reasons: [], obligations });

describe('reading what a policy said', () => {
  test('a decision of the contract is heard as it is', () => {
    const result = {
      allow: true,
      reasons: [{ rule: 'r' }, { rule: 's', clause: 'c' }],
      obligations: {
        max_window_ms: 30_000,
        max_bytes: 0,
        mute_on: ['pci'],
        redact: { CARD: 'mask', EMAIL: 'pseudonym' },
        partials: 'masked',
        keep_class: 'audio',
        region: 'eu',
      },
    };

    expect(readAnswer('stream', said(result))).toEqual({ kind: 'heard', ...result });
  });

  test('an empty result set is undefined, not malformed', () => {
    expect(readAnswer('stream', [])).toEqual({ kind: 'unheard', code: 'policy_undefined' });
  });

  test.each([
    ['nothing', undefined],
    ['a boolean', said(true)],
    ['no reasons', said({ allow: true, obligations: {} })],
    ['no obligations', said({ allow: true, reasons: [] })],
    ['a truthy allow', said({ allow: 1, reasons: [], obligations: {} })],
    ['a word too many', said({ allow: true, reasons: [], obligations: {}, also: 1 })],
    ['a reason without a rule', said({ allow: true, reasons: [{ clause: 'c' }], obligations: {} })],
    ['an empty rule', said({ allow: true, reasons: [{ rule: '' }], obligations: {} })],
    ['too many reasons', said({ allow: true, reasons: Array(9).fill({ rule: 'r' }), obligations: {} })],
    ['obligations as a list', allow([])],
    ['two results', [{ result: {} }, { result: {} }]],
    ['a negative window', allow({ max_window_ms: -1 })],
    ['a window in fractions', allow({ max_window_ms: 0.5 })],
    ['a wrong type', allow({ region: 7 })],
    ['partials as they were once said', allow({ partials: true })],
    ['an entity type that is no word', allow({ redact: { 'a b': 'mask' } })],
  ])('%s is malformed', (_, resultSet) => {
    expect(readAnswer('stream', resultSet)).toEqual({ kind: 'unheard', code: 'policy_malformed' });
  });

  test('an answer that would not fit into an entry is malformed', () => {
    const redact = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`TYPE_NUMBER_${n}`, 'mask']));

    const answer = readAnswer('stream', allow({ redact }));

    expect(JSON.stringify(redact).length).toBeGreaterThan(MAX_ANSWER_BYTES);
    expect(answer).toEqual({ kind: 'unheard', code: 'policy_malformed' });
  });

  test.each([
    ['a name', { sing: true }],
    ['a way to redact', { redact: { CARD: 'reverse' } }],
    ['a moment to mute', { mute_on: ['sunday'] }],
    ['a kind of partial result', { partials: 'raw' }],
    ['a value put back into what a processor reads', { restore: ['NAME'] }],
    ['a tightening on a stream', { tighten: 'drop' }],
  ])('%s that we do not know is an obligation that we cannot honour', (_, obligations) => {
    expect(readAnswer('stream', allow(obligations))).toEqual({ kind: 'unheard', code: 'policy_obligation_unknown' });
  });

  test('an obligation is known only where it can be honoured', () => {
    expect(readAnswer('release', allow({ tighten: 'mask_all' })).kind).toBe('heard');
    expect(readAnswer('release', allow({ max_bytes: 1 })).kind).toBe('unheard');
    expect(readAnswer('retain', allow({ keep_class: 'audio', max_window_ms: 1 })).kind).toBe('heard');
    expect(readAnswer('retain', allow({ redact: {} })).kind).toBe('unheard');
    expect(readAnswer('emit', allow({})).kind).toBe('heard');
    expect(readAnswer('emit', allow({ restore: ['NAME', 'CARD'] })).kind).toBe('heard');
    expect(readAnswer('emit', allow({ tighten: 'drop' })).kind).toBe('unheard');
  });

  test('nothing that a policy can say makes it throw, or allow without the word', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const answer = readAnswer('stream', said(value));

        expect(answer.kind === 'heard' && !JSON.stringify(value).includes('"allow":true')).toBe(false);
      }),
    );
  });
});
