import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CallMemory } from '../../../src/governance/redaction/call-memory.ts';
import { restoreText, TokenRestorer } from '../../../src/governance/redaction/restore.ts';

const TYPES = ['NAME', 'CARD', 'SORT_CODE', 'CVV'];

function memoryOfACall(): CallMemory {
  const memory = new CallMemory();
  memory.values.learn('NAME', 'jane smith', { said: 'Jane Smith', isWhole: true });
  memory.values.learn('NAME', 'joe', { said: '[NAME_1]', isWhole: true });
  memory.values.learn('CARD', '4111111111111111', { said: '4111 1111 1111 1111', isWhole: true });
  memory.values.learn('EMAIL', 'j@example.com', { said: 'j@example.com', isWhole: true });
  memory.values.learn('SORT_CODE', '112233', { said: '11-22-33', isWhole: true });
  return memory;
}

const memory = memoryOfACall();

test('what a pseudonym stands for comes in its place, and is counted', () => {
  expect(restoreText('Dear [NAME_1], your card [CARD_1 …1111] of [SORT_CODE_1] [NAME_1].', memory, TYPES)).toEqual({
    text: 'Dear Jane Smith, your card 4111 1111 1111 1111 of 11-22-33 Jane Smith.',
    restored: { NAME: 2, CARD: 1, SORT_CODE: 1 },
    unknown: 0,
  });
});

test('what is put back is not read again', () => {
  expect(restoreText('[NAME_2]', memory, TYPES).text).toBe('[NAME_1]');
});

test('nobody knows after a restart what a pseudonym stood for, and it is said how often', () => {
  expect(restoreText('[NAME_1] and [CARD_7]', new CallMemory(), TYPES)).toEqual({
    text: '[NAME_1] and [CARD_7]',
    restored: {},
    unknown: 2,
  });
});

test.each([
  '[EMAIL_1]',
  '[CVV_1]',
  '[NAME]',
  '[NAME_01]',
  '[NAME_0]',
  '[name_1]',
  '[NAME_1 ]',
  '[ NAME_1]',
  '[CARD_1 …11111]',
  '[CARD_k1.abcdefghijklmnop]',
  '[toString_1]',
  `[${'A'.repeat(80)}_1]`,
  '[NAME_1',
])('%s stays as it is', (text) => {
  expect(restoreText(text, memory, TYPES)).toEqual({ text, restored: {}, unknown: 0 });
});

test('a bracket too many does not hide the token behind it', () => {
  expect(restoreText('[[NAME_1]] [NA[NAME_1]', memory, TYPES).text).toBe('[Jane Smith] [NAJane Smith');
});

const bit = fc.constantFrom(...'[ ] [[ NAME CARD _1 _2 _9 …1111 [NAME_1] [CARD_1 …1111] x 😀'.split(' '), ' ', '');
const text = fc.array(bit, { maxLength: 30 }).map((bits) => bits.join(''));

test('however an answer is cut into chunks, the same comes out', () => {
  fc.assert(
    fc.property(text, fc.array(fc.nat({ max: 80 }), { maxLength: 12 }), (whole, cuts) => {
      const edges = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).toSorted((a, b) => a - b), whole.length];
      const restorer = new TokenRestorer(memory, TYPES);

      const parts = edges.slice(1).map((end, at) => restorer.push(whole.slice(edges[at], end)));

      const { text: expected, restored, unknown } = restoreText(whole, memory, TYPES);
      expect(parts.join('') + restorer.end()).toBe(expected);
      expect([restorer.restored, restorer.unknown]).toEqual([restored, unknown]);
    }),
  );
});

test('text without tokens comes out unchanged, and none of it is kept for long', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), (chunks) => {
      const restorer = new TokenRestorer(memory, TYPES);
      let given = '';
      let said = '';
      for (const chunk of chunks) {
        given += restorer.push(chunk);
        said += chunk;
        expect(said.length - given.length).toBeLessThanOrEqual(64);
      }
      expect(given + restorer.end()).toBe(said);
    }),
  );
});
