/**
 * Follows what may become an e-mail address, written ("john.smith@example.com") or spoken ("john dot smith at example
 * dot com"). Any word may be the beginning of one, so the last word is always held until the next shows it is not.
 */

import type { Item } from './lexer.ts';
import { numberSymbol } from './spoken-numbers.ts';

export interface EmailSpan {
  /** Item positions, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** The address in one spelling, however it was said. */
  readonly address: string;
}

type Shape = 'word' | 'joiner' | 'at' | 'other';

/** An address whose "at" has been heard. */
interface Address {
  readonly start: number;
  readonly isWritten: boolean;
  /** What was heard last: the "at", a domain without its dot, its dot, or a whole domain. */
  stage: 'at' | 'host' | 'dot' | 'domain';
  hostWords: number;
  /** End of what is certain so far; undefined until it is an address at all. */
  end: number | undefined;
}

const JOINERS = new Map(
  Object.entries({ dot: '.', period: '.', point: '.', underscore: '_', dash: '-', hyphen: '-', minus: '-', plus: '+' }),
);
const JOINER_MARKS = new Set(['.', '_', '-', '+', '%']);
/** Words that stand before "at" in ordinary talk: "look at", "reach us at". Nobody's mailbox has these names. */
const NO_MAILBOX = new Set('us me it them him her look looking online here there home up out'.split(' '));
const SPELLING = new Set<string>(['digits', 'unit', 'teen', 'ten', 'repeat']);
const PROVIDERS = new Set('gmail hotmail outlook yahoo icloud aol proton protonmail msn live gmx'.split(' '));
const MAX_HOST_WORDS = 3;
const MAX_ITEMS = 256;

export class EmailChain {
  /** Items from `#from` on that an address may yet take in. */
  #items: Item[] = [];
  #from = 0;
  /** Where the mailbox name would begin, were the next word "at". */
  #part: number | undefined;
  /** Where the last word began that has a space before it. */
  #chunk = 0;
  #address: Address | undefined;
  #last: Shape = 'other';

  get openFrom(): number | undefined {
    return this.#address?.start ?? this.#part;
  }

  /** Takes the next item; answers the address that it ended, if any. */
  accept(item: Item, position: number): EmailSpan | undefined {
    const shape = shapeOf(item);
    const previous = this.#items.at(-1);
    const ended = this.#step(item, position, shape, previous);
    this.#last = shape;
    this.#keep(item, position);
    return ended;
  }

