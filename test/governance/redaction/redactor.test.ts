import { describe, expect, test } from 'vitest';
import { CallMemory } from '../../../src/governance/redaction/call-memory.ts';
import { MAX_EVENT_CHARS } from '../../../src/governance/redaction/leg-redactor.ts';
import { createRedactor } from '../../../src/governance/redaction/redactor.ts';
import { hearAll, MASKED, NAMED, redact, said, textOf } from './hear.ts';

describe('written values', () => {
  test.each([
    ['my card is 4111 1111 1111 1111 thanks', 'my card is [CARD_1] thanks'],
    ['card: 4111-1111-1111-1111.', 'card: [CARD_1].'],
    ['it is 378282246310005 for amex', 'it is [CARD_1] for amex'],
    ['the card is 4111 1111 1111 1112 I think', 'the card is [CARD_1] I think'],
    ['the card ends in 1111 I think', 'the card ends in [CARD_1] I think'],
    ['4111. 1111. 1111. 1111. done', '[CARD_1]. done'],
    ['４１１１ １１１１ １１１１ １１１１ done', '[CARD_1] done'],
    ['٤١١١ ١١١١ ١١١١ ١١١١ done', '[CARD_1] done'],
    ['4\u200b1\u200b1\u200b1 1111 1111 1111 done', '[CARD_1] done'],
    ['call (415) 555-2671 now', 'call ([PHONE_1] now'],
    ['call +44 20 7946 0958 now', 'call [PHONE_1] now'],
    ['mail jane.doe+x@example.co.uk, please', 'mail [EMAIL_1], please'],
    ['mail jane@localhost please', 'mail [EMAIL_1] please'],
    ['my social is 123-45-6789 ok', 'my social is [SSN_1] ok'],
    ['123 45 6789 and 987-65-4321', '[SSN_1] and [SSN_2]'],
  ])('%s', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });
});

describe('spoken values', () => {
  test.each([
    [
      'my card is four one one one one one one one one one one one one one one one thanks',
      'my card is [CARD_1] thanks',
    ],
    [
      'it is forty one eleven triple one uh one double one um eleven eleven eleven and thanks',
      'it is [CARD_1] and thanks',
    ],
    ['call four one five double five five two six seven one now', 'call [PHONE_1] now'],
    ['call eight hundred five five five oh one nought nine now', 'call [PHONE_1] now'],
    ['call five five five to six ate for please', 'call [PHONE_1] please'],
    ['john dot smith at gmail dot com is mine', '[EMAIL_1] is mine'],
    ['j o h n forty two at big bank dot co dot uk is mine', '[EMAIL_1] is mine'],
    [
      'social security number is one two three four five six seven eight nine ok',
      'social security number is [SSN_1] ok',
    ],
    ['my visa and the cvv is one two three ok', 'my visa and the cvv is [CVV] ok'],
    ['card expires march twenty six ok', 'card expires [EXPIRY] ok'],
    ['the security code is 1234 ok', 'the security code is [CVV] ok'],
  ])('%s', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });
});

describe('talk without values stays as it is', () => {
  test.each([
    'I would like to speak to one of you for two minutes',
    'it was 250 dollars, or two thousand of them',
    'see you at home at ten, look at the website',
    'the offer expires in 30 days',
    'double check with the two of them and call me',
    'oh no, that is too bad for one',
    'meet me at the station at 10:30',
  ])('%s', (text) => {
    expect(redact(text)).toBe(text);
  });
});

test('what no word list knows is hidden rather than let through, and that is a whole other language', () => {
  expect(redact('Ça coûte vingt euros')).not.toMatch(/coûte|vingt/);
});

test('a value split over results is hidden whole, and nothing of it is let go before', () => {
  const { parts } = hearAll([
    'my card is four one one one',
    'one one one one',
    'one one one one',
    'one one one one',
    'thanks',
  ]);

  expect(parts).toEqual(['my card is', '', '', '', '', ' [CARD_1] thanks']);
});

test('a spoken address split at every word is hidden whole', () => {
  const text = 'write to jane dot doe at example dot com soon';

  expect(redact(...text.split(' '))).toBe('write to [EMAIL_1] soon');
});

test('the end of a result does not end a number, and neither does a partial result', () => {
  const redactor = createRedactor(NAMED, { resumed: false });

  const parts = [
    redactor.push(said('it is 4111 1111', 0)),
    redactor.push(said('hello there you', 1000, false)),
    redactor.push(said('1111 1111 thanks a lot', 2000)),
  ];

  expect(parts.map(textOf)).toEqual(['it is', '', ' [CARD_1] thanks']);
});

