/**
 * Hears when one leg asks for card data, begins to say it, and says that the payment is over. Each is told at the first word
 * that makes it plain, long before anything is settled: once for each question, row and end in what may still change, and
 * once in what is said for good.
 */

import type { EntityType, MsRange, RedactionSignal } from '../../model/transcript.ts';
import { saysPaymentIsOver } from './payment-talk.ts';
import type { Token, Topic } from './speech/token.ts';

/** What a leg's words bring up; what a finding leads to is for its readers' plans to say. */
export type Notice =
  | Exclude<RedactionSignal, { readonly kind: 'pause' }>
  | { readonly kind: 'found'; readonly type: EntityType; readonly atMs: number };

/** What the legs of a call share of it. */
export interface CardCall {
  /** Card data has been asked for, or has begun to be said. */
  isCardTalk: boolean;
}

/** A question is often one for two words: "the number on the front of your card". */
const SAME_QUESTION_MS = 5000;
/** A pause, or so many other words, after which digits are a row of their own. */
const SAME_ROW_MS = 4000;
const SAME_ROW_TOKENS = 6;
/** Nothing is held for longer: what is found as far back is told by another clock, as a recogniser that began anew has. */
const HELD_MS = 30_000;
/** Digits that nobody asked for are said in a row if they are of a card. */
const MIN_UNASKED_DIGITS = 2;
/** Types told of; a provider of its own may make up more than there is room for, and those are then told again. */
const MAX_TYPES = 64;
/** What says the name of the thing: verbs are said of offers and contracts as well. */
const EXPIRY_NAMES = new Set(['expiry', 'expiration', 'exp', 'date']);

export class CardTalk {
  readonly #call: CardCall;
  #digits = 0;
  #firstMs = 0;
  #lastMs = -Infinity;
  #lastInTurn = 0;
  #askedMs = -Infinity;
  /** The row of digits that was told last. */
  #begun: MsRange = { startMs: -Infinity, endMs: -Infinity };
  #overMs = -Infinity;
  /** When what a look ahead told last was said. */
  readonly #aheadMs = new Map<Notice['kind'], number>();
  #foundMs = new Map<EntityType, number>();
  #notices: Notice[] = [];

  constructor(call: CardCall) {
    this.#call = call;
  }

  /** One that goes on from here by itself. */
  copy(): CardTalk {
    const copy = new CardTalk({ ...this.#call });
    copy.#digits = this.#digits;
    copy.#firstMs = this.#firstMs;
    copy.#lastMs = this.#lastMs;
    copy.#lastInTurn = this.#lastInTurn;
    copy.#askedMs = this.#askedMs;
    copy.#begun = this.#begun;
    return copy;
  }

  /**
   * Tells what a look ahead heard of questions and digits, once for all looks. When they are said for good they are told
   * again: what a look ahead answers may come too late for anybody to have heeded it.
   */
  heed(ahead: CardTalk): void {
    for (const notice of ahead.#notices) {
      if (notice.kind === 'found') continue;
      if (Math.abs(notice.atMs - (this.#aheadMs.get(notice.kind) ?? -Infinity)) < SAME_QUESTION_MS) continue;
      this.#aheadMs.set(notice.kind, notice.atMs);
      this.#notices.push(notice);
    }
    this.#call.isCardTalk ||= ahead.#call.isCardTalk;
  }

  /** Answers what came up since it was last asked. */
  take(): readonly Notice[] {
    if (this.#notices.length === 0) return NONE;
    const notices = this.#notices;
    this.#notices = [];
    return notices;
  }

  /** This leg asked the others for something, by this word. */
  ask(topic: Topic, word: Token): void {
    if (!this.#isOfCards(topic) && !(topic === 'expiry' && EXPIRY_NAMES.has(word.fold))) return;
    this.#call.isCardTalk = true;
    if (Math.abs(word.startMs - this.#askedMs) < SAME_QUESTION_MS) return;
    this.#askedMs = word.startMs;
    this.#notices.push({ kind: 'card_asked', atMs: word.startMs });
  }

  /** Takes the next token. */
  hear(token: Token): void {
    const digits = digitsIn(token);
    if (digits === 0) return;
    const isAsked = this.#isOfCards(token.asked);
    if (!isAsked && !this.#isOfCards(token.cue)) return;
    const isFar = token.inTurn - this.#lastInTurn > SAME_ROW_TOKENS;
    if (token.startMs - this.#lastMs > SAME_ROW_MS || isFar) {
      this.#digits = 0;
      this.#firstMs = token.startMs;
    }
    this.#digits += digits;
    this.#lastMs = token.endMs;
    this.#lastInTurn = token.inTurn;
    if (isAsked || this.#digits >= MIN_UNASKED_DIGITS) this.#begin(this.#firstMs, token.endMs);
  }

  /** Listens for the end; the newest token last. Whoever is asked for card data does not know that it is over. */
  hearEnd(tokens: readonly Token[]): void {
    const newest = tokens.at(-1);
    if (!newest || !this.#call.isCardTalk || this.#isOfCards(newest.asked) || newest.endMs <= this.#askedMs) return;
    if (Math.abs(newest.endMs - this.#overMs) < SAME_QUESTION_MS || !saysPaymentIsOver(tokens)) return;
    this.#overMs = newest.endMs;
    this.#notices.push({ kind: 'card_over', atMs: newest.endMs });
  }

  /** Something was found there; `isNew` when it is no echo of what the call knows already. */
  find(type: EntityType, { startMs, endMs }: MsRange, { isNew }: { readonly isNew: boolean }): void {
    if (isNew && (type === 'CARD' || type === 'CVV')) this.#begin(startMs, endMs);
    if ((this.#foundMs.get(type) ?? -Infinity) >= startMs) return;
    if (this.#foundMs.size >= MAX_TYPES) this.#foundMs.clear();
    this.#foundMs.set(type, startMs);
    this.#notices.push({ kind: 'found', type, atMs: startMs });
  }

  #begin(atMs: number, endMs: number): void {
    const { startMs: fromMs, endMs: untilMs } = this.#begun;
    const isSame = atMs >= fromMs - HELD_MS && atMs <= untilMs + SAME_ROW_MS;
    this.#begun = isSame ? { startMs: fromMs, endMs: Math.max(untilMs, endMs) } : { startMs: atMs, endMs };
    if (isSame) return;
    this.#call.isCardTalk = true;
    this.#notices.push({ kind: 'card_begun', atMs });
  }

  /** An expiry or a PIN is one of a card where cards are talked of; elsewhere contracts expire and doors have codes. */
  #isOfCards(topic: Topic | undefined): boolean {
    if (topic === 'expiry' || topic === 'pin') return this.#call.isCardTalk;
    return topic === 'card' || topic === 'cvv';
  }
}

const NONE: readonly Notice[] = [];

function digitsIn({ symbol }: Token): number {
  switch (symbol?.kind) {
    case 'digits':
      return symbol.digits.length;
    case 'teen':
    case 'ten':
      return 2;
    case 'unit':
    case 'scale':
      return 1;
    default:
      return 0;
  }
}
