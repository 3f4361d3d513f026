import { describe, expect, test } from 'vitest';
import { CallMemory } from '../../../src/governance/redaction/call-memory.ts';
import type { Opinion, SecondOpinion } from '../../../src/governance/redaction/detect/second-opinion.ts';
import type { LegRedactor, SpeechEvent } from '../../../src/governance/redaction/leg-redactor.ts';
import { emitted, MASKED, NAMED, openLeg, partial, timed } from './hear.ts';

describe('talk of cards', () => {
  const signals = (to: LegRedactor, ...events: readonly SpeechEvent[]) =>
    events.map((event) => to.push(event).signals.map(({ kind, atMs }) => [kind, atMs]));

  test('a question for card data is told with the first result that holds it, and when it is said for good', () => {
    const question = 'can you tell me the card number please the long one';

    expect(signals(openLeg(), partial('can you tell'), partial(question), partial(question), timed(question))).toEqual([
      [],
      [['card_asked', 1250]],
      [],
      [['card_asked', 1250]],
    ]);
    expect(signals(openLeg(), timed(question), timed('and what is the security code please', 9000))).toEqual([
      [['card_asked', 1250]],
      [['card_asked', 10_250]],
    ]);
    expect(signals(openLeg(), timed('we sent the new card by post'), timed('what is your phone number', 9000))).toEqual(
      [[], []],
    );
  });

  test('an expiry date and a PIN are of a card where cards are talked of', () => {
    const asked = timed('when does your cover expire and what is your pin please');
    const named = timed('and what is the expiry date please', 20_000);

    expect(signals(openLeg(), asked)).toEqual([[]]);
    expect(signals(openLeg(), named)).toEqual([[['card_asked', 21_000]]]);
    expect(
      signals(openLeg(), timed('can you tell me the card number'), timed('what is your pin please', 30_000)),
    ).toEqual([[['card_asked', 1250]], [['card_asked', 30_750]]]);
  });

  test('the first digit of an answer is told likewise, and no other of its row', () => {
    const memory = new CallMemory();
    const [agent, customer] = [openLeg({ memory }), openLeg({ memory })];
    agent.push(timed('can you tell me the card number please'));

    expect(
      signals(
        customer,
        partial('yes it is'),
        partial('yes it is four'),
        partial('yes it is four one one one'),
        timed('yes it is four one one one'),
        timed('one one one one', 2000),
        timed('and again four one', 9000),
      ),
    ).toEqual([[], [['card_begun', 750]], [], [['card_begun', 750]], [], [['card_begun', 9500]]]);
  });

  test('two digits of a card that nobody asked for are told, and one is not', () => {
    expect(signals(openLeg(), timed('my card is for two of us'))).toEqual([[]]);
    expect(signals(openLeg(), timed('my card is four two'))).toEqual([[['card_begun', 750]]]);
    expect(signals(openLeg(), timed('it expires in 30 days'))).toEqual([[]]);
  });

  test('a card that nothing announced is told when it is found', () => {
    const to = openLeg();

    expect(signals(to, timed('so 4111 1111 1111 1111 is it'), timed('so ending in 1111 then', 9000))).toEqual([
      [['card_begun', 250]],
      [],
    ]);
  });

  test('that the payment is over is told where there was one, by whoever is not asked for it', () => {
    const memory = new CallMemory();
    const [agent, customer] = [openLeg({ memory }), openLeg({ memory })];
    const over = timed('okay that has gone through for you', 20_000);

    expect(signals(openLeg(), over)).toEqual([[]]);
    agent.push(timed('can you tell me the card number please'));
    expect(signals(customer, timed('I have that card here and it is four'))).toEqual([[['card_begun', 2000]]]);
    expect(signals(agent, { ...over, final: false }, over, timed('that has gone through', 22_000))).toEqual([
      [],
      [['card_over', 21_200]],
      [],
    ]);
  });

  test('what a processor answers is no talk of the call', () => {
    const memory = new CallMemory();
    const to = openLeg({ memory });

    to.push(timed('it has gone through'));

    expect(memory.card.isCardTalk).toBe(false);
    expect(to.settle().signals).toEqual([]);
  });
});

test('what is to pause the AI under any plan is told once, when it is found and not when it leaves', () => {
  const plans = { a: NAMED, b: { actions: { PHONE: 'pause_ai' }, defaultAction: 'mask' } } as const;
  const to = openLeg({ plans });

  const steps = [
    to.push(partial('call 415 555 2671')),
    to.push(timed('call 415 555 2671')),
    to.push(timed('please', 1000)),
    to.push(timed('okay', 1250)),
  ];

  expect(steps.map(({ signals }) => signals)).toEqual([[], [], [{ kind: 'pause', type: 'PHONE', atMs: 250 }], []]);
});