test('a redactor shows the preview and the signals of its last step', () => {
  const redactor = createRedactor(NAMED, { resumed: false });

  redactor.push(said('my card is 4111', 0, false));
  const early = [redactor.preview?.text, redactor.signals];
  redactor.push(said('my card is 4111 1111'));
  const late = [redactor.preview, redactor.signals];

  expect(early).toEqual(['my card is …', [{ kind: 'card_begun', atMs: 666 }]]);
  expect(late).toEqual([undefined, [{ kind: 'card_begun', atMs: expect.any(Number) as number }]]);
  expect(textOf(redactor.advance(4000))).toBe(' [CARD_1]');
  expect(redactor.answer('You said 4111 1111?').text).toBe('You said [CARD_1]?');
});

test('the same value has the same name however it is said, and another value another', () => {
  const text = redact(
    'card 4111 1111 1111 1111 or 5500 0000 0000 0004',
    'and once more it is four one double one one one one one one one one one one one one one',
    'phone 415-555-2671 that is one four one five five five five two six seven one yes',
    'jane@b.com and Jane at b dot com yes',
  );

  expect(text).toBe(
    'card [CARD_1] or [CARD_2] and once more it is [CARD_1] phone [PHONE_1] that is [PHONE_1] yes [EMAIL_1] and [EMAIL_1] yes',
  );
});

test('a plan that masks says the type and no number', () => {
  const plan = { actions: { PHONE: 'pseudonym' as const }, defaultAction: 'mask' as const };

  const { pieces } = hearAll(['card 4111 1111 1111 1111 phone 415 555 2671 ok'], { plan });

  expect(textOf(pieces)).toBe('card [CARD] phone [PHONE_1] ok');
});

test('part of a known number said again is hidden under its name', () => {
  expect(redact('card 4111 1111 2222 3333 thanks', 'so that is one one one one and ends in 3333 right')).toBe(
    'card [CARD_1] thanks so that is [CARD_1] and ends in [CARD_1] right',
  );
});

test('offsets point at the placeholders, and times cover what each piece was made of', () => {
  const redactor = createRedactor(NAMED, { resumed: false });
  const words = [
    { startMs: 100, endMs: 200 },
    { startMs: 300, endMs: 400 },
    { startMs: 500, endMs: 900 },
    { startMs: 950, endMs: 1000 },
  ];

  const pieces = [
    ...redactor.push({ final: true, text: 'call me 415-555-2671 now', startMs: 0, endMs: 1100, words }),
    ...redactor.end(),
  ];

  expect(pieces.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
    [100, 400],
    [500, 1000],
  ]);
  expect(pieces.map(({ text }) => text)).toEqual(['call me', ' [PHONE_1] now']);
  expect(pieces[1]?.entities).toMatchObject([{ type: 'PHONE', start: 1, end: 10 }]);
});

describe('a turn that ends inside a number', () => {
  test('hides what was said of it, and everything that continues it', () => {
    const redactor = createRedactor(NAMED, { resumed: false });

    const texts = [
      textOf([...redactor.push(said('my card is four two four two')), ...redactor.settle()]),
      textOf([...redactor.push(said('uh four two', 5000)), ...redactor.settle()]),
      textOf([...redactor.push(said('four two', 9000)), ...redactor.settle()]),
      textOf([...redactor.push(said('thank you', 12_000)), ...redactor.end()]),
    ];

    expect(texts).toEqual(['my card is [CARD_1]', ' [CARD_1]', ' [CARD_1]', ' thank you']);
  });

  test('hides three digits without a cue, and lets two go', () => {
    const short = createRedactor(NAMED, { resumed: false });
    const long = createRedactor(NAMED, { resumed: false });

    const texts = [
      textOf([...short.push(said('there are twenty two')), ...short.settle()]),
      textOf([...long.push(said('there are two two two')), ...long.settle()]),
    ];

    expect(texts[0]).toBe('there are twenty two');
    expect(texts[1]).not.toContain('two');
  });

  test('hides an address that is half said where talk is of e-mail', () => {
    const redactor = createRedactor(NAMED, { resumed: false });

    const texts = [
      textOf([...redactor.push(said('my email is jane at example')), ...redactor.settle()]),
      textOf([...redactor.push(said('yes jane at gmail')), ...redactor.settle()]),
      textOf([...redactor.push(said('and I am at home')), ...redactor.settle()]),
    ];

    expect(texts).toEqual(['my email is [EMAIL_1]', ' yes [EMAIL_2]', ' and I am at home']);
  });

  test('keeps the later digits under the name of the first', () => {
    const memory = new CallMemory();
    const redactor = createRedactor(NAMED, { resumed: false, memory });
    redactor.push(said('card four one one one two two two two'));
    redactor.settle();
    redactor.push(said('three three three three four four four four thanks', 5000));

    const echo = redactor.answer('You said 3333 4444, yes?');

    expect(echo.text).toMatch(/^You said \[[A-Z]+_1\], yes\?$/);
  });
});

