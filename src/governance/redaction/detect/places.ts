/**
 * Finds countries, regions, cities and what their people, languages and faiths are called. A place that is an ordinary
 * word as well is one only after "from" or "live in", or with a capital inside a sentence.
 */

import { placesBeginning, type Phrase } from '../lexicon/lexicon.ts';
import {
  CITY,
  CLOSED,
  COUNTRY,
  EVERYDAY,
  FIRST,
  LAST,
  LOOSE_PLACE,
  ORDINARY,
  PEOPLE,
  PLACE_BEGINNING,
  PLACE_ENDING,
  REGION,
  TALK,
} from '../lexicon/word-kinds.ts';
import type { EntityType } from '../../../model/transcript.ts';
import type { Token } from '../speech/token.ts';
import type { Detection, Finding, Window } from './detector.ts';
import { nothingFound } from './nothing-found.ts';
import { isCapital, isUnknown, rolesOf } from './word-roles.ts';

const CONTEXT = 4;
const INTERESTING = CITY | COUNTRY | REGION | PEOPLE | PLACE_BEGINNING | PLACE_ENDING;
const INTO = new Set(['in', 'from', 'to', 'near', 'at', 'of', 'around', 'outside', 'for', 'via']);
const STAYING = new Set(
  (
    'live lives lived living based born move moved moving relocate relocated relocating grew stay staying stayed fly ' +
    'flies flew flying flown travel travelling traveling travelled traveled go going went drive driving resident ' +
    'residing reside resides located ship shipped shipping i am originally come comes came work works office'
  ).split(' '),
);
/** After these the word is a language. */
const LANGUAGE_USE = new Set(
  (
    'speak speaks speaking spoke in study studying studied learn learning learned learnt understand understands teach ' +
    'teaching taught into read reading write plain proper broken'
  ).split(' '),
);

export function detectPlaces(window: Window): Detection {
  const { tokens, left, isEnd } = window;
  const roles = rolesOf(window);
  let findings: Finding[] | undefined;
  let holdFrom = tokens.length;
  for (let at = Math.max(0, left - CONTEXT); at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token?.kind !== 'word') continue;
    const phrase = phraseAt(tokens, roles, at);
    if (phrase === 'open') {
      if (!isEnd) holdFrom = Math.min(holdFrom, Math.max(at, left));
    } else if (phrase) {
      const end = at + 1 + phrase.rest.length;
      if (end > left) (findings ??= []).push(finding(tokens, at, end, typeOf(phrase.kind), 0.65, 'place.phrase'));
      at = end - 1;
    } else if (((roles[at] ?? 0) & INTERESTING) !== 0) {
      const found = wordAt(tokens, roles, at);
      if (found && found.end > left) (findings ??= []).push(found);
    }
  }
  return findings || holdFrom < tokens.length ? { findings: findings ?? [], holdFrom } : nothingFound(tokens.length);
}

function wordAt(tokens: readonly Token[], roles: Int32Array, at: number): Finding | undefined {
  const role = roles[at] ?? 0;
  const isLoose = (role & LOOSE_PLACE) !== 0;
  const isMeant = isCapital(roles[at] ?? 0) || isPlaced(tokens, at);
  if ((role & PEOPLE) !== 0) {
    if (isLoose ? !isCapital(roles[at] ?? 0) : LANGUAGE_USE.has(tokens[at - 1]?.fold ?? '')) return undefined;
    return finding(tokens, at, at + 1, 'GROUP', 0.65, 'group.word');
  }
  if ((role & COUNTRY) !== 0 && (!isLoose || isMeant))
    return finding(tokens, at, at + 1, 'COUNTRY', 0.65, 'country.word');
  if ((role & REGION) !== 0 && isMeant) return finding(tokens, at, at + 1, 'CITY', 0.6, 'region.word');
  if ((role & REGION) !== 0 && (role & (FIRST | LAST)) === 0)
    return finding(tokens, at, at + 1, 'CITY', 0.6, 'region.word');
  if ((role & PLACE_BEGINNING) !== 0 && isPlaceWord(tokens, roles, at + 1))
    return finding(tokens, at, at + 2, 'CITY', 0.5, 'place.beginning');
  if ((role & PLACE_ENDING) !== 0 && isPlaceWord(tokens, roles, at - 1))
    return finding(tokens, at - 1, at + 1, 'CITY', 0.5, 'place.ending');
  if ((role & CITY) === 0 || (role & CLOSED) !== 0) return undefined;
  if ((role & ORDINARY) === 0)
    return isPlaced(tokens, at) ? finding(tokens, at, at + 1, 'CITY', 0.65, 'city.placed') : undefined;
  return isCapital(roles[at] ?? 0) || ((role & (EVERYDAY | TALK)) === 0 && isPlaced(tokens, at)) || isStayed(tokens, at)
    ? finding(tokens, at, at + 1, 'CITY', 0.6, 'city.word')
    : undefined;
}

