/**
 * Follows digits through speech, written or spoken, over fillers and separators, until a plain word ends the run.
 * It says where a run began and what it holds; what the run is, and whether it is masked, is decided elsewhere.
 */

import { readDigits } from './digit-reading.ts';
import type { Item } from './lexer.ts';
import { isFiller, monthSymbol, numberSymbol, type NumberSymbol } from './spoken-numbers.ts';

export interface NumberRun {
  /** Item positions, end exclusive; homophones at either edge are inside, lest one of them is a digit. */
  readonly start: number;
  readonly end: number;
  /** The digits without homophones at the edges, and with them. */
  readonly digits: string;
  readonly widest: string;
  /** Lengths of the digit groups when the whole run was written in digits, else empty. */
  readonly groups: readonly number[];
  readonly hasPlus: boolean;
  readonly startMs: number;
  readonly endMs: number;
}

interface Member {
  readonly symbol: NumberSymbol;
  readonly position: number;
  readonly item: Item;
}

/** What stood right before a run and may be its front: a plus sign, or a homophone. */
interface Front {
  readonly position: number;
  /** Empty for the plus sign. */
  readonly digit: string;
}

/** How much may stand between two symbols of one run. */
const MAX_WORDS_BETWEEN = 4;
const MAX_MARKS_BETWEEN = 8;
const MAX_MEMBERS = 512;

export class NumberRuns {
  /** The open run from its first certain symbol on, with homophones that may yet turn out to be digits. */
  #members: Member[] = [];
  #front: Front | undefined;
  #isContinuing = false;
  #wordsBetween = 0;
  #marksBetween = 0;

  /** Where the open run begins, counting what may be its front; undefined when nothing is open. */
  get openFrom(): number | undefined {
    return this.#front?.position ?? this.#members[0]?.position;
  }

  /** Whether digits that come next still belong to a run that was closed. */
  get isContinuing(): boolean {
    return this.#isContinuing;
  }

  /** Whether the run has grown past what is followed; it is then to be closed, and what comes continues it. */
  get isOverlong(): boolean {
    return this.#members.length >= MAX_MEMBERS;
  }

  /** Takes the next item; answers the run that it ended, if any. */
  accept(item: Item, position: number, monthsCount: boolean): NumberRun | undefined {
    const symbol = numberSymbol(item) ?? (monthsCount ? monthSymbol(item) : undefined);
    if (symbol !== undefined && isCertain(symbol)) {
      this.#extend({ symbol, position, item });
      return undefined;
    }
    const goesOn = (this.#members.length > 0 || this.#isContinuing) && this.#mayStandBetween(item, symbol);
    const ended = goesOn ? undefined : this.close(false);
    if (this.#members.length === 0) this.#front = frontOf(item, position, symbol);
    else if (symbol !== undefined) this.#members.push({ symbol, position, item });
    return ended;
  }

  /** Ends the open run here. With `continues`, digits that come next still belong to it. */
  close(continues: boolean): NumberRun | undefined {
    const members = this.#members;
    const front = this.#front;
    this.#isContinuing = continues && (members.length > 0 || this.#isContinuing);
    this.#members = [];
    this.#front = undefined;
    this.#wordsBetween = 0;
    this.#marksBetween = 0;
    return members.length === 0 ? undefined : describe(members, front);
  }

  #extend(member: Member): void {
    const isFirst = this.#members.length === 0;
    const front = this.#front;
    if (isFirst && front && (front.position !== member.position - 1 || !mayFront(front, member)))
      this.#front = undefined;
    this.#members.push(member);
    this.#wordsBetween = 0;
    this.#marksBetween = 0;
  }

  #mayStandBetween(item: Item, symbol: NumberSymbol | undefined): boolean {
    if (item.kind === 'mark') return ++this.#marksBetween <= MAX_MARKS_BETWEEN;
    // Between written digits "and" is between two numbers; only spoken ones have it inside.
    if (symbol?.kind === 'and' && this.#members.at(-1)?.item.kind === 'digits') return false;
    return (symbol !== undefined || isFiller(item)) && ++this.#wordsBetween <= MAX_WORDS_BETWEEN;
  }
}

function isCertain(symbol: NumberSymbol): boolean {
  return symbol.kind !== 'homophone' && symbol.kind !== 'and';
}

function isSpoken(member: Member): boolean {
  return member.item.kind === 'word';
}

function frontOf(item: Item, position: number, symbol: NumberSymbol | undefined): Front | undefined {
  if (symbol?.kind === 'homophone') return { position, digit: symbol.digit };
  return item.fold === '+' || item.fold === 'plus' ? { position, digit: '' } : undefined;
}

/** A homophone can be a digit only of a number that is spoken: written digits are preceded by the word itself. */
function mayFront(front: Front, first: Member): boolean {
  return front.digit === '' || isSpoken(first);
}

function describe(members: readonly Member[], front: Front | undefined): NumberRun | undefined {
  const lastCertain = members.findLastIndex((member) => isCertain(member.symbol));
  const core = members.slice(0, lastCertain + 1);
  const first = core[0];
  const last = core.at(-1);
  if (!first || !last) return undefined;
  const trailing = isSpoken(last) ? adjacentHomophones(members.slice(lastCertain + 1), last.position) : [];
  const digits = readDigits(core.map((member) => member.symbol));
  return {
    start: front?.position ?? first.position,
    end: last.position + trailing.length + 1,
    digits,
    widest: `${front?.digit ?? ''}${digits}${trailing.join('')}`,
    groups: groupLengths(core),
    hasPlus: front?.digit === '',
    startMs: first.item.startMs,
    endMs: last.item.endMs,
  };
}

function adjacentHomophones(after: readonly Member[], lastPosition: number): string[] {
  const digits: string[] = [];
  for (const { symbol, position } of after) {
    if (symbol.kind !== 'homophone' || position !== lastPosition + digits.length + 1) break;
    digits.push(symbol.digit);
  }
  return digits;
}

function groupLengths(core: readonly Member[]): number[] {
  const lengths: number[] = [];
  for (const { symbol } of core) {
    if (symbol.kind !== 'digits') return [];
    lengths.push(symbol.digits.length);
  }
  return lengths;
}
