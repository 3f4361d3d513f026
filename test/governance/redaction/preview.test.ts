import { describe, expect, test } from 'vitest';
import { CallMemory } from '../../../src/governance/redaction/call-memory.ts';
import type { RedactionPlan } from '../../../src/model/transcript.ts';
import { emitted, MASKED, NAMED, openLeg, partial, said, shown, timed } from './hear.ts';

describe('a partial result', () => {
  test('settles nothing, and what could leave of it is shown with one sign for all the rest', () => {
    const to = openLeg();

    const steps = ['thank you it is four one', 'thank you it is four one one one', 'thank you it is four'].map(
      (words) => to.push(partial(words)),
    );

    expect(steps.map(emitted)).toEqual(['', '', '']);
    expect(steps.map(shown)).toEqual(['thank you it …', 'thank you it …', 'thank you it …']);
  });

  test('goes on from what is held', () => {
    const to = openLeg();
    const first = to.push(timed('please call me on 415 555'));

    const preview = to.push(partial('2671 thanks a lot', 1500));

    expect(emitted(first)).toBe('please call me on');
    expect(preview.previews).toMatchObject({
      a: { text: ' [PHONE] thanks …', entities: [{ type: 'PHONE', start: 1, end: 8 }], startMs: 1000, endMs: 2450 },
    });
    expect(emitted(to.push(timed('2671 thanks a lot', 1500)))).toBe(' [PHONE_1] thanks');
  });

  test('has no preview when nothing was said, and none is left after a final result', () => {
    const to = openLeg();

    expect(to.push(partial('')).previews).toEqual({});
    expect(to.push(timed('hello there')).previews).toBeUndefined();
  });

  test('teaches the call nothing, and asks nobody', () => {
    const memory = new CallMemory();
    const [agent, customer] = [openLeg({ memory }), openLeg({ memory })];

    agent.push(partial('the card 4111 1111 1111 1111 it is and what is your date of birth please'));
    customer.push(timed('it is 3 4 or 1111 there', 9000));

    expect(emitted(customer.settle())).not.toContain('DOB');
    expect(emitted(agent.push(timed('the card 5500 0000 0000 0004 it is')))).toContain('[CARD_1]');
  });

  test('shows an echo of itself no more than a final result would', () => {
    const to = openLeg();

    expect(
      shown(to.push(partial('card 4111 1111 2222 3333 thanks so it ends in 3333 right okay then you and me'))),
    ).toBe('card [CARD] thanks so it ends in [CARD] right okay then you and …');
  });

  test('says the names that the call has given, and gives none', () => {
    const to = openLeg();
    to.push(timed('card 4111 1111 1111 1111 thanks a lot'));

    expect(shown(to.push(partial('or 4111 1111 1111 1111 or 5500 0000 0000 0004 thanks you', 2000)))).toBe(
      ' a lot or [CARD_1] or [CARD] thanks …',
    );
  });

  test('is looked at as far as an utterance goes', () => {
    const to = openLeg();

    const preview = to.push(partial(`${'hello '.repeat(300)}thanks`));

    expect(shown(preview)).toBe(`${'hello '.repeat(255)}…`);
    expect(shown(to.push(partial('4'.repeat(8000))))).toBe('[NUMBER]…');
    expect(to.push(partial('.'.repeat(8000))).previews).toEqual({});
  });

  test('under numbers-masked is shown to its end, without a digit, a month or a letter of any number', () => {
    const plan: RedactionPlan = { actions: { CARD: 'keep_last_four', PHONE: 'allow' }, defaultAction: 'pseudonym' };
    const preview = (words: string) => {
      const to = openLeg({ with: { partials: 'numbers-masked' }, plan });
      to.push(timed('card 4111 1111 1111 1111 thanks a lot'));
      return shown(to.push(partial(words, 3000)));
    };

    expect(preview('that was two pounds fifty on the first of may')).toBe(
      ' a lot that was [NUMBER] pounds [NUMBER] on the [DATE]',
    );
    expect(preview('it is 4111 1111 1111 1111 or so')).toBe(' a lot it is [CARD] or so');
    expect(preview('call me on 415 555 2671 or two for 4th')).toBe(' a lot call me on [NUMBER] or [NUMBER]');
    expect(preview('there is a day for A12b and b too')).not.toMatch(/12|b/);
  });

  test('is shown to each reader as far as both the settings and his grant go', () => {
    const plans = { a: NAMED, b: NAMED, c: MASKED };
    const to = openLeg({ plans, partials: { b: 'numbers-masked', c: 'off' } });
    const off = openLeg({ with: { partials: 'off' }, plans, partials: { b: 'numbers-masked' } });

    const { previews } = to.push(partial('hello there four'));
    to.replan(plans, { a: 'off' });

    expect(Object.entries(previews ?? {}).map(([name, piece]) => [name, piece.text])).toEqual([
      ['a', 'hello …'],
      ['b', 'hello …'],
    ]);
    expect(Object.keys(to.push(partial('hello')).previews ?? {})).toEqual(['b', 'c']);
    expect(off.push(partial('hello there four')).previews).toBeUndefined();
  });

  test('is not shown at all where all that is said with something may be dropped', () => {
    const plan: RedactionPlan = { actions: { CARD: 'drop_utterance' }, defaultAction: 'mask' };

    for (const partials of ['masked', 'numbers-masked'] as const) {
      expect(shown(openLeg({ with: { partials }, plan }).push(partial('hello there you and me')))).toBe('…');
    }
  });

  test('over its limit is refused like any other', () => {
    expect(() => openLeg().push(partial('canary '.repeat(2000)))).toThrow(
      expect.objectContaining({ code: 'OVERSIZE' }),
    );
  });
});

