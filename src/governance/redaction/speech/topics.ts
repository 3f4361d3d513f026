/**
 * What the talk is about, word by word, and what the other leg has asked for: both lower what it takes for a number, a
 * name or a date to be hidden. Only words are looked at, never values.
 */

import type { Item } from '../lexer.ts';
import type { Topic } from './token.ts';

/** Phrases and what they announce; the longest that ends at a word wins. */
const PHRASES: readonly (readonly [Topic, string])[] = [
  [
    'cvv',
    'cvv|cvc|csc|cv2|security code|three digits|four digits|last three|back of the card|back of your card|code on the back',
  ],
  ['pin', 'pin|pin number|pin code'],
  [
    'otp',
    'one time code|one time password|one time passcode|verification code|otp|texted you|sent you a code|access code|confirmation code',
  ],
  ['expiry', 'expiry|expires|expire|expiration|expiring|exp|exp date|valid until|valid thru'],
  ['card', 'card|cards|visa|mastercard|amex|maestro|credit|debit|long number|sixteen digit|card number|pan'],
  ['iban', 'iban'],
  ['sort_code', 'sort code|routing number|routing|aba'],
  ['account', 'account number|bank account|account|acct|savings|checking'],
  ['ssn', 'ssn|social security|social'],
  [
    'national_id',
    'national insurance|nhs number|passport|passport number|driving licence|drivers license|driver license|licence number|license number|tax id|taxpayer|sin number|aadhaar|pesel|medicare|national id|identity number',
  ],
  [
    'phone',
    'phone|telephone|mobile|cell|cellphone|landline|fax|whatsapp|contact number|call me|call you|reach me|reach you|callback|ring me',
  ],
  ['email', 'email|e mail|mail address|mail'],
  ['dob', 'date of birth|birth date|birthdate|birthday|born|dob|d o b|birth'],
  ['age', 'years old|age|aged|how old'],
  ['postcode', 'postcode|post code|postal code|zip|zip code|zipcode'],
  [
    'address',
    'address|live at|lives at|living at|located at|reside|resides|street|deliver to|ship to|where do you live|house number|first line',
  ],
  [
    'name',
    'your name|full name|first name|last name|surname|middle name|maiden name|name on the card|name on the account|cardholder|who am i speaking|speaking with|my name|name is|whose name|name please|the name',
  ],
  ['password', 'password|passcode|passphrase|pass word|login|user name|username'],
  [
    'answer',
    'security question|secret answer|security answer|memorable word|mothers maiden|favourite|favorite|name of your first',
  ],
  ['spelling', 'spell|spelled|spelling|spelt'],
  [
    'reference',
    'reference|reference number|order number|booking|confirmation number|policy number|member number|membership|member id|customer number|case number|ticket number|tracking|claim number|record number|serial number|plate|registration|vin',
  ],
  ['number', 'number'],
];

const MAX_PHRASE_WORDS = 6;
/** A cue holds for this many words that are not part of a number. */
const CUE_WORDS = 12;

interface Phrase {
  /** Last word first. */
  readonly words: readonly string[];
  readonly topic: Topic;
}

/** By their last words, the longest first. */
const ENDING_IN = new Map<string, Phrase[]>();
for (const [topic, phrases] of PHRASES) {
  for (const phrase of phrases.split('|')) {
    const words = phrase.split(' ').toReversed();
    const last = words[0] ?? '';
    const others = ENDING_IN.get(last) ?? [];
    ENDING_IN.set(
      last,
      [...others, { words, topic }].toSorted((a, b) => b.words.length - a.words.length),
    );
  }
}

/** Follows one leg's words. */
export class TopicTracker {
  #recent: string[] = [];
  #cue: Topic | undefined;
  #wordsSince = 0;

  /** One that goes on from here by itself. */
  copy(): TopicTracker {
    const copy = new TopicTracker();
    copy.#recent = [...this.#recent];
    copy.#cue = this.#cue;
    copy.#wordsSince = this.#wordsSince;
    return copy;
  }

  get current(): Topic | undefined {
    return this.#cue;
  }

  /** Takes the next word; `isSymbol` says that it stands for a digit or letter, which uses no cue up. */
  note(item: Item, isSymbol: boolean): Topic | undefined {
    if (item.kind !== 'word') return undefined;
    this.#recent.push(withoutApostrophes(item.fold));
    if (this.#recent.length > MAX_PHRASE_WORDS) this.#recent.shift();
    const topic = this.#ending();
    // "The number" says less than "the card number" of five words before.
    const isNews = topic !== undefined && !(topic === 'number' && this.#cue !== undefined);
    if (isNews) {
      this.#cue = topic;
      this.#wordsSince = 0;
    } else if (!isSymbol && ++this.#wordsSince > CUE_WORDS) {
      this.#cue = undefined;
    }
    return isNews ? topic : undefined;
  }

  /** What was asked for has been said. */
  answered(): void {
    this.#cue = undefined;
  }

  #ending(): Topic | undefined {
    const recent = this.#recent;
    const last = recent.length - 1;
    const phrases = ENDING_IN.get(recent[last] ?? '');
    return phrases?.find(({ words }) => words.every((word, back) => recent[last - back] === word))?.topic;
  }
}

function withoutApostrophes(fold: string): string {
  return fold.includes("'") || fold.includes('’') ? fold.replaceAll(/['’]/g, '') : fold;
}
