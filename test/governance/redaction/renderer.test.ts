import { describe, expect, test } from 'vitest';
import type { RedactionAction } from '../../../src/model/redaction-action.ts';
import { hearAll, textOf } from './hear.ts';

const SAID = 'my card is 4111 1111 1111 1111 and the security code is 1234 thanks a lot for all of that';

function shown(text: string, actions: Record<string, RedactionAction>, defaultAction: RedactionAction = 'mask') {
  const { pieces } = hearAll([text], { plan: { actions, defaultAction } });
  return { text: textOf(pieces), types: pieces.flatMap(({ entities }) => entities.map(({ type }) => type)) };
}

describe('what a plan makes of a value', () => {
  test.each([
    ['mask', '[CARD]'],
    ['pseudonym', '[CARD_1]'],
    ['keep_last_four', '[CARD_1 …1111]'],
    ['allow', '4111 1111 1111 1111'],
  ] as const)('%s', (action, expected) => {
    expect(shown(SAID, { CARD: action }).text).toContain(`my card is ${expected} and`);
  });
});

test.each(['allow', 'keep_last_four', 'pseudonym'] as const)('no plan shows a security code, not by %s', (action) => {
  const { text } = shown(SAID, { CVV: action }, action);

  expect(text).toContain('security code is [CVV] thanks');
  expect(text).not.toContain('1234');
});

test('a number too short to hide the rest of it shows nothing of itself', () => {
  expect(shown('my account number is 12345 thanks a lot for that', {}, 'keep_last_four').text).not.toContain('2345');
});

test('what is allowed is not counted as taken out', () => {
  expect(shown(SAID, { CARD: 'allow' }).types).toEqual(['CVV']);
});

test('talk of health is counted and stays, unless the plan hides it', () => {
  const said = 'i was diagnosed with diabetes and that is why i call you today';

  expect(shown(said, {})).toEqual({ text: said, types: ['HEALTH'] });
  expect(shown(said, { HEALTH: 'mask' }).text).toContain('[HEALTH]');
});
