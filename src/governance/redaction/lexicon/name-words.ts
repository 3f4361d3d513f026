/** First and last names of many nations, from the locales of @faker-js/faker, and what people put before a name. */

import { faker as cs } from '@faker-js/faker/locale/cs_CZ';
import { faker as da } from '@faker-js/faker/locale/da';
import { faker as de } from '@faker-js/faker/locale/de';
import { faker as en } from '@faker-js/faker/locale/en';
import { faker as au } from '@faker-js/faker/locale/en_AU';
import { faker as gb } from '@faker-js/faker/locale/en_GB';
import { faker as india } from '@faker-js/faker/locale/en_IN';
import { faker as nigeria } from '@faker-js/faker/locale/en_NG';
import { faker as za } from '@faker-js/faker/locale/en_ZA';
import { faker as es } from '@faker-js/faker/locale/es';
import { faker as fi } from '@faker-js/faker/locale/fi';
import { faker as fr } from '@faker-js/faker/locale/fr';
import { faker as hr } from '@faker-js/faker/locale/hr';
import { faker as it } from '@faker-js/faker/locale/it';
import { faker as no } from '@faker-js/faker/locale/nb_NO';
import { faker as nl } from '@faker-js/faker/locale/nl';
import { faker as pl } from '@faker-js/faker/locale/pl';
import { faker as pt } from '@faker-js/faker/locale/pt_BR';
import { faker as sv } from '@faker-js/faker/locale/sv';
import { faker as tr } from '@faker-js/faker/locale/tr';

const LOCALES = [en, gb, au, india, nigeria, za, de, fr, es, it, nl, pl, cs, hr, da, sv, no, fi, pt, tr];

export interface NameWords {
  readonly first: readonly string[];
  readonly last: readonly string[];
}

export function listNames(): NameWords {
  const people = LOCALES.map((locale) => locale.rawDefinitions.person);
  return {
    first: people.flatMap((person) => namesOf(person?.first_name)),
    last: people.flatMap((person) => namesOf(person?.last_name)),
  };
}

/** First names that are ordinary words as well, but in talk are nearly always somebody: no cue is asked for. */
export const PERSONAL_NAMES = words(`
  john jack peter martin maria marina harry jimmy josh johnny joey billy bobby tom tony troy terry roger matt nick ken
  ted tim timothy bob barney carter charlie christian fay jean jenny molly veronica fritz graham nelson napoleon trey
  colleen jasmine phoebe rhea brad hank hector jasper marquis noel randy rick sheila sienna marge lulu telly bailey
  rowan kelvin mick marques coco pascal romeo oscar victor juliet mike homer emery beau griffin belle felicity
  rosemary sally carol derrick garrison garret warren walker newton victor harriet maverick kylie holly patty polly
  lily willy freddie eddy boris sandy wendy heather robin miller cooper fisher turner tanner foster garland
`);

/** First names that are common words first of all: only a title, a neighbour or a capital makes them somebody. */
export const COMMON_WORD_NAMES = words(`
  april may june august summer autumn grace faith hope joy rose dawn mark bill grant guy drew miles art rusty sunny
  ruby angel gene frank ray rod sue penny pat chase crystal amber charity destiny will dean lance earl max mac rich
  don chuck clay cliff dale glen hunter jay lane lee reed rob skip wade ward iris ivy jade pearl daisy olive violet
  jewel ginger honey melody harmony patience prudence mercy victor norm otto rocky buddy buster duke prince king
  roman sterling chance major sonny trinity phoenix
`);

/** Stand before a name and are hidden with it. */
export const TITLES = words(
  'mr mrs ms mx dr prof mister missus messrs mme mlle monsieur madame herr frau senor señor senora señora sig signor signora rev sgt capt lt',
);

/** Announce a name but are ordinary words too. */
export const SOFT_TITLES = words(
  'miss doctor professor sir lord lady dame reverend father sister brother pastor rabbi imam sheikh captain sergeant ' +
    'colonel major general officer detective inspector judge senator president uncle aunt auntie cousin nurse king queen prince princess saint',
);

/** Join the parts of a name. */
export const PARTICLES = words(
  'de da do dos das du del della di la le van von vom zu zur der den ter ten bin ibn al el san santa st saint y e af av á o mac mc abu',
);

function namesOf(lists: unknown): string[] {
  if (typeof lists !== 'object' || lists === null) return [];
  return Object.values(lists)
    .flat()
    .filter((name): name is string => typeof name === 'string');
}

function words(list: string): readonly string[] {
  return list.split(/\s+/u).filter((word) => word !== '');
}
