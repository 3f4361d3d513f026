import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openFrom, runsOf } from '../../../../src/governance/redaction/speech/runs.ts';
import { readingsOf } from '../../../../src/governance/redaction/speech/readings.ts';
import { say, textOf } from './say.ts';

function runs(text: string): [string, string][] {
  const window = say(text);
  return runsOf(window).map((run) => [textOf(window, run.outerStart, run.outerEnd), run.text]);
}

function readings(text: string): readonly string[] {
  return runsOf(say(text)).flatMap(({ parts }) => readingsOf(parts));
}

describe('the likeliest reading', () => {
  test.each([
    ['one two three', '123'],
    ['oh zero o nought seven', '00007'],
    ['double four triple seven', '44777'],
    ['double 5', '55'],
    ['quadruple nine treble one', '9999111'],
    ['forty two one', '421'],
    ['twenty oh one', '2001'],
    ['one twenty three', '123'],
    ['eight hundred five five five', '800555'],
    ['eight hundred and five', '805'],
    ['two thousand twenty three', '2023'],
    ['two thousand five hundred and six', '2506'],
    ['three million and forty', '3000040'],
    ['a lakh', '100000'],
    ['seventy two thousand one hundred nineteenth', '72119'],
    ['four to two for one', '42241'],
    ['twenty 4', '204'],
    ['b as in boy two t for tommy', 'b2t'],
    ['x ray nine zulu', 'x9z'],
    ['five see tea four', '5ct4'],
    ['double u seven', 'w7'],
    ['a b nine', 'ab9'],
    ['a o l five', 'aol5'],
    ['AB12 CDE', 'ab12cde'],
    ['GB29 NWBK 6016', 'gb29nwbk6016'],
    ['zed nine haitch', 'z9h'],
  ])('%s is %s', (text, expected) => {
    expect(runs(text).map(([, read]) => read)).toEqual([expected]);
  });
});

test.each([
  ['twenty four', ['24', '204']],
  ['one hundred five', ['105', '1005']],
  ['two thousand twelve', ['2012', '200012']],
  ['four to two', ['422', '42']],
  ['b o c', ['boc', 'b0c']],
])('%s may be any of several', (text, expected) => {
  expect(readings(text)).toEqual(expected);
});

describe('where a run is', () => {
  test.each([
    ['it is four um five okay six thanks', 'four um five okay six'],
    ['call (415) 555-2671 now', '415) 555-2671'],
    ['call +44 20 7946 now', '+44 20 7946'],
    ['plus four four two oh', 'plus four four two oh'],
    ['five six ate for thanks', 'five six ate for'],
    ['number to one nine', 'to one nine'],
    ['4111. 1111. done', '4111. 1111'],
  ])('%s', (text, expected) => {
    expect(runs(text).map(([where]) => where)).toEqual([expected]);
  });

  test.each(['oh no, that is too bad for you', 'I see a way to be there', 'double check that', 'mike and charlie'])(
    '%s holds none',
    (text) => {
      expect(runs(text)).toEqual([]);
    },
  );

  test('written numbers on either side of "to" are two', () => {
    expect(runs('from 2019 to 2021')).toHaveLength(2);
  });

  test('a pause of more than four seconds ends it', () => {
    const { tokens, ...window } = say('one two three four');
    const late = tokens.map((token, at) => (at < 2 ? token : { ...token, startMs: 9000, endMs: 9100 }));

    expect(runsOf({ ...window, tokens: late }).map(({ text }) => text)).toEqual(['12', '34']);
  });

  test('more fillers than four end it', () => {
    expect(runs('one two um uh er um uh three four').map(([, text]) => text)).toEqual(['12', '34']);
  });
});

describe('corrections', () => {
  test.each(['no wait', 'sorry', 'scratch that', 'I mean', 'actually no', 'wait let me start again'])(
    '"%s" makes the next run correct the one before',
    (words) => {
      expect(runsOf(say(`four two ${words} four three`)).map(({ text, corrects }) => [text, corrects])).toEqual([
        ['42', false],
        ['43', true],
      ]);
    },
  );

  test('a run that is long after is a new one', () => {
    const found = runsOf(say('four two sorry we were just about to go out and then four three came'));

    expect(found.map(({ corrects }) => corrects)).toEqual([false, false]);
  });
});

describe('what may go on', () => {
  test.each([
    ['so it is four', 3],
    ['so it is four um', 3],
    ['so it is four two sorry I', 3],
    ['so it is four thanks', 5],
    ['so it is fine', 4],
    ['so it is bravo tango', 3],
  ])('%s is held from place %i', (text, place) => {
    const window = say(text, { goesOn: true });

    expect(openFrom(window, runsOf(window))).toBe(place);
  });

  test('nothing is held at the end', () => {
    const window = say('so it is four');

    expect(openFrom(window, runsOf(window))).toBe(4);
  });
});

test('whatever is said, runs lie in order inside the window and read as letters and digits', () => {
  const word = fc.constantFrom(
    ...'one to five a see double hundred thousand and um sorry plus at dash b as in boy 42 4111 - . + AB x ray first hello'.split(
      ' ',
    ),
  );

  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), fc.nat(10), (words, left) => {
      const window = say(words.join(' '), { left: Math.min(left, words.length) });
      let before = 0;
      for (const run of runsOf(window)) {
        expect(run.outerStart).toBeGreaterThanOrEqual(before);
        expect(run.start).toBeGreaterThanOrEqual(run.outerStart);
        expect(run.outerEnd).toBeGreaterThanOrEqual(run.end);
        expect(run.outerEnd).toBeLessThanOrEqual(window.tokens.length);
        expect(run.text).toMatch(/^[a-z0-9]*$/);
        expect(readingsOf(run.parts).length).toBeLessThanOrEqual(24);
        before = run.end;
      }
    }),
  );
});
