import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { detectNumbers } from '../../../../src/governance/redaction/detect/numbers.ts';
import { MAX_WINDOW } from '../../../../src/governance/redaction/detect/detector.ts';
import type { Topic } from '../../../../src/governance/redaction/speech/token.ts';
import { hidden, say } from '../speech/say.ts';

function first(text: string, asked?: Topic) {
  return detectNumbers(say(text, asked === undefined ? {} : { asked })).findings[0];
}

describe('cards', () => {
  test.each([
    ['it is 4111 1111 1111 1111 thanks', 'card.issuer'],
    ['it is 4111-1111-1111-1111.', 'card.issuer'],
    ['4111. 1111. 1111. 1111. done', 'card.issuer'],
    ['it is 3782 822463 10005', 'card.issuer'],
    ['forty one eleven triple one uh one double one um eleven eleven eleven', 'card.issuer'],
    ['it is 4111 1111 1111 1112', 'card.length'],
    ['the card ends in 1112 I think', 'card.cue'],
  ])('%s', (text, rule) => {
    expect(first(text)).toMatchObject({ type: 'CARD', rule });
  });

  test('spoken and written digits are one value', () => {
    expect(first('4111 1111 1111 1111')?.value).toBe(
      first('four double one one one one one one one one one one one one one one')?.value,
    );
  });

  test('what is said behind one in the same breath is hidden apart, and has no value', () => {
    const { findings } = detectNumbers(say('4111 1111 1111 1111 12/27 then 123 ok'));

    expect(findings.map(({ type, value }) => [type, value])).toEqual([
      ['CARD', '4111111111111111'],
      ['EXPIRY', undefined],
    ]);
    expect(hidden(detectNumbers, '4111 1111 1111 1111 123')).toEqual(['CARD 4111 1111 1111 1111', 'CVV 123']);
  });

  test('a security code is hidden and has no value', () => {
    expect(hidden(detectNumbers, 'my visa and the cvv is one two three ok')).toEqual(['CVV one two three']);
    expect(first('the security code is 1234 ok')?.value).toBeUndefined();
  });
});

describe('telephones', () => {
  test.each([
    ['call (415) 555-2671 now', '+14155552671'],
    ['call 1 415 555 2671', '+14155552671'],
    ['it is +44 20 7946 0958', '+442079460958'],
    ['plus four four two oh seven nine four six oh nine five eight', '+442079460958'],
    ['ring oh two oh seven nine four six oh nine five eight', '+442079460958'],
    ['call eight hundred five five five oh one nought nine', '+18005550109'],
    ['call 555 1234', '5551234'],
    ['call five five five to six ate for please', '5552684'],
  ])('%s', (text, value) => {
    expect(first(text)).toMatchObject({ type: 'PHONE', value });
  });
});

describe('state, bank and other numbers', () => {
  test.each([
    ['my social is 123-45-6789 ok', 'SSN 123-45-6789'],
    ['123 45 6789', 'SSN 123 45 6789'],
    ['AB 12 34 56 C is mine', 'NATIONAL_ID AB 12 34 56 C'],
    ['a b one two three four five six c', 'NATIONAL_ID a b one two three four five six c'],
    ['my nhs number is 943 476 5919', 'NATIONAL_ID 943 476 5919'],
    ['the passport is 5 3 3 1', 'NATIONAL_ID 5 3 3 1'],
    ['GB29 NWBK 6016 1331 9268 19 ok', 'IBAN GB29 NWBK 6016 1331 9268 19'],
    ['GB29NWBK60161331926810', 'IBAN GB29NWBK60161331926810'],
    [
      'g b two nine n w b k six oh one six one three three one nine two six eight one nine',
      'IBAN g b two nine n w b k six oh one six one three three one nine two six eight one nine',
    ],
    ['sort code 12-34-56', 'SORT_CODE 12-34-56'],
    ['my account number is double oh three four', 'ACCOUNT double oh three four'],
    ['order number B as in boy two four nine', 'ID B as in boy two four nine'],
    ['member id XK 4471-99', 'ID XK 4471-99'],
    ['flight BA2490 to Rome', 'ID BA2490'],
    ['your code is 482910', 'OTP 482910'],
    ['my pin is one two three four', 'PIN one two three four'],
    ['expires 03/27 ok', 'EXPIRY 03/27'],
    ['visa exp 03/27 ok', 'EXPIRY 03/27'],
    ['on my visa the code is 321', 'CVV 321'],
    ['my number is one two three', 'NUMBER one two three'],
    ['one two three four five', 'NUMBER one two three four five'],
  ])('%s', (text, expected) => {
    expect(hidden(detectNumbers, text)).toEqual([expected]);
  });

  test.each(['4111 is my pin 4821', 'your code is 482910', 'card expires 03/27', 'cvv 123'])(
    'what is never remembered has no value: %s',
    (text) => {
      expect(detectNumbers(say(text)).findings.map(({ value }) => value)).toEqual([undefined]);
    },
  );
});

