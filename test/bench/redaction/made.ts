/** Sentences made up for the redaction benchmark, written and as they would be said, with what is personal in them. */

import type { Topic } from '../../../src/governance/redaction/speech/token.ts';
import type { Row, Sets, Span } from './rows.ts';

/** One value in two forms. */
interface Value {
  readonly written: string;
  readonly spoken: string;
}

type Chance = (below: number) => number;

const SENTENCES = 600;
const ANSWERS = 300;

/** `{TYPE}` stands for a value; a sentence without one must stay as it is. */
const TEMPLATES = [
  'My card number is {CREDIT_CARD}, is that enough?',
  'Please charge {CREDIT_CARD} and send the receipt to {EMAIL_ADDRESS}.',
  'You can call me on {PHONE_NUMBER} in the evening.',
  'Is {PHONE_NUMBER} still the number you have?',
  'My social security number is {US_SSN}.',
  'The refund goes to {IBAN_CODE}, as last time.',
  'Write to {EMAIL_ADDRESS}, I read it every day.',
  'The machine at {IP_ADDRESS} does not answer.',
  'I found it on {DOMAIN_NAME} last week.',
  'The zip code is {ZIP_CODE}.',
  'I was born on {DATE_TIME}.',
  'She is {AGE} years old and lives in {GPE}.',
  'Hello, this is {PERSON} speaking.',
  'I am calling for {PERSON}, who is away.',
  'Could you ask {PERSON} to ring me back?',
  'Send it to {STREET_ADDRESS}, please.',
  'We moved from {GPE} to {GPE} in spring.',
  'I have worked for {ORGANIZATION} for a long time.',
  'Thank you, that was all I wanted to know.',
  'The parcel was left with a neighbour this morning.',
  'It costs twenty dollars and takes two minutes.',
  'How many of them are there, three or four?',
  'I would like to change my tariff at the end of the month.',
  'The line is bad, could you say that again?',
];

const FIRST = 'Anna Boris Clara David Elena Frank Greta Henry Irene Jonas Karen Lewis Maria Nadia Oscar Peter'.split(
  ' ',
);
const LAST = 'Adler Berger Clarke Dawson Ellis Foster Graham Hughes Jensen Keller Larsen Miller Novak Parker'.split(
  ' ',
);
const STREETS = ['Maple Street', 'Church Road', 'Station Avenue', 'Mill Lane', 'Harbour Drive', 'Kings Court'];
const CITIES = ['Boston', 'Leeds', 'Hamburg', 'Toronto', 'Denver', 'Porto', 'Krakow', 'Nashville'];
const FIRMS = ['Northwind Logistics', 'Silverline Insurance', 'Bluegate Bank', 'Hartfield Dental Group'];
const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const UNITS =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const TENS = 'zero ten twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const ORDINALS = 'first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth'.split(' ');

const VALUES: Readonly<Record<string, (chance: Chance) => Value>> = {
  CREDIT_CARD: (chance) => digits(cardNumber(chance), chance(2) === 0 ? /.{4}(?=.)/g : undefined, ' '),
  PHONE_NUMBER: (chance) => digits(`20255501${two(chance)}`, /^.{3}|(?<=^.{3}).{3}/g, '-'),
  US_SSN: (chance) => digits(`5${two(chance)}${10 + chance(80)}${1000 + chance(8999)}`, /^.{3}|(?<=^.{3})../g, '-'),
  IBAN_CODE: (chance) => iban(chance),
  EMAIL_ADDRESS: (chance) => {
    const [first, last] = [pick(chance, FIRST).toLowerCase(), pick(chance, LAST).toLowerCase()];
    return { written: `${first}.${last}@example.com`, spoken: `${first} dot ${last} at example dot com` };
  },
  IP_ADDRESS: (chance) => {
    const parts = ['10', '4', String(chance(10)), two(chance)];
    return { written: parts.join('.'), spoken: parts.map(said).join(' dot ') };
  },
  DOMAIN_NAME: (chance) => {
    const name = pick(chance, LAST).toLowerCase();
    return { written: `www.${name}.org`, spoken: `w w w dot ${name} dot org` };
  },
  ZIP_CODE: (chance) => digits(`0${two(chance)}${10 + chance(89)}`),
  DATE_TIME: (chance) => {
    const [day, month, year] = [chance(12), pick(chance, MONTHS), 50 + chance(49)];
    const spoken = `${month.toLowerCase()} the ${ORDINALS[day] ?? ''} nineteen ${count(year)}`;
    return { written: `${month} ${day + 1}, 19${year}`, spoken };
  },
  AGE: (chance) => {
    const age = 20 + chance(70);
    return { written: String(age), spoken: count(age) };
  },
  PERSON: (chance) => words(`${pick(chance, FIRST)} ${pick(chance, LAST)}`),
  STREET_ADDRESS: (chance) => {
    const [number, street, city] = [String(1 + chance(98)), pick(chance, STREETS), pick(chance, CITIES)];
    return {
      written: `${number} ${street}, ${city}`,
      spoken: `${count(Number(number))} ${street} ${city}`.toLowerCase(),
    };
  },
  GPE: (chance) => words(pick(chance, CITIES)),
  ORGANIZATION: (chance) => words(pick(chance, FIRMS)),
};