describe('settings', () => {
  test('words are held back as many as they say', () => {
    const texts = [0, 1, 3].map((holdWords) =>
      emitted(openLeg({ with: { holdWords } }).push(timed('hello there you and me'))),
    );

    expect(texts).toEqual(['hello there you and me', 'hello there you and', 'hello there']);
  });

  test('nothing is held longer than they say, and a number that is cut off so is hidden', () => {
    const to = openLeg({ with: { maxHoldMs: 1000 }, plan: MASKED });

    expect(emitted(to.push(timed('four one one one')))).toBe('');
    expect(emitted(to.push(timed('one', 1000)))).toBe('[NUMBER]');
    expect(emitted(to.push(timed('one okay please', 1250)))).toBe('');
    expect(emitted(to.settle())).toBe(' [NUMBER] okay please');
  });

  test('what is found less surely than they ask for is left, unless it was asked for or is never remembered', () => {
    const minConfidence = { NUMBER: 0.9, NAME: 0.9, CVV: 1, POSTCODE: 1 };
    const memory = new CallMemory();
    const [agent, customer] = [openLeg({ memory }), openLeg({ memory, with: { minConfidence } })];

    const open = customer.push(timed('it is 51234 and my visa and the cvv is 123 okay that is john smith okay then'));
    agent.push(timed('what is your post code please', 9000));
    const asked = customer.push(timed('it is n one nine g u okay then and so on', 9000));

    expect(emitted(open)).toMatch(/51234.*cvv is \[CVV\].*john smith/);
    expect(emitted(asked)).toContain('[POSTCODE_1]');
  });

  test('digits of a number that may be half said are hidden however sure anybody must be', () => {
    const minConfidence = { NUMBER: 1 };
    const [resumed, open] = [openLeg({ resumed: true, with: { minConfidence } }), openLeg({ with: { minConfidence } })];
    resumed.push(timed('four two okay'));
    open.push(timed('that is four two four'));

    expect(emitted(resumed.settle())).not.toMatch(/four|two/);
    expect(emitted(open.settle())).not.toMatch(/four|two/);
  });
});

describe('a second opinion', () => {
  const asks = (answer: unknown): SecondOpinion => ({
    name: 'scripted',
    // The point of these tests is what it may not say.
    find: () => answer as readonly Opinion[],
  });

  test('hides what it finds, and is asked of no more than words that not everybody says', () => {
    const asked: string[] = [];
    const secondOpinion: SecondOpinion = {
      name: 'scripted',
      find(words) {
        asked.push(words.join(' '));
        const start = words.indexOf('Rosewood');
        return start < 0 ? [] : [{ start, end: start + 1, type: 'FERRY', confidence: 0.7 }];
      },
    };
    const to = openLeg({ secondOpinion });

    to.push(timed('well then'));
    asked.length = 0;

    expect(emitted(to.push(timed('take it with them then', 500)))).toBe(' then take it with them');
    expect(asked).toEqual([]);
    expect(emitted(to.push(timed('take the Rosewood with them then', 2000)))).toBe(
      ' then take the [FERRY_1] with them',
    );
    expect(asked[0]).toBe('well then take it with them then take the Rosewood');
    expect(
      emitted(openLeg({ secondOpinion, with: { minConfidence: { FERRY: 0.8 } } }).push(timed('a Rosewood is'))),
    ).not.toContain('FERRY');
  });

  test.each([
    [undefined],
    [{}],
    [Promise.resolve([])],
    [[null]],
    [[{ start: 0, end: 1, type: 'NAME' }]],
    [[{ start: 0, end: 9, type: 'NAME', confidence: 1 }]],
    [[{ start: 1, end: 1, type: 'NAME', confidence: 1 }]],
    [[{ start: -1, end: 1, type: 'NAME', confidence: 1 }]],
    [[{ start: 0.5, end: 1, type: 'NAME', confidence: 1 }]],
    [[{ start: 0, end: 1, type: 'Canary', confidence: 1 }]],
    [[{ start: 0, end: 1, type: 'NAME', confidence: Number.NaN }]],
    [[{ start: 0, end: 1, type: 'NAME', confidence: 2 }]],
    [Array.from({ length: 9 }, () => ({ start: 0, end: 1, type: 'NAME', confidence: 1 }))],
  ])('of a wrong form fails the step: %j', (answer) => {
    const to = openLeg({ secondOpinion: asks(answer) });

    expect(() => to.push(timed('Canary Rosewood'))).toThrow(expect.objectContaining({ code: 'OPINION_INVALID' }));
  });

  test('that throws fails the step without a word of what it said', () => {
    const secondOpinion: SecondOpinion = {
      name: 'scripted',
      find(words) {
        throw new Error(`cannot read ${words.join(' ')}`);
      },
    };
    let thrown: unknown;

    try {
      openLeg({ secondOpinion }).push(timed('Canary Rosewood'));
    } catch (error) {
      thrown = error;
    }

    expect(thrown).toMatchObject({ code: 'OPINION_FAILED' });
    expect(thrown).not.toHaveProperty('cause');
    expect(String(thrown)).not.toContain('Canary');
  });
});