describe('ordinary talk stays', () => {
  test.each([
    'I would like to speak to one of you for two minutes',
    'it was 250 dollars in 2023, or two thousand twenty three',
    'it costs $1,200.50 or twenty five thousand dollars or 15,000 euros',
    'twenty five thousand people came in nineteen ninety eight',
    'meet me at the station at 10:30 or ten thirty pm',
    'my balance is 12,345.67 and we meet at 3 30 p m',
    'the offer expires in 30 days',
    'oh no, that is too bad for one',
    'call me at 10 or in twenty minutes',
    'between 2019 and 2021 we had 5 to 10 calls a day',
    'version 2.5.1 of windows 11 and covid19 in 2020',
    'my account has 1,250 dollars in it',
    'three of them, fifteen percent, 85 kg and six foot two',
    'press 1 for sales, 2 for support, 3 for billing',
  ])('%s', (text) => {
    expect(hidden(detectNumbers, text)).toEqual([]);
  });
});

describe('what was asked for', () => {
  test.each<[string, Topic, string]>([
    ['four two', 'card', 'CARD four two'],
    ['um seven', 'phone', 'PHONE seven'],
    ['it is nine', 'cvv', 'CVV nine'],
    ['one nine', 'number', 'NUMBER one nine'],
  ])('%s, when %s is waited for', (text, asked, expected) => {
    expect(hidden(detectNumbers, text, asked)).toEqual([expected]);
  });

  test.each(['one moment please', 'yes one of them', 'two minutes please'])('%s is no answer', (text) => {
    expect(hidden(detectNumbers, text, 'card')).toEqual([]);
  });
});

describe('corrections', () => {
  test('hide both values, under the name of the last', () => {
    const { findings } = detectNumbers(say('it is 415 555 2671, no wait, 415 555 2672 ok'));

    expect(findings.map(({ value }) => value)).toEqual(['+14155552672', '+14155552672']);
  });

  test('of a few digits count together', () => {
    expect(hidden(detectNumbers, 'it is four two no wait four two five')).toHaveLength(2);
  });

  test('do not make one thing more a card', () => {
    expect(hidden(detectNumbers, 'it is 4111 1111 1111 1111, sorry, one more thing')).toHaveLength(1);
  });
});

test('a run that may go on is held and not judged, and is judged at the end', () => {
  const text = 'so it is 4111 1111 1111 1111';

  expect(detectNumbers(say(text, { goesOn: true }))).toEqual({ findings: [], holdFrom: 3 });
  expect(detectNumbers(say(text)).findings).toHaveLength(1);
});

test('the word after a price keeps it readable', () => {
  expect(detectNumbers(say('it is 12345', { goesOn: true })).findings).toEqual([]);
  expect(detectNumbers(say('it is 12,345 dollars', { goesOn: true })).findings).toEqual([]);
});

test('any seven digits or more are hidden whole, however they are said', () => {
  const ways = ['zero one two three four five six seven eight nine', 'oh 1 2 3 4 5 6 7 8 9'].map((way) =>
    way.split(' '),
  );
  const digit = fc.tuple(fc.nat(9), fc.nat(1)).map(([value, way]) => ways[way]?.[value] ?? '');
  const gap = fc.constantFrom(' ', ' um ', ' - ', ' dash ', '. ');

  fc.assert(
    fc.property(fc.array(fc.tuple(digit, gap), { minLength: 7, maxLength: 24 }), (said) => {
      const text = said.map(([word, after], at) => (at === said.length - 1 ? word : word + after)).join('');
      const window = say(`hello ${text} hello`);
      const { findings } = detectNumbers(window);
      for (let at = 0; at < window.tokens.length; at += 1) {
        const isDigit = ['digits', 'unit'].includes(window.tokens[at]?.symbol?.kind ?? '');
        if (isDigit) expect(findings.some(({ start, end }) => start <= at && at < end)).toBe(true);
      }
    }),
  );
});

test('a full window of anything is judged without complaint', () => {
  for (const word of ['4', 'one', 'to', 'b', 'double', 'sorry one', 'hundred', '4111', 'thousand and', 'AB 12', '+']) {
    const window = say(`${word} `.repeat(MAX_WINDOW), { goesOn: true });
    const tokens = window.tokens.slice(0, MAX_WINDOW);

    expect(detectNumbers({ ...window, tokens }).holdFrom).toBeLessThanOrEqual(MAX_WINDOW);
    expect(detectNumbers({ ...window, tokens, isEnd: true }).findings.length).toBeLessThanOrEqual(MAX_WINDOW);
  }
});