const QUESTIONS: readonly (readonly [Topic, (chance: Chance) => string])[] = [
  ['name', (chance) => words(`${pick(chance, FIRST)} ${pick(chance, LAST)}`).spoken],
  ['dob', (chance) => VALUES['DATE_TIME']?.(chance).spoken ?? ''],
  [
    'postcode',
    (chance) =>
      `${letter(chance)} ${letter(chance)} ${said(String(chance(10)))} ${said(two(chance))} ${letter(chance)}`,
  ],
];
const CARRIERS = ['', "it's ", 'my answer is ', 'yes it is ', 'um '];

/** The same for the same seed. */
export function makeRows(seed = 11): Sets {
  const chance = createChance(seed);
  const pairs = Array.from({ length: SENTENCES }, (_, at) => makePair(TEMPLATES[at % TEMPLATES.length] ?? '', chance));
  return {
    written: pairs.map(([written]) => written),
    spoken: pairs.map(([, spoken]) => spoken),
    calls: Array.from({ length: ANSWERS }, (_, at) => makeAnswer(QUESTIONS[at % QUESTIONS.length], chance)),
  };
}

function makePair(template: string, chance: Chance): readonly [Row, Row] {
  const parts = template.split(/\{|\}/);
  const values = parts.map((part, at) => (at % 2 === 1 ? VALUES[part]?.(chance) : undefined));
  const build = (of: (value: Value) => string, plain: (text: string) => string): Row => {
    let text = '';
    const spans: Span[] = [];
    for (const [at, part] of parts.entries()) {
      const value = values[at];
      const s = text.length;
      text += value === undefined ? plain(part) : of(value);
      if (value !== undefined) spans.push({ s, e: text.length, t: part });
    }
    return { text, spans };
  };
  return [
    build(
      ({ written }) => written,
      (text) => text,
    ),
    build(
      ({ spoken }) => spoken,
      (text) => text.toLowerCase().replaceAll(/[.,?]/g, ''),
    ),
  ];
}

function makeAnswer(question: (typeof QUESTIONS)[number] | undefined, chance: Chance): Row {
  const [asked, answer] = question ?? (['name', () => ''] as const);
  const [carrier, value] = [pick(chance, CARRIERS), answer(chance)];
  return { text: carrier + value, asked, spans: [{ s: carrier.length, e: carrier.length + value.length, t: asked }] };
}

/** Digits, grouped in writing by putting `between` after each match. */
function digits(text: string, groups?: RegExp, between = ''): Value {
  return { written: groups === undefined ? text : text.replace(groups, `$&${between}`), spoken: said(text) };
}

function said(text: string): string {
  return Array.from(text, (char) => UNITS[Number(char)] ?? char.toLowerCase()).join(' ');
}

function count(value: number): string {
  if (value < 20) return UNITS[value] ?? '';
  const unit = value % 10;
  return (TENS[Math.floor(value / 10)] ?? '') + (unit === 0 ? '' : ` ${UNITS[unit] ?? ''}`);
}

function words(text: string): Value {
  return { written: text, spoken: text.toLowerCase() };
}

/** Sixteen digits with a valid check digit (ISO/IEC 7812-1). */
function cardNumber(chance: Chance): string {
  const body = `4${Array.from({ length: 14 }, () => chance(10)).join('')}`;
  const weighed = Array.from(body, (digit, at) => (at % 2 === 0 ? Number(digit) * 2 : Number(digit)));
  const total = weighed.reduce((sum, value) => sum + (value > 9 ? value - 9 : value), 0);
  return `${body}${(10 - (total % 10)) % 10}`;
}

/** A German account with valid check digits (ISO 13616: the remainder by 97 is 1, D is 13 and E is 14). */
function iban(chance: Chance): Value {
  const account = Array.from({ length: 18 }, () => chance(10)).join('');
  const check = 98n - (BigInt(`${account}131400`) % 97n);
  return digits(`DE${String(check).padStart(2, '0')}${account}`);
}

function two(chance: Chance): string {
  return `${chance(10)}${chance(10)}`;
}

function letter(chance: Chance): string {
  return String.fromCharCode(97 + chance(26));
}

function pick<Item>(chance: Chance, items: readonly Item[]): Item {
  return items[chance(items.length)] as Item;
}

/** Lehmer's generator: the same numbers on every machine. */
function createChance(seed: number): Chance {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}