/** "New Tredegar", "Bashall Town": the other half is no everyday word, and nobody's first name. */
function isPlaceWord(tokens: readonly Token[], roles: Int32Array, at: number): boolean {
  const role = roles[at] ?? 0;
  const token = tokens[at];
  if (token?.kind !== 'word' || (role & (FIRST | PEOPLE | COUNTRY)) !== 0) return false;
  return isUnknown(token, role) || (isCapital(roles[at] ?? 0) && (role & (CLOSED | TALK)) === 0);
}

/** After a word that says where, followed by nothing that it could describe. */
function isPlaced(tokens: readonly Token[], at: number): boolean {
  return INTO.has(tokens[at - 1]?.fold ?? '');
}

function isStayed(tokens: readonly Token[], at: number): boolean {
  if (!isPlaced(tokens, at)) return false;
  return STAYING.has(tokens[at - 2]?.fold ?? '') || STAYING.has(tokens[at - 3]?.fold ?? '');
}

/** The longest place of several words that begins here, or `open` when the window ends within one. */
function phraseAt(tokens: readonly Token[], roles: Int32Array, at: number): Phrase | 'open' | undefined {
  const second = tokens[at + 1];
  const phrases = second && placesBeginning(tokens[at]?.fold ?? '', second.fold);
  if (!phrases) return undefined;
  for (const phrase of phrases) {
    const matched = matchedWords(tokens, at + 1, phrase.rest);
    if (matched === phrase.rest.length && isPhraseMeant(tokens, roles, at, phrase)) return phrase;
    if (matched < phrase.rest.length && at + 1 + matched === tokens.length) return 'open';
  }
  return undefined;
}

function matchedWords(tokens: readonly Token[], from: number, words: readonly string[]): number {
  let matched = 0;
  while (matched < words.length && tokens[from + matched]?.fold === words[matched]) matched += 1;
  return matched;
}

/** All of its words may be ordinary ones: "mobile city", "of course". */
function isPhraseMeant(tokens: readonly Token[], roles: Int32Array, at: number, phrase: Phrase): boolean {
  if (phrase.kind !== CITY || isPlaced(tokens, at)) return true;
  let isOrdinary = true;
  for (let place = at; place <= at + phrase.rest.length; place += 1) {
    isOrdinary &&= ((roles[place] ?? 0) & ORDINARY) !== 0;
    if (place > at && isCapital(roles[place] ?? 0)) return true;
  }
  return !isOrdinary;
}

function typeOf(kind: number): EntityType {
  return kind === COUNTRY ? 'COUNTRY' : 'CITY';
}

function finding(
  tokens: readonly Token[],
  start: number,
  end: number,
  type: EntityType,
  confidence: number,
  rule: string,
): Finding {
  let value = '';
  for (let at = start; at < end; at += 1)
    value += `${at > start ? ' ' : ''}${(tokens[at]?.fold ?? '').replace(/['’]s?$/u, '')}`;
  return { start, end, type, confidence, rule, value };
}
