/**
 * Every word that any list knows, with what it is known as. Built once, on the first question, in a third of a second and
 * about 20 MB; the same lists always give the same answer, and nothing of what is asked is kept.
 */

import { citiesOf } from './cities.ts';
import { COMMON_WORD_NAMES, listNames, PARTICLES, PERSONAL_NAMES, SOFT_TITLES, TITLES } from './name-words.ts';
import { ordinaryWords } from './ordinary-words.ts';
import { FIRM_WORDS, LEGAL_FORMS, LOOSE_FORMS } from './organisation-words.ts';
import {
  listPlaces,
  LOOSE_COUNTRIES,
  LOOSE_PEOPLES,
  PEOPLES,
  PLACE_BEGINNINGS,
  PLACE_ENDINGS,
  STATE_CODES,
} from './place-words.ts';
import {
  HOUSE_PARTS,
  LOOSE_BEGINNINGS,
  LOOSE_ENDINGS,
  MILITARY_POST,
  STREET_BEGINNINGS,
  STREET_ENDINGS,
  STREET_SUFFIXES,
  SURE_HOUSE_PARTS,
} from './street-words.ts';
import { CLOSED_WORDS, MEASURE_WORDS, NEWER_WORDS, TALK_WORDS } from './talk-words.ts';
import {
  CITY,
  CLOSED,
  COUNTRY,
  EVERYDAY,
  FIRM_WORD,
  FIRST,
  HOUSE_PART,
  LAST,
  LEGAL_FORM,
  LOOSE_PLACE,
  LOOSE_BEGINNING,
  LOOSE_STREET,
  MEASURE,
  MILITARY,
  ORDINARY,
  PARTICLE,
  PEOPLE,
  PERSONAL,
  PLACE_BEGINNING,
  PLACE_ENDING,
  REGION,
  SOFT_TITLE,
  STATE_CODE,
  STREET_BEGINNING,
  STREET_ENDING,
  SURE_HOUSE_PART,
  TALK,
  TITLE,
  WHOLE_STREET,
} from './word-kinds.ts';

/** Below this a village's name adds nothing: it is unknown to the dictionary anyway. */
const MIN_CITY = 15_000;
/** Below this an ordinary word is not taken for a city. */
const MIN_WORD_CITY = 60_000;
const MIN_SUFFIX_STEM = 3;
const MAX_PHRASE_REST = 4;

interface Lexicon {
  readonly kinds: ReadonlyMap<string, number>;
  readonly phrases: Phrases;
}

export interface Phrase {
  /** The words after the first. */
  readonly rest: readonly string[];
  /** CITY, COUNTRY or REGION. */
  readonly kind: number;
}

/** Places of several words by their first and their second: hundreds begin with "san". The longest come first. */
type Phrases = Map<string, Map<string, Phrase[]>>;

let lexicon: Lexicon | undefined;

