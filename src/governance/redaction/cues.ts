/** Remembers what the talk is about, so that a short number after "card" or "security code" is not taken for small talk. */

import type { Item } from './lexer.ts';

export type Cue = 'card' | 'phone' | 'ssn' | 'cvv' | 'expiry' | 'email';

const CUES = new Map<string, Cue>([
  ...words('card', 'card cards visa mastercard amex maestro credit debit'),
  ...words('phone', 'phone telephone mobile cell cellphone landline fax whatsapp'),
  ...words('ssn', 'ssn social'),
  ...words('cvv', 'cvv cvc csc'),
  ...words('expiry', 'expiry expires expire expiration expiring exp'),
  ...words('email', 'email mail'),
]);

/** A cue holds for this many words that are not part of a number. */
const CUE_WORDS = 12;

export class Cues {
  #cue: Cue | undefined;
  #wordsSince = 0;
  #previous = '';
  #cardHeard = false;

  /** What a number said now would most likely be. */
  get current(): Cue | undefined {
    // Much expires; only a card's date is worth hiding.
    return this.#cue === 'expiry' && !this.#cardHeard ? undefined : this.#cue;
  }

  /** Takes the next word. */
  note(item: Item): void {
    if (item.kind !== 'word') return;
    const cue = this.#cueOf(item.fold);
    this.#previous = item.fold;
    if (cue !== undefined) {
      this.#cue = cue;
      this.#wordsSince = 0;
      this.#cardHeard ||= cue === 'card';
    } else if (++this.#wordsSince > CUE_WORDS) {
      this.#cue = undefined;
    }
  }

  /** A whole value was heard, so the question is answered. */
  answered(type: string): void {
    this.#cue = undefined;
    this.#cardHeard ||= type === 'CARD';
  }

  #cueOf(word: string): Cue | undefined {
    if (word === 'code' && this.#previous === 'security') return 'cvv';
    return CUES.get(word);
  }
}

function words(cue: Cue, list: string): [string, Cue][] {
  return list.split(' ').map((word) => [word, cue]);
}
