/**
 * What a word may be in the answer to a question for a date, a postcode or a spelling: a part of the value, a word that
 * carries it ("it's", "my", "please"), or something else.
 */

import type { Token } from '../speech/token.ts';
import { isMonth } from './figures.ts';

export type Part =
  /** Digits, letters, months, and fragments that are no word. */
  | 'sign'
  /** Closed-class words and courtesies, which may be left readable. */
  | 'carrier'
  /** A carrier that is also the sound of a digit or a letter: "to", "for", "you", "a". */
  | 'sound'
  | 'mark'
  | 'other';

const CARRIERS = new Set(
  (
    "the of my your our is was it it's its that's thats this these and but so on in with from by i'm im yes yeah yep " +
    'yup no okay ok right sure well um uh er erm hm hmm mm please thanks thank sorry hello hi actually again birth ' +
    'birthday born date day month year post code postcode postal zip zipcode number name first surname last spell ' +
    'spelled spelling'
  ).split(' '),
);
/** Carriers that are sounds as well; any other homophone is likelier a letter. */
const SOFT = new Set(['a', 'i', 'an', 'to', 'too', 'for', 'you', 'at']);
/** Short everyday words that are no fragment of a spelling. */
const SHORT_WORDS = new Set(
  (
    'as he me or if we do go had has hey nor ask ah did don its lot saw they then them from get got goes put let say says see ask may way day new old one two car bus van bag box bed job men man big bad ' +
    'due end far few off out own pay run set sit top try use via who how all any am did her him his its out per she ' +
    'the too was why yet up us if re add age ago air art bit boy buy cut dad dog dry eat egg eye fee fit fix fly fun ' +
    'gas guy hit hot ice job key kid law lot low map mom mum mix net nor odd oil pen pet red rid row sad sea sir six ' +
    'son sum sun tax ten tie tip tv web win won yes app bill call help good need want fine true wait what when with'
  ).split(' '),
);

export function partOf(token: Token): Part {
  if (token.kind === 'mark') return 'mark';
  if (token.kind === 'digits') return 'sign';
  const { fold, symbol } = token;
  if (SOFT.has(fold)) return 'sound';
  if (CARRIERS.has(fold)) return 'carrier';
  switch (symbol?.kind) {
    case 'unit':
    case 'teen':
    case 'ten':
    case 'ordinal':
    case 'repeat':
    case 'month':
    case 'letter':
    case 'scale':
      return 'sign';
    case 'homophone':
      return 'sound';
    case 'glue':
      return 'sound';
    case 'and':
    case 'filler':
    case 'correction':
      return 'carrier';
    default:
      return isMonth(token) || isFragment(fold) ? 'sign' : 'other';
  }
}

/** "rg", "ys", "qpj": too short, or without the vowels, to be a word. */
function isFragment(fold: string): boolean {
  if (fold.length <= 3) return !SHORT_WORDS.has(fold);
  return fold.length <= 6 && !/[aeiouy\u0080-\uffff]/.test(fold);
}

/** Whether a sound carries other words as often as it is a digit or a letter. */
export function isSoft(token: Token): boolean {
  return SOFT.has(token.fold);
}

/** How much of a value a sign is, in characters as far as they are known. */
export function weightOf(token: Token): number {
  switch (token.symbol?.kind) {
    case 'digits':
      return Math.min(token.fold.length, 8);
    case 'teen':
    case 'ten':
    case 'month':
      return 2;
    default:
      return 1;
  }
}
