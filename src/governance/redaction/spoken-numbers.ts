/** The words people say numbers with. A vocabulary only: what a row of them means is read elsewhere. */

import type { Item } from './lexer.ts';

export type NumberSymbol =
  | { readonly kind: 'digits'; readonly digits: string }
  | { readonly kind: 'unit'; readonly digit: string }
  | { readonly kind: 'teen'; readonly digits: string }
  | { readonly kind: 'ten'; readonly digits: string }
  | { readonly kind: 'scale'; readonly zeros: 2 | 3 }
  | { readonly kind: 'repeat'; readonly times: 2 | 3 | 4 }
  /** Sounds like a digit and is one only between digits. */
  | { readonly kind: 'homophone'; readonly digit: string }
  | { readonly kind: 'and' };

const WORDS = new Map<string, NumberSymbol>([
  ...['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'].map(
    (word, index) => [word, unit(String(index))] as const,
  ),
  ...['oh', 'o', 'nought', 'naught', 'aught', 'nil'].map((word) => [word, unit('0')] as const),
  ['niner', unit('9')],
  ...['ten', 'eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen'].map(
    (word, index) => [word, { kind: 'teen', digits: String(10 + index) }] as const,
  ),
  ...['twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'].map(
    (word, index) => [word, { kind: 'ten', digits: String(20 + 10 * index) }] as const,
  ),
  ['fourty', { kind: 'ten', digits: '40' }],
  ['hundred', { kind: 'scale', zeros: 2 }],
  ['thousand', { kind: 'scale', zeros: 3 }],
  ['double', { kind: 'repeat', times: 2 }],
  ['triple', { kind: 'repeat', times: 3 }],
  ['treble', { kind: 'repeat', times: 3 }],
  ['quadruple', { kind: 'repeat', times: 4 }],
  ['and', { kind: 'and' }],
  ['won', { kind: 'homophone', digit: '1' }],
  ['to', { kind: 'homophone', digit: '2' }],
  ['too', { kind: 'homophone', digit: '2' }],
  ['for', { kind: 'homophone', digit: '4' }],
  ['fore', { kind: 'homophone', digit: '4' }],
  ['ate', { kind: 'homophone', digit: '8' }],
]);

/** Heard inside a number without ending it: hesitation, confirmation, a correction, the name of a separator. */
const FILLERS = new Set(
  (
    'uh uhm um umm er erm eh ah hmm hm mm then okay ok yeah yes so well no wait sorry actually ' +
    'dash hyphen minus dot point period slash stroke underscore plus comma space'
  ).split(' '),
);

/** The number symbol an item stands for, if any. */
export function numberSymbol(item: Item): NumberSymbol | undefined {
  if (item.kind === 'digits') return { kind: 'digits', digits: item.fold };
  return item.kind === 'word' ? WORDS.get(item.fold) : undefined;
}

export function isFiller(item: Item): boolean {
  return item.kind === 'word' && FILLERS.has(item.fold);
}

const MONTHS = new Map(
  'january february march april may june july august september october november december'
    .split(' ')
    .map((month, index) => [month, String(index + 1).padStart(2, '0')]),
);

/** A month's name as two digits: part of an expiry date, and a plain word everywhere else. */
export function monthSymbol(item: Item): NumberSymbol | undefined {
  const digits = MONTHS.get(item.fold);
  return digits === undefined ? undefined : { kind: 'digits', digits };
}

function unit(digit: string): NumberSymbol {
  return { kind: 'unit', digit };
}