describe('what a partial result hid', () => {
  const heard = 'the card 4111 1111 1111 1111 okay then please';
  const revised = 'the card for you and me all okay then please';

  test('stays hidden when the words at that time are revised, and in the next partial result', () => {
    const to = openLeg({ plan: MASKED });
    to.push(partial(heard));

    expect(shown(to.push(partial(revised)))).toBe('the card [CARD] all okay then …');
    expect(emitted(to.push(timed(revised)))).toBe('the card [CARD] all okay then');
    expect(emitted(to.push(timed(revised, 3000)))).toBe(' please the card for you and me all okay then');
  });

  test('has its name when it is found again', () => {
    const to = openLeg();
    to.push(partial(heard));

    expect(emitted(to.push(timed(heard)))).toBe('the card [CARD_1] okay then');
  });

  test('is not taken for a value of the call', () => {
    const to = openLeg();
    to.push(partial('my name is john smith okay then please'));

    expect(emitted(to.push(timed('my name is on it okay then please')))).toBe('my name is [NAME] okay then');
    expect(emitted(to.push(timed('is it on okay then', 2000)))).toBe(' please is it on okay');
  });

  test('is hidden in a word that is held already', () => {
    const to = openLeg({ plan: MASKED });
    to.push(timed('please call on 415'));
    to.push(partial('555 2671 okay then please', 1000));

    expect(emitted(to.push(timed('people were there then', 1000)))).toBe(' [PHONE] there');
  });

  test('is forgotten where the recogniser gave no times, or the same to all words', () => {
    const [spread, same] = [openLeg(), openLeg()];
    const alike = { ...said(heard), words: heard.split(' ').map(() => ({ startMs: 0, endMs: 2250 })) };

    spread.push(said(heard, 0, false));
    same.push({ ...alike, final: false });

    expect(emitted(spread.push(said(revised)))).toBe('the card for you and me all okay then');
    expect(emitted(same.push(alike))).toContain('[CARD_1]');
    expect(emitted(same.push(timed('that is all okay then', 500)))).toBe(' please that is all okay');
  });

  test('was found surely: a guess may be taken back', () => {
    const to = openLeg();
    to.push(partial('we zorple do it is here okay then'));

    expect(emitted(to.push(timed('we all do it is here okay then')))).toBe('we all do it is here okay');
  });
});
