/**
 * What may be known of a word by itself, as flags of one number. A vocabulary only: which word has which is `lexicon.ts`,
 * and what a word means where it stands is for detectors to say.
 */

/** In the dictionary, or of the talk itself. A word without it is unknown, and so is likely a name of something. */
export const ORDINARY = 1;
/** Among the commonest ten thousand. */
export const EVERYDAY = 1 << 1;
export const CLOSED = 1 << 2;
export const TALK = 1 << 3;
export const MEASURE = 1 << 4;
export const FIRST = 1 << 5;
export const LAST = 1 << 6;
/** A name first of all, though the dictionary knows it. */
export const PERSONAL = 1 << 7;
export const TITLE = 1 << 8;
export const SOFT_TITLE = 1 << 9;
export const PARTICLE = 1 << 10;
export const CITY = 1 << 11;
export const COUNTRY = 1 << 12;
export const PEOPLE = 1 << 13;
export const REGION = 1 << 14;
export const STATE_CODE = 1 << 15;
export const PLACE_BEGINNING = 1 << 16;
export const PLACE_ENDING = 1 << 17;
export const STREET_ENDING = 1 << 18;
export const STREET_BEGINNING = 1 << 19;
/** As an ending, an ordinary word as well. */
export const LOOSE_STREET = 1 << 20;
/** A street in one word. */
export const WHOLE_STREET = 1 << 21;
export const HOUSE_PART = 1 << 22;
export const SURE_HOUSE_PART = 1 << 23;
export const LEGAL_FORM = 1 << 24;
export const FIRM_WORD = 1 << 25;
export const MILITARY = 1 << 26;
/** A place or a legal form that is more often another word. */
export const LOOSE_PLACE = 1 << 27;
/** Not of the word but of the place where it stands: a capital that no sentence's beginning explains. */
export const CAPITAL = 1 << 28;
/** As a beginning of a street's name, an ordinary word as well. */
export const LOOSE_BEGINNING = 1 << 29;
