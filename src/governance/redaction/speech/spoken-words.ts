/** Which words people say numbers, letters and addresses with. A vocabulary only: what a row of them means is read elsewhere. */

import type { Item } from '../lexer.ts';
import type { SpokenSymbol } from './symbol.ts';

type Entry = readonly [string, SpokenSymbol];

const UNITS = 'zero one two three four five six seven eight nine';
const NOUGHTS = 'oh nought naught aught nil';
const TEENS = 'ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen';
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety';

const SCALES: readonly Entry[] = [
  ['hundred', { kind: 'scale', zeros: 2 }],
  ['thousand', { kind: 'scale', zeros: 3 }],
  ['lakh', { kind: 'scale', zeros: 5 }],
  ['million', { kind: 'scale', zeros: 6 }],
  ['crore', { kind: 'scale', zeros: 7 }],
  ['billion', { kind: 'scale', zeros: 9 }],
  ['trillion', { kind: 'scale', zeros: 12 }],
  ['quadrillion', { kind: 'scale', zeros: 15 }],
  ['quintillion', { kind: 'scale', zeros: 18 }],
  ['sextillion', { kind: 'scale', zeros: 21 }],
];

const REPEATS: readonly Entry[] = [
  ['double', { kind: 'repeat', times: 2 }],
  ['triple', { kind: 'repeat', times: 3 }],
  ['treble', { kind: 'repeat', times: 3 }],
  ['quadruple', { kind: 'repeat', times: 4 }],
];

const LOW_ORDINALS = 'zeroth first second third fourth fifth sixth seventh eighth ninth';
const TEEN_ORDINALS =
  'tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth';
const TEN_ORDINALS = 'twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth';

const MONTHS = 'january february march april may june july august september october november december';
const SHORT_MONTHS = 'jan feb mar apr - jun jul aug sep oct nov dec';

const LETTERS = 'a b c d e f g h i j k l m n p q r s t u v w x y z';

/** Words that spell a letter; those that are everyday words or names spell one only beside other letters and digits. */
const SPELLING =
  'alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike oscar papa quebec romeo ' +
  'sierra tango uniform victor whiskey whisky xray yankee zulu zebra';

/** What recognisers write when a letter is named. Unlike the homophones these are no other word. */
const NAMED_LETTERS = 'zed:z zee:z aitch:h haitch:h cee:c dee:d vee:v eff:f ess:s';

const DIGIT_HOMOPHONES = 'to:2 too:2 for:4 fore:4 ate:8 won:1';
const LETTER_HOMOPHONES =
  'tea:t tee:t sea:c see:c you:u yew:u are:r why:y be:b bee:b queue:q cue:q eye:i aye:i jay:j gee:g pea:p pee:p ' +
  'ex:x ell:l el:l em:m en:n kay:k ay:a';

/** The marks themselves, and what they are called. */
const MARKS = '- . / _ + @ : , #';
const MARK_NAMES =
  'dash:- hyphen:- minus:- –:- —:- ‑:- dot:. point:. period:. slash:/ stroke:/ underscore:_ plus:+ at:@ colon::';

const FILLERS = 'um uh er erm ah uhm umm hm hmm mm okay ok so yeah yep yes well right';
const CORRECTIONS = 'sorry wait scratch actually no nope oops correction mean apologies';

const WORDS = new Map<string, SpokenSymbol>([
  ...valued(UNITS, 0, 1, (digit): SpokenSymbol => ({ kind: 'unit', digit })),
  ...list(NOUGHTS, { kind: 'unit', digit: '0' }),
  ['o', { kind: 'unit', digit: '0', letter: 'o' }],
  ['niner', { kind: 'unit', digit: '9' }],
  ...valued(TEENS, 10, 1, (digits): SpokenSymbol => ({ kind: 'teen', digits })),
  ...valued(TENS, 20, 10, (digits): SpokenSymbol => ({ kind: 'ten', digits })),
  ['fourty', { kind: 'ten', digits: '40' }],
  ...SCALES,
  ...REPEATS,
  ...valued(LOW_ORDINALS, 0, 1, ordinal),
  ...valued(TEEN_ORDINALS, 10, 1, ordinal),
  ...valued(TEN_ORDINALS, 20, 10, ordinal),
  ['hundredth', ordinal('100')],
  ['thousandth', ordinal('1000')],
  ['millionth', ordinal('1000000')],
  ...valued(MONTHS, 1, 1, month),
  ...valued(SHORT_MONTHS, 1, 1, month).filter(([word]) => word !== '-'),
  ['sept', month('9')],
  ...SPELLING.split(' ').map((word): Entry => [word, { kind: 'letter', letter: word.charAt(0), isWord: true }]),
  ...pairs(NAMED_LETTERS, (letter): SpokenSymbol => ({ kind: 'letter', letter, isWord: false })),
  ...pairs(DIGIT_HOMOPHONES, (digit): SpokenSymbol => ({ kind: 'homophone', digit, letter: undefined })),
  ...pairs(LETTER_HOMOPHONES, (letter): SpokenSymbol => ({ kind: 'homophone', digit: undefined, letter })),
  ...MARKS.split(' ').map((mark): Entry => [mark, { kind: 'glue', mark }]),
  ...pairs(MARK_NAMES, (mark): SpokenSymbol => ({ kind: 'glue', mark })),
  ['space', { kind: 'glue', mark: ' ' }],
  ['and', { kind: 'and' }],
  ...list(FILLERS, { kind: 'filler' }),
  ...list(CORRECTIONS, { kind: 'correction' }),
  ...LETTERS.split(' ').map((letter): Entry => [letter, { kind: 'letter', letter, isWord: false }]),
]);

/** The symbol an item stands for, if any. */
export function symbolOf(item: Item): SpokenSymbol | undefined {
  return item.kind === 'digits' ? { kind: 'digits', digits: item.fold } : WORDS.get(item.fold);
}

function list(words: string, symbol: SpokenSymbol): Entry[] {
  return words.split(' ').map((word) => [word, symbol]);
}

/** Words in the order of their values. */
function valued(words: string, from: number, step: number, make: (digits: string) => SpokenSymbol): Entry[] {
  return words.split(' ').map((word, index) => [word, make(String(from + step * index))]);
}

/** "word:meaning", the word being all before the first colon. */
function pairs(text: string, make: (meaning: string) => SpokenSymbol): Entry[] {
  return text.split(' ').map((pair) => {
    const colon = pair.indexOf(':');
    return [pair.slice(0, colon), make(pair.slice(colon + 1))];
  });
}

function ordinal(digits: string): SpokenSymbol {
  return { kind: 'ordinal', digits };
}

function month(digits: string): SpokenSymbol {
  return { kind: 'month', digits: digits.padStart(2, '0') };
}
