/** Whether the words before a word announce somebody: "my name is", "speaking with", "Dear", a title. */

import { FIRST, LAST, SOFT_TITLE, TITLE } from '../lexicon/word-kinds.ts';
import type { Token } from '../speech/token.ts';

/** After a sure one any word that is not talk is a name; after a likely one, only a word that may be one. */
export type Announcement = 'sure' | 'likely' | 'none';

const IS = new Set(['is', "name's", 'names', 'was', 'called', 'be']);
const CALLED = new Set(['named', "name's", 'surnamed', 'nicknamed']);
const I_AM = new Set(["i'm", "it's", 'im', "that's", "he's", "she's", 'called', 'call', 'by', 'mr', 'from']);
const GREETINGS = new Set(
  'dear hi hello hey hiya thanks bye goodbye cheers regards sincerely morning afternoon evening welcome ask asked told called'.split(
    ' ',
  ),
);
const TALKS = new Set('speak speaking spoke spoken talk talking talked chat chatting meet meeting met'.split(' '));
const WITH = new Set(['with', 'to']);
const NAMES = new Set(['name', 'surname', 'forename']);

export function announcement(tokens: readonly Token[], roles: Int32Array, at: number): Announcement {
  const at1 = tokens[at - 1]?.text === '.' ? at - 2 : at - 1;
  const before = tokens[at1];
  if (!before) return 'none';
  const role = roles[at1] ?? 0;
  if ((role & TITLE) !== 0) return 'sure';
  if (before.kind !== 'word') return 'none';
  if ((role & SOFT_TITLE) !== 0 && (role & (FIRST | LAST)) === 0) return 'likely';
  const word = before.fold;
  const second = tokens[at1 - 1]?.fold ?? '';
  if (IS.has(word) && NAMES.has(second)) return 'sure';
  if (CALLED.has(word)) return 'sure';
  if (I_AM.has(word) || GREETINGS.has(word)) return 'likely';
  if (word === 'is' && second === 'this') return 'likely';
  if (word === 'am' && second === 'i') return 'likely';
  if (word === 'you' && GREETINGS.has(second)) return 'likely';
  return WITH.has(word) && TALKS.has(second) ? 'likely' : 'none';
}
