/**
 * Runs every detector over one leg's joined items, one item at a time, and lets go only of what can no longer change.
 * Because each step sees one item and nothing of how results were cut, any splitting gives the same text.
 */

import { Cues, type Cue } from './cues.ts';
import { EmailChain, type EmailSpan } from './email-chain.ts';
import type { KnownNumber, KnownValue, KnownValues } from './known-values.ts';
import type { Item } from './lexer.ts';
import { NumberRuns, type NumberRun } from './number-run.ts';
import { canonicalNumber, typeOfNumber, typeWhenUnsure, type NumberFacts, type NumberType } from './number-type.ts';
import { ResumedGuard } from './resumed-guard.ts';
import { numberSymbol } from './spoken-numbers.ts';

/** Something to hide, in item positions, end exclusive. */
export interface Finding {
  readonly start: number;
  readonly end: number;
  readonly type: string;
  /** The value it stands for, unless it is of a type that is never remembered. */
  readonly value: KnownValue | undefined;
}

/** Items that can no longer change; the findings lie wholly inside them, in order, counted from the first item. */
export interface Settled {
  readonly items: readonly Item[];
  readonly findings: readonly Finding[];
}

/** Digits that had to be settled while their run was open. */
interface Carried {
  readonly digits: string;
  readonly type: NumberType | undefined;
  readonly value: KnownNumber | undefined;
}

/** Digits at the end of a turn that may be the beginning of a number, when nothing else says so. */
const MIN_UNSURE_DIGITS = 3;
const MAX_CARRIED_DIGITS = 64;
/** From here on a number is whole, and the question that asked for it is answered. */
const WHOLE_DIGITS: Readonly<Record<NumberType, number>> = {
  CARD: 12,
  PHONE: 7,
  SSN: 9,
  CVV: 3,
  EXPIRY: 3,
  NUMBER: 20,
};
/** Sensitive authentication data: hidden, and never remembered even in memory. */
const NEVER_REMEMBERED = new Set<NumberType>(['CVV', 'EXPIRY']);

export class Scanner {
  readonly #values: KnownValues;
  readonly #guard: ResumedGuard;
  readonly #numbers = new NumberRuns();
  readonly #emails = new EmailChain();
  readonly #cues = new Cues();
  #items: Item[] = [];
  #first = 0;
  #findings: Finding[] = [];
  #carried: Carried | undefined;

  constructor(values: KnownValues, resumed: boolean) {
    this.#values = values;
    this.#guard = new ResumedGuard(resumed);
  }

  get heldItems(): readonly Item[] {
    return this.#items;
  }

  /** Whether the end of what was heard may be the middle of a number. */
  get isNumberOpen(): boolean {
    return this.#numbers.openFrom !== undefined;
  }

