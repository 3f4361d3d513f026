/** Numbers that count, cost, last or date something. They are no one's, and a transcript without them is of little use. */

import { isCardinalRun } from '../speech/readings.ts';
import type { NumberFacts } from './number-facts.ts';
import type { Token } from '../speech/token.ts';

const CURRENCIES = new Set(['$', '£', '€', '¥', 'usd', 'eur', 'gbp']);
const UNITS = new Set(
  (
    'dollar dollars buck bucks cent cents euro euros pound pounds quid pence penny pennies yen rupees francs grand percent ' +
    'per % $ £ € ¥ usd eur gbp second seconds sec secs minute minutes min mins hour hours hr hrs day days night nights ' +
    'week weeks weekend weekends fortnight month months quarter quarters year years decade decades century mile miles ' +
    'km kilometers kilometres kilometer meter meters metre metres m cm mm inch inches foot feet ft yard yards kilo kilos ' +
    'kg gram grams g pound lb lbs ounce ounces oz ton tons tonnes liter liters litre litres gallon gallons degrees ' +
    'celsius fahrenheit times time people persons person customers users employees guests adults children kids items ' +
    'item pieces piece boxes box units unit tickets ticket seats rooms bedrooms pages page words points point stars ' +
    'calls emails messages minutes megabytes gigabytes mb gb tb kb mbps thousand million billion k s st nd rd th'
  ).split(' '),
);
const CLOCK = new Set(['am', 'pm', "o'clock", 'oclock', 'a.m', 'p.m']);
const YEAR_WORDS = new Set(
  'in since year of until till from during before after by circa around mid early late'.split(' '),
);
const MAX_SHORT = 4;
const MAX_LONG = 12;

/** A number with its unit or its currency: "$1,200.50", "twenty five thousand people", "fifteen percent". */
export function isQuantity({ run, tokens, digits, letters }: NumberFacts): boolean {
  if (digits === 0 || letters > 0 || digits > MAX_LONG) return false;
  const before = tokens[run.start - 1];
  const after = tokens[run.end];
  const hasUnit = isIn(CURRENCIES, before) || isIn(UNITS, after);
  const isOne = isCardinalRun(run.parts) || isGroupedNumber(tokens, run.start, run.end);
  if (!isOne) return false;
  // Nobody writes a telephone number with thousands commas.
  if (run.groups.length > 1 && tokens[run.start + 1]?.fold === ',') return true;
  if (hasUnit) return digits <= MAX_SHORT || run.parts.length > 1 || isIn(CURRENCIES, before);
  return run.parts.length > 1 && digits > MAX_SHORT && run.digits.endsWith('000');
}

/** "10:30", "ten thirty pm", "1998", "nineteen ninety eight" where a time or year is expected. */
export function isTimeOrYear({ run, tokens, digits, letters }: NumberFacts): boolean {
  if (digits > MAX_SHORT) return false;
  if (letters === 2 && (run.text.endsWith('am') || run.text.endsWith('pm'))) return true;
  const after = tokens[run.end];
  if (isIn(CLOCK, after) || tokens[run.start + 1]?.fold === ':') return true;
  const isYear = digits === MAX_SHORT && (run.digits.startsWith('19') || run.digits.startsWith('20'));
  return isYear && isIn(YEAR_WORDS, tokens[run.start - 1]);
}

/** "One moment", "one of them", "two more": a number word that only looks like the answer waited for. */
export function isIdle({ run, tokens, digits }: NumberFacts): boolean {
  const after = tokens[run.end];
  return digits === 1 && run.parts[0]?.kind === 'unit' && (isIn(IDLE, after) || isIn(UNITS, after));
}
const IDLE = new Set('moment of more sec mo thing is question that other was again at'.split(' '));

/** "1,200.50": groups of three after the first, then perhaps decimals. */
function isGroupedNumber(tokens: readonly Token[], start: number, end: number): boolean {
  for (let at = start; at < end; at += 2) {
    const token = tokens[at];
    const mark = tokens[at - 1]?.fold;
    if (token?.kind !== 'digits' || (at > start && token.lead !== '')) return false;
    if (mark === ',' && at > start && token.fold.length !== 3) return false;
    if (at > start && mark !== ',' && !(mark === '.' && at === end - 1)) return false;
    if (at === start && end - start > 1 && token.fold.length > 3 && tokens[at + 1]?.fold === ',') return false;
  }
  return (end - start) % 2 === 1;
}

function isIn(words: ReadonlySet<string>, token: Token | undefined): boolean {
  return token !== undefined && words.has(token.fold);
}