  /** Ends what is open. `unsure` takes an address half said for one, given that talk was of e-mail or a provider named. */
  close(unsure: { readonly cued: boolean } | undefined): EmailSpan | undefined {
    const address = this.#address;
    const next = this.#from + this.#items.length;
    if (address && unsure && address.end === undefined && this.#looksUnfinished(address, unsure.cued))
      address.end = next;
    const ended = this.#endAddress();
    this.#part = undefined;
    this.#last = 'other';
    this.#items = [];
    return ended;
  }

  #step(item: Item, position: number, shape: Shape, previous: Item | undefined): EmailSpan | undefined {
    if (shape === 'other' || (shape !== 'word' && this.#last !== 'word')) return this.#abandon();
    if (position - (this.openFrom ?? position) >= MAX_ITEMS) {
      const ended = this.#abandon();
      if (shape === 'word') this.#part = position;
      return ended;
    }
    switch (shape) {
      case 'joiner':
        if (this.#address?.stage === 'host' && joinerOf(item) === '.') this.#address.stage = 'dot';
        return undefined;
      case 'at':
        return this.#onAt(item, position, previous);
      case 'word':
        return this.#onWord(item, position, previous);
    }
  }

  #onAt(item: Item, position: number, previous: Item | undefined): EmailSpan | undefined {
    const isWritten = item.kind === 'mark';
    const isTalk = !isWritten && this.#part === position - 1 && previous !== undefined && NO_MAILBOX.has(previous.fold);
    if (isTalk || this.#part === undefined) return this.#abandon();
    // A written mailbox name ends at the space before it; a spoken one may be spelled in many words.
    const mailbox = isWritten && item.lead === '' ? Math.max(this.#part, this.#chunk) : this.#part;
    const start = this.#address?.stage === 'domain' ? this.#address.start : mailbox;
    this.#address = { start, isWritten, stage: 'at', hostWords: 0, end: undefined };
    return undefined;
  }

  #onWord(item: Item, position: number, previous: Item | undefined): EmailSpan | undefined {
    const isGlued = item.lead === '';
    const joins =
      this.#last === 'joiner'
        ? isGlued || previous?.kind === 'word'
        : this.#last === 'word' && (isGlued || isSpelledOn(previous, item));
    const joinsTightly = isGlued || (isShort(previous) && isShort(item));
    const ended = this.#addressGoesOn(joins, joinsTightly, position) ? undefined : this.#endAddress();
    if (!joins) this.#part = position;
    if (!isGlued) this.#chunk = position;
    return ended;
  }

  /** Moves the open address on by one word; false when the word is not part of it. */
  #addressGoesOn(joins: boolean, joinsTightly: boolean, position: number): boolean {
    const address = this.#address;
    if (!address) return true;
    switch (address.stage) {
      case 'at':
        address.stage = 'host';
        address.hostWords = 1;
        // "name@host" is an address even without a dot.
        if (address.isWritten) address.end = position + 1;
        return true;
      case 'host':
        if (!joins) address.hostWords += 1;
        if (address.isWritten && joins) address.end = position + 1;
        return joins || (!address.isWritten && address.hostWords <= MAX_HOST_WORDS);
      case 'dot':
        if (!joins) return false;
        address.stage = 'domain';
        address.end = position + 1;
        return true;
      case 'domain':
        if (this.#last === 'word' ? !joinsTightly : !joins) return false;
        address.end = position + 1;
        return true;
    }
  }

  #looksUnfinished(address: Address, cued: boolean): boolean {
    if (address.stage === 'dot') return true;
    const host = this.#items.slice(address.start - this.#from).some((item) => PROVIDERS.has(item.fold));
    return cued || host;
  }

  #abandon(): EmailSpan | undefined {
    this.#part = undefined;
    return this.#endAddress();
  }

  #endAddress(): EmailSpan | undefined {
    const address = this.#address;
    this.#address = undefined;
    if (address?.end === undefined) return undefined;
    const items = this.#items.slice(address.start - this.#from, address.end - this.#from);
    return { start: address.start, end: address.end, address: items.map(spell).join('') };
  }

  /** Keeps the items that are still open, and forgets the rest. */
  #keep(item: Item, position: number): void {
    const open = this.openFrom;
    if (open === undefined || open === position) {
      this.#items = [item];
      this.#from = position;
      return;
    }
    this.#items.push(item);
  }
}

function shapeOf(item: Item): Shape {
  if (item.fold === '@' || item.fold === 'at') return 'at';
  if (item.kind === 'mark') return JOINER_MARKS.has(item.fold) ? 'joiner' : 'other';
  return JOINERS.has(item.fold) ? 'joiner' : 'word';
}

function joinerOf(item: Item): string | undefined {
  return JOINERS.get(item.fold) ?? (JOINER_MARKS.has(item.fold) ? item.fold : undefined);
}

/** Whether a word may go on spelling the one before it: "j o h n", "j smith", "smith forty two". */
function isSpelledOn(previous: Item | undefined, item: Item): boolean {
  return (isShort(previous) && isShort(item)) || isLetter(previous) || isNumber(item);
}

function isShort(item: Item | undefined): boolean {
  return item !== undefined && (isLetter(item) || isNumber(item));
}

function isLetter(item: Item | undefined): boolean {
  return item?.fold.length === 1 && item.kind === 'word';
}

function isNumber(item: Item): boolean {
  return SPELLING.has(numberSymbol(item)?.kind ?? 'none');
}

function spell(item: Item): string {
  if (item.fold === 'at') return '@';
  const symbol = numberSymbol(item);
  return joinerOf(item) ?? (symbol?.kind === 'unit' && item.fold.length > 1 ? symbol.digit : item.fold);
}