  /** Takes the next item of the leg. */
  accept(item: Item): void {
    const position = this.#first + this.#items.length;
    this.#items.push(item);
    this.#guard.hear(item.startMs);
    this.#noteRun(this.#numbers.accept(item, position, this.#cues.current === 'expiry'), false);
    if (this.#numbers.isOverlong) this.#noteRun(this.#numbers.close(true), true);
    this.#noteEmail(this.#emails.accept(item, position));
    if (numberSymbol(item) === undefined) this.#cues.note(item);
  }

  /** Everything that can no longer change, once. */
  settled(): Settled {
    return this.#release(this.#safeEnd());
  }

  /** Ends the turn: everything held is settled; a number that may still be open is hidden, and stays open. */
  settleAll(): Settled {
    this.#noteRun(this.#numbers.close(true), true);
    this.#noteEmail(this.#emails.close({ cued: this.#cues.current === 'email' }));
    return this.#release(this.#first + this.#items.length);
  }

  /** Nothing follows: what is held is judged as it stands. */
  end(): Settled {
    this.#noteRun(this.#numbers.close(false), false);
    this.#noteEmail(this.#emails.close(undefined));
    return this.#release(this.#first + this.#items.length);
  }

  #noteRun(run: NumberRun | undefined, mayGoOn: boolean): void {
    const carried = this.#carried;
    if (run) {
      const judged = this.#judge(run, carried, mayGoOn);
      this.#guard.hearNumber(run.endMs);
      if (judged.type !== undefined) {
        this.#findings.push({ start: run.start, end: run.end, type: judged.type, value: judged.value });
        if (judged.digits.length >= WHOLE_DIGITS[judged.type]) this.#cues.answered(judged.type);
      }
      this.#carried = { ...judged, digits: judged.digits.slice(-MAX_CARRIED_DIGITS) };
    }
    if (!this.#numbers.isContinuing) this.#carried = undefined;
  }

  /** What a run is, with the digits carried into it: a type to hide it under, or none. */
  #judge(run: NumberRun, carried: Carried | undefined, mayGoOn: boolean): Carried {
    const before = carried?.digits ?? '';
    const groups = before === '' ? run.groups : [];
    const narrow = { digits: before + run.digits, groups, hasPlus: run.hasPlus };
    const wide = { ...narrow, digits: before + run.widest };
    const cue = this.#cues.current;
    const certain = typeOfNumber(narrow, cue);
    const likely = certain ?? typeOfNumber(wide, cue);
    const echo = this.#echoOf(narrow.digits, likely, carried);
    if (echo) return { digits: narrow.digits, type: echo.type, value: echo };
    const facts = certain === undefined && likely !== undefined ? wide : narrow;
    const type =
      likely ?? (this.#isDoubtful(run, wide.digits, carried, mayGoOn) ? typeInDoubt(cue, carried) : undefined);
    return { digits: facts.digits, type, value: this.#remember(type, facts, carried) };
  }

  /** A known number said again, in part, or inside what is not plainly a number of another kind. */
  #echoOf(digits: string, likely: NumberType | undefined, carried: Carried | undefined): KnownNumber | undefined {
    const known = this.#values.echoOf(digits);
    if (!known || known === carried?.value) return undefined;
    const isPart = known.digits.includes(digits);
    return isPart || likely === undefined || likely === known.type ? known : undefined;
  }

  #isDoubtful(run: NumberRun, digits: string, carried: Carried | undefined, mayGoOn: boolean): boolean {
    if (digits === '') return false;
    const mayBeBeginning = mayGoOn && (digits.length >= MIN_UNSURE_DIGITS || isAsked(this.#cues.current));
    return mayBeBeginning || carried?.type !== undefined || this.#guard.covers(run.startMs);
  }

  #remember(type: NumberType | undefined, facts: NumberFacts, carried: Carried | undefined): KnownNumber | undefined {
    if (type === undefined || NEVER_REMEMBERED.has(type)) return undefined;
    const canonical = canonicalNumber(type, facts);
    if (carried?.value?.type !== type) return this.#values.learnNumber(type, canonical, facts.digits);
    this.#values.extend(carried.value, canonical, facts.digits);
    return carried.value;
  }

  #noteEmail(span: EmailSpan | undefined): void {
    if (!span) return;
    const value = this.#values.learnAddress(span.address);
    this.#cues.answered('EMAIL');
    this.#findings.push({ start: span.start, end: span.end, type: 'EMAIL', value });
  }

  /** The first position that some detector may still change its mind about; never inside a finding. */
  #safeEnd(): number {
    const end = this.#first + this.#items.length;
    const open = Math.min(end, this.#numbers.openFrom ?? end, this.#emails.openFrom ?? end);
    // Merged for this look alone: the name of a union goes by its longest part, and one yet to come may be longer.
    return mergeOverlaps(this.#findings).find((finding) => finding.start < open && open < finding.end)?.start ?? open;
  }

  #release(end: number): Settled {
    const first = this.#first;
    const merged = mergeOverlaps(this.#findings);
    const items = this.#items.slice(0, end - first);
    const findings = merged
      .filter((finding) => finding.start < end)
      .map((finding) => ({ ...finding, start: finding.start - first, end: finding.end - first }));
    this.#items = this.#items.slice(end - first);
    this.#first = end;
    this.#findings = this.#findings.filter((finding) => finding.start >= end);
    return { items, findings };
  }
}

function typeInDoubt(cue: Cue | undefined, carried: Carried | undefined): NumberType {
  return carried?.type ?? typeWhenUnsure(cue);
}

function isAsked(cue: Cue | undefined): boolean {
  return cue !== undefined && cue !== 'email';
}

/** Findings that overlap hide their union under the name of the longest; nothing is ever unhidden by an overlap. */
function mergeOverlaps(findings: readonly Finding[]): Finding[] {
  const merged: Finding[] = [];
  let longest = 0;
  for (const finding of findings.toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    const length = finding.end - finding.start;
    if (!last || finding.start >= last.end) {
      merged.push(finding);
      longest = length;
      continue;
    }
    const name = length > longest ? finding : last;
    longest = Math.max(longest, length);
    merged[merged.length - 1] = { ...name, start: last.start, end: Math.max(last.end, finding.end) };
  }
  return merged;
}
