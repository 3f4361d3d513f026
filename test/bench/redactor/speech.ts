/** Speech made up for the redactor's benchmark: ten words a result, two in five with a number or an address in it. */

import type { SpeechEvent } from '../../../src/governance/redaction/leg-redactor.ts';

/** What one leg says until the other speaks. */
export type Turn = readonly SpeechEvent[];

export interface MadeCall {
  /** Of both legs in turn. */
  readonly turns: readonly Turn[];
  /** Words that must not be in what is left, and the types they must be hidden under. */
  readonly secrets: readonly string[];
}

export const SECRET_TYPES = ['CARD', 'PHONE', 'EMAIL'] as const;

const WORD_MS = 300;
const DIGITS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'] as const;

/** The same calls for the same seed; 15 results each. */
export function makeCalls(count: number, seed = 7): MadeCall[] {
  const chance = createChance(seed);
  return Array.from({ length: count }, () => makeCall(chance));
}

/** One final result as a recogniser gives it, its words following each other from `startMs` on. */
export function speechOf(text: string, startMs: number): SpeechEvent {
  const words = text.split(' ').map((_, at) => ({
    startMs: startMs + at * WORD_MS,
    endMs: startMs + (at + 1) * WORD_MS,
  }));
  return { text, startMs, endMs: startMs + words.length * WORD_MS, words, final: true };
}

function makeCall(chance: (below: number) => number): MadeCall {
  const card = spoken(cardNumber(chance));
  const cardHalves = [card.slice(0, 8).join(' '), card.slice(8).join(' ')] as const;
  const phone = spoken(`20255501${chance(10)}${chance(10)}`).join(' ');
  const texts = [
    [
      'thank you for calling how can i help you today',
      'i can see the order that you placed last week',
      'it was handed to the driver this morning at nine',
    ],
    ['then i would like to pay for the second parcel', `card is ${cardHalves[0]}`, `${cardHalves[1]} and thanks`],
    [
      'that comes to forty two euros and ten cents total',
      'the first of them will be with you on monday',
      'could you tell me how the driver can reach you',
    ],
    ['the best phone number to reach me on is this', phone, 'please ring the bell and wait for me to come'],
    [
      'and where may i send the invoice for the parcel',
      'write to anna dot berg at example dot com please',
      'that is all i need have a very nice day',
    ],
  ];
  let at = 0;
  const turns = texts.map((turn) => turn.map((text) => speechOf(text, 10 * WORD_MS * at++)));
  return { turns, secrets: [...cardHalves, phone, 'anna dot berg'] };
}

function spoken(digits: string): string[] {
  return Array.from(digits, (digit) => DIGITS[Number(digit)] ?? digit);
}

/** Sixteen digits with a valid check digit (ISO/IEC 7812-1). */
function cardNumber(chance: (below: number) => number): string {
  const body = `4${Array.from({ length: 14 }, () => chance(10)).join('')}`;
  const weighed = Array.from(body, (digit, at) => (at % 2 === 0 ? Number(digit) * 2 : Number(digit)));
  const total = weighed.reduce((sum, value) => sum + (value > 9 ? value - 9 : value), 0);
  return `${body}${(10 - (total % 10)) % 10}`;
}

/** Lehmer's generator: the same numbers on every machine. */
function createChance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}