describe('a leg that is resumed', () => {
  test('hides every digit until four seconds pass without one', () => {
    const redactor = createRedactor(NAMED, { resumed: true });

    const text = textOf([
      ...redactor.push(said('four two', 0)),
      ...redactor.push(said('fine one more', 1000)),
      ...redactor.push(said('so', 3000)),
      ...redactor.push(said('I have two cats', 6500)),
      ...redactor.end(),
    ]);

    expect(text).toBe('[NUMBER_1] fine [NUMBER_2] more so I have two cats');
  });

  test('stops hiding after thirty seconds of numbers', () => {
    const events = Array.from({ length: 12 }, (_, index) => said('maybe two cats', index * 3000));
    const redactor = createRedactor(MASKED, { resumed: true });

    const texts = events.map((event) => textOf(redactor.push(event)));

    expect(texts[9]).toContain('[NUMBER]');
    expect(texts[11]).toContain('two');
  });
});

describe('the passing of time', () => {
  test('lets held words go after a silence, and a held number later, hidden', () => {
    const words = createRedactor(NAMED, { resumed: false });
    const number = createRedactor(NAMED, { resumed: false });
    words.push(said('hello you'));
    number.push(said('it is one two three'));

    const early = [words.advance(1200), number.advance(2000)].map(textOf);
    const late = [words.advance(1300), number.advance(2750)].map(textOf);

    expect(early).toEqual(['', '']);
    expect(late).toEqual([' you', ' [NUMBER_1]']);
  });
});

describe('answers', () => {
  test('echoes of the call are hidden however they are written', () => {
    const redactor = createRedactor(NAMED, { resumed: false });
    redactor.push(said('card 4111 1111 2222 3333 mail jane@example.com ok then'));
    const answers = [
      '4111-1111-2222-3333',
      '4.1.1.1 1|1|1|1',
      'four one one one, one one one one',
      'It ends in **3333**',
      'JANE at example dot com',
      'jane@example.com',
    ];

    const texts = answers.map((answer) => redactor.answer(answer).text);

    expect(texts).toEqual(['[CARD_1]', '[CARD_1]', '[CARD_1]', 'It ends in **[CARD_1]**', '[EMAIL_1]', '[EMAIL_1]']);
  });

  test('an answer leaves the state of the leg alone', () => {
    const redactor = createRedactor(NAMED, { resumed: false });
    redactor.push(said('it is 4111 1111'));

    redactor.answer('Thank you, go on.');

    expect(textOf(redactor.push(said('1111 1111 thank you', 2000)))).toBe(' [CARD_1] thank');
  });

  test('values that no call gave are hidden too, and placeholders pass', () => {
    const redactor = createRedactor(NAMED, { resumed: false });

    expect(redactor.answer('Call 415 555 2671 about [CARD_1].\nThanks').text).toBe(
      'Call [PHONE_1] about [CARD_1]. Thanks',
    );
    expect(redactor.answer('').text).toBe('');
  });
});

test('an event over its limit is refused without a word of it', () => {
  const redactor = createRedactor(NAMED, { resumed: false });
  const text = 'canary '.repeat(MAX_EVENT_CHARS);

  expect(() => redactor.push(said(text))).toThrow(expect.objectContaining({ code: 'OVERSIZE' }));
  expect(() => redactor.answer(text)).not.toThrow(/canary/);
  expect(() => redactor.answer(text)).toThrow();
});

test('security codes and expiry dates are never remembered', () => {
  const redactor = createRedactor(NAMED, { resumed: false });
  redactor.push(said('card 4111 1111 1111 1111 cvv 9876 expires 12 2031 ok then'));

  expect(redactor.answer('Your total is 9876 dollars.').text).toBe('Your total is 9876 dollars.');
});

test('a number that a turn ends with keeps its value, with its correction and a word behind it', () => {
  const redactor = createRedactor(NAMED, { resumed: false });
  const texts = [
    'my card is four two four two no wait four triple one one one one one one one one one one one one one okay',
    'so it ends in 1111 okay',
  ].map((text) => textOf([...redactor.push(said(text)), ...redactor.settle()]));

  expect(texts).toEqual(['my card is [CARD_1] no wait [CARD_1] okay', ' so it ends in [CARD_1] okay']);
});