/** The flags of a word in folded spelling; 0 when nothing is known of it. */
export function kindsOf(fold: string): number {
  lexicon ??= buildLexicon();
  const known = lexicon.kinds.get(fold);
  if (known !== undefined) return known;
  const cut = fold.search(/['’]/u);
  if (cut > 1) return lexicon.kinds.get(fold.slice(0, cut)) ?? unknownKind(fold.slice(0, cut));
  return unknownKind(fold);
}

/** Places of several words that begin with these two. */
export function placesBeginning(first: string, second: string): readonly Phrase[] | undefined {
  lexicon ??= buildLexicon();
  return lexicon.phrases.get(first)?.get(second);
}

/** Loads the lists now, so that the first call does not wait for them. */
export function loadLexicon(): void {
  lexicon ??= buildLexicon();
}

function unknownKind(fold: string): number {
  const isStreet = STREET_SUFFIXES.some(
    (suffix) => fold.length >= suffix.length + MIN_SUFFIX_STEM && fold.endsWith(suffix),
  );
  return isStreet ? WHOLE_STREET : 0;
}

function buildLexicon(): Lexicon {
  const kinds = new Map<string, number>();
  const phrases: Phrases = new Map();
  const add = (words: Iterable<string>, flags: number): void => {
    for (const word of words) kinds.set(word, (kinds.get(word) ?? 0) | flags);
  };
  addOrdinary(kinds, add);
  addNames(kinds, add);
  addPlaces(kinds, phrases, add);
  add(STREET_ENDINGS, STREET_ENDING);
  add(LOOSE_ENDINGS, STREET_ENDING | LOOSE_STREET);
  add(STREET_BEGINNINGS, STREET_BEGINNING);
  add(LOOSE_BEGINNINGS, STREET_BEGINNING | LOOSE_BEGINNING);
  add(HOUSE_PARTS, HOUSE_PART | ORDINARY);
  add(SURE_HOUSE_PARTS, SURE_HOUSE_PART);
  add(MILITARY_POST, MILITARY);
  add(LEGAL_FORMS, LEGAL_FORM | ORDINARY);
  add(LOOSE_FORMS, LOOSE_PLACE);
  add(FIRM_WORDS, FIRM_WORD | ORDINARY);
  for (const bySecond of phrases.values()) {
    for (const same of bySecond.values()) same.sort((a, b) => b.rest.length - a.rest.length);
  }
  return { kinds, phrases };
}

type Add = (words: Iterable<string>, flags: number) => void;
type Kinds = Map<string, number>;

function addOrdinary(kinds: Kinds, add: Add): void {
  for (const [word, tier] of ordinaryWords()) {
    if (!kinds.has(word)) kinds.set(word, tier <= 20 ? ORDINARY | EVERYDAY : ORDINARY);
  }
  add(NEWER_WORDS, ORDINARY);
  add(TALK_WORDS, ORDINARY | TALK);
  add(CLOSED_WORDS, ORDINARY | CLOSED);
  add(MEASURE_WORDS, ORDINARY | MEASURE);
}

function addNames(kinds: Kinds, add: Add): void {
  const { first, last } = listNames();
  const common = new Set(COMMON_WORD_NAMES);
  for (const name of first) {
    for (const word of spellingsOf(name)) {
      const known = kinds.get(word) ?? 0;
      if ((known & EVERYDAY) === 0 || common.has(word)) kinds.set(word, known | FIRST);
    }
  }
  for (const name of last) for (const word of spellingsOf(name)) add([word], LAST);
  add(COMMON_WORD_NAMES, FIRST);
  add(PERSONAL_NAMES, FIRST | PERSONAL);
  add(TITLES, TITLE | ORDINARY);
  add(SOFT_TITLES, SOFT_TITLE | ORDINARY);
  add(PARTICLES, PARTICLE);
}

function addPlaces(kinds: Kinds, phrases: Phrases, add: Add): void {
  const place = (name: string, kind: number): void => {
    const parts = name
      .toLowerCase()
      .split(/[^\p{L}\p{M}'’]+/u)
      .filter((part) => part !== '');
    const [head, ...rest] = parts;
    if (head === undefined || rest.length > MAX_PHRASE_REST) return;
    if (rest.length === 0) add(spellingsOf(head), kind === CITY ? CITY : kind | ORDINARY);
    else addPhrase(phrases, head, { rest, kind });
  };
  for (const city of citiesOf(MIN_CITY)) {
    const isWord = city.name.split(' ').every((word) => ((kinds.get(word.toLowerCase()) ?? 0) & ORDINARY) !== 0);
    if (!isWord || city.population >= MIN_WORD_CITY) place(city.name, CITY);
  }
  const { countries, regions } = listPlaces();
  for (const country of countries) place(country, COUNTRY);
  for (const region of regions) place(region, REGION);
  for (const people of PEOPLES) add([people, `${people}s`, `${people}es`], PEOPLE | ORDINARY);
  for (const people of LOOSE_PEOPLES) add([people, `${people}s`], LOOSE_PLACE);
  add(LOOSE_COUNTRIES, LOOSE_PLACE);
  add(STATE_CODES, STATE_CODE);
  add(PLACE_BEGINNINGS, PLACE_BEGINNING);
  add(PLACE_ENDINGS, PLACE_ENDING);
}

function addPhrase(phrases: Phrases, head: string, phrase: Phrase): void {
  const bySecond = phrases.get(head) ?? new Map<string, Phrase[]>();
  const second = phrase.rest[0] ?? '';
  bySecond.set(second, [...(bySecond.get(second) ?? []), phrase]);
  phrases.set(head, bySecond);
}

/** A name's words as they are written, and as they are written by those who leave the accents out. */
function spellingsOf(name: string): string[] {
  return name
    .toLowerCase()
    .split(/[^\p{L}\p{M}'’]+/u)
    .filter((word) => word.length > 1)
    .flatMap((word) => {
      const plain = word.normalize('NFD').replaceAll(/\p{M}/gu, '');
      return plain === word ? [word] : [word, plain];
    });
}
