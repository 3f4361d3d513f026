/**
 * The streaming core for one leg: tokens in, one by one; out comes what can no longer change. Every step looks at the
 * held words and a little before them, so however results are cut, the same words give the same text. Synchronous, no
 * I/O, no clock.
 */

import { assert } from '../../base/assert.ts';
import { isRemembered } from '../../model/entity-types.ts';
import type { EntityType } from '../../model/transcript.ts';
import type { CallMemory } from './call-memory.ts';
import type { KnownValue } from './call-values.ts';
import { DETECTORS } from './detect/all.ts';
import { echoDetector } from './detect/echo.ts';
import { MAX_LEFT, type Detector, type Window } from './detect/detector.ts';
import { cutItems, saidOf, type Item, type Speech } from './lexer.ts';
import { Masks, type Mask } from './masks.ts';
import { ResumedGuard } from './resumed-guard.ts';
import { Questions, Slot } from './slots.ts';
import { isSign, isSpelling, tailOfRun } from './speech/open-run.ts';
import type { Token, Topic } from './speech/token.ts';
import { Tokens } from './speech/tokens.ts';
import type { TenantRules } from './tenant-rules.ts';

/** Something hidden, in places of the settled tokens, end exclusive. */
export interface SettledFinding {
  readonly start: number;
  readonly end: number;
  readonly type: EntityType;
  readonly confidence: number;
  readonly rule: string;
  /** What it stands for, unless it is of a type that is never remembered. */
  readonly value: KnownValue | undefined;
}

/** Tokens that can no longer change; the findings lie wholly inside them, in order. */
export interface Settled {
  readonly tokens: readonly Token[];
  readonly findings: readonly SettledFinding[];
  /** How far the leg had been heard when they settled; absent for text that nobody said. */
  readonly atMs?: number | undefined;
}

export interface EngineOptions {
  /** Shared by the legs of one call. */
  readonly memory: CallMemory;
  /** Speech before now was not heard. */
  readonly resumed: boolean;
  /** Words held back whatever they are. Default 1. */
  readonly holdWords?: number | undefined;
  readonly detectors?: readonly Detector[] | undefined;
  /** What the tenant adds to them. */
  readonly rules?: TenantRules | undefined;
  /** What is said is nobody's speech: it asks nobody for anything. */
  readonly isAside?: boolean | undefined;
}

/** Silence after which held words, and a held number, are let go. */
const WORDS_QUIET_MS = 800;
const NUMBER_QUIET_MS = 1500;
/** Nothing is held longer than this, in time or in words, whatever goes on being said. */
const LONGEST_HOLD_MS = 25_000;
const MAX_HELD = 96;

export class Engine {
  readonly #memory: CallMemory;
  readonly #slot: Slot;
  readonly #detectors: readonly Detector[];
  readonly #rules: TenantRules | undefined;
  readonly #holdWords: number;
  readonly #isAside: boolean;
  readonly #guard: ResumedGuard;
  readonly #questions = new Questions();
  readonly #maker = new Tokens();
  readonly #masks = new Masks();
  /** Those that have left but still explain, then those held. */
  readonly #tokens: Token[] = [];
  #left = 0;
  /** Position of the first of them in the leg. */
  #first = 0;
  /** UTF-16 units of the leg's results that held a word so far, joined by one space each. */
  #chars = 0;
  #heardMs = 0;
  #isNumberOpen = false;
  /** The value whose hidden end has just left, in case it goes on. */
  #carried: { readonly known: KnownValue; readonly end: number } | undefined;
  #settledTokens: Token[] = [];
  #settledFindings: SettledFinding[] = [];

  constructor(options: EngineOptions) {
    this.#memory = options.memory;
    this.#slot = options.isAside === true ? new Slot() : options.memory.join();
    this.#rules = options.rules;
    const detectors = [...(options.detectors ?? DETECTORS), echoDetector(options.memory.values)];
    this.#detectors = options.rules?.applyTo(detectors) ?? detectors;
    this.#holdWords = options.holdWords ?? 1;
    this.#isAside = options.isAside ?? false;
    this.#guard = new ResumedGuard(options.resumed);
  }

  /** The other side has asked this leg for something. */
  ask(topic: Topic): void {
    this.#slot.open(topic);
  }

  /** Takes one final result; answers what has settled. */
  push(speech: Speech): Settled {
    const offset = this.#chars;
    const items = cutItems(speech, offset === 0);
    if (items.length === 0) return this.#take();
    this.#heardMs = Math.max(this.#heardMs, speech.endMs);
    for (const item of items) this.#accept(item, offset);
    this.#chars = offset + speech.text.length + 1;
    return this.#take();
  }

  /** Tells the time on the stream's timeline, in ms: after enough silence what is held is settled as by `settle`. */
  advance(nowMs: number): Settled {
    this.#heardMs = Math.max(this.#heardMs, nowMs);
    const first = this.#tokens[this.#left];
    const last = this.#tokens.at(-1);
    if (!first || !last) return this.#take();
    const quietMs = this.#isNumberOpen ? NUMBER_QUIET_MS : WORDS_QUIET_MS;
    const isDue = nowMs - last.endMs >= quietMs || nowMs - first.startMs >= LONGEST_HOLD_MS;
    return isDue ? this.settle() : this.#take();
  }

  /** Ends the turn: everything held is settled; a number that may go on is hidden, and what continues it is too. */
  settle(): Settled {
    this.#detect(true);
    this.#hideOpenRun();
    this.#letGo(this.#first + this.#tokens.length);
    this.#maker.endTurn();
    this.#slot.endTurn();
    return this.#take();
  }

  /** Nothing follows: what is held is judged as it stands. */
  end(): Settled {
    this.#detect(true);
    this.#letGo(this.#first + this.#tokens.length);
    this.close();
    return this.#take();
  }

  /** Nobody asks this leg for anything any more. */
  close(): void {
    this.#memory.leave(this.#slot);
  }

  #accept(item: Item, offset: number): void {
    const token = this.#maker.next(item, this.#slot.at(item.startMs), offset);
    this.#hearQuestion(token);
    this.#tokens.push(token);
    this.#guardAfterGap(token);
    const since = this.#tokens[this.#left]?.startMs ?? token.startMs;
    if (this.#tokens.length - this.#left > MAX_HELD || token.endMs - since > LONGEST_HOLD_MS) {
      this.#judgeAll();
      return;
    }
    if (this.#isNextSign()) return;
    const holdFrom = this.#isPlain() ? this.#letAllBe() : this.#detect(false);
    const ready = this.#lastWords();
    this.#letGo(this.#masks.uncut(this.#first + Math.max(this.#left, Math.min(holdFrom, ready))));
  }

  #letAllBe(): number {
    this.#isNumberOpen = false;
    return this.#tokens.length;
  }

  /** What has been held too long is judged as it stands. */
  #judgeAll(): void {
    this.#detect(true);
    this.#hideOpenRun();
    this.#letGo(this.#first + this.#tokens.length);
  }

  /** One more digit of a row that is held: what the row is will be asked when it ends, as nothing can leave before. */
  #isNextSign(): boolean {
    const at = this.#tokens.length - 1;
    return at > this.#left && this.#isNumberOpen && isSign(this.#tokens[at]) && isSign(this.#tokens[at - 1]);
  }

  /** Most talk is nothing but words that everybody says. */
  #isPlain(): boolean {
    for (let at = this.#left; at < this.#tokens.length; at += 1) {
      const token = this.#tokens[at];
      if (token?.isPlain !== true || this.#memory.values.nameWith(token.fold)) return false;
      if (this.#rules?.watches(token) === true) return false;
    }
    return true;
  }

  /** Where the words begin that are held back whatever they are. A word is all that stands without a space. */
  #lastWords(): number {
    let words = this.#holdWords;
    let at = this.#tokens.length;
    while (words > 0 && at > this.#left) {
      at -= 1;
      if (this.#tokens[at]?.lead === ' ') words -= 1;
    }
    return at;
  }

  #hearQuestion(token: Token): void {
    if (this.#isAside || token.kind !== 'word') return;
    const topic = this.#questions.note(token.fold, this.#maker.named);
    if (topic === undefined) return;
    this.#memory.ask(topic, this.#slot);
  }

  /** After speech that was not heard a number may be half said: every digit and spelled letter is hidden. */
  #guardAfterGap(token: Token): void {
    this.#guard.hear(token.startMs);
    const at = this.#tokens.length - 1;
    if (!isSpelling(this.#tokens, at) || !this.#guard.covers(token.startMs)) return;
    this.#guard.hearNumber(token.endMs);
    const position = this.#first + at;
    const finding = { type: 'NUMBER', confidence: 0.1, rule: 'resumed.run', value: undefined };
    const start = this.#left < at && this.#masks.covers(position - 1) ? position - 1 : position;
    this.#masks.add({ ...finding, start, end: position + 1 });
  }

  /** Digits at the end of a turn may be the beginning of a number. */
  #hideOpenRun(): void {
    const run = tailOfRun(this.#tokens, this.#left);
    if (!run || this.#isHidden(run)) return;
    const finding = { type: 'NUMBER', confidence: 0.2, rule: 'open.run', value: undefined };
    this.#masks.add({ ...finding, start: this.#first + run.start, end: this.#first + run.end });
  }

  /** Whether every sign of a run is: hidden once more under another name, a value would lose its own. */
  #isHidden({ start, end }: { readonly start: number; readonly end: number }): boolean {
    for (let at = start; at < end; at += 1) {
      const isSpoken = isSign(this.#tokens[at]) || this.#tokens[at]?.symbol?.kind === 'homophone';
      if (isSpoken && !this.#masks.covers(this.#first + at)) return false;
    }
    return true;
  }

  /** Runs every detector; answers the place from which on something may yet come of the words. */
  #detect(isEnd: boolean): number {
    const window: Window = { tokens: this.#tokens, left: this.#left, isEnd };
    let holdFrom = this.#tokens.length;
    for (const detector of this.#detectors) {
      const detection = detector(window);
      if (detection.holdFrom < holdFrom) holdFrom = detection.holdFrom;
      for (const finding of detection.findings) this.#hide(finding);
    }
    this.#isNumberOpen = holdFrom < this.#tokens.length;
    return holdFrom;
  }

  #hide(finding: Mask): void {
    assert(finding.start >= 0 && finding.end <= this.#tokens.length, 'a finding lies within its window');
    const isCut = finding.start < this.#left;
    const start = this.#first + Math.max(finding.start, this.#left);
    const end = this.#first + finding.end;
    if (start >= end) return;
    const { type, confidence, rule, value } = finding;
    this.#masks.add({ start, end, type, confidence, rule, value: isCut ? undefined : value, isRest: isCut });
  }

  #letGo(end: number): void {
    const from = this.#first + this.#left;
    if (end <= from) return;
    const base = this.#settledTokens.length - from;
    for (const mask of this.#masks.takeUntil(end)) {
      const value = this.#nameOf(mask);
      const { confidence, rule } = mask;
      const type = value?.type ?? mask.type;
      this.#settledFindings.push({ start: mask.start + base, end: mask.end + base, type, confidence, rule, value });
    }
    for (let at = this.#left; at < end - this.#first; at += 1) {
      const token = this.#tokens[at];
      if (token) this.#settledTokens.push(token);
    }
    this.#left = end - this.#first;
    const surplus = this.#left - MAX_LEFT;
    if (surplus <= 0) return;
    this.#tokens.splice(0, surplus);
    this.#first += surplus;
    this.#left = MAX_LEFT;
  }

  #nameOf(mask: Mask): KnownValue | undefined {
    const tokens = this.#tokens.slice(mask.start - this.#first, mask.end - this.#first);
    const value = mask.value ?? tokens.map((token) => token.fold).join(' ');
    // A part that is read back is not how the value is said.
    const said = mask.rule.startsWith('echo.') ? undefined : saidOf(tokens);
    const saying = { said, isWhole: mask.value !== undefined };
    const { values } = this.#memory;
    const carried = this.#carried;
    // A security code said in one breath with its card is not remembered with it either.
    const isNext = carried !== undefined && carried.end === mask.start && isRemembered(mask.type);
    const goesOn = isNext && (mask.isRest === true || carried.known.type === mask.type);
    const known = goesOn ? values.extend(carried.known, value, said) : values.learn(mask.type, value, saying);
    this.#carried = known && { known, end: mask.end };
    return known;
  }

  #take(): Settled {
    const settled = { tokens: this.#settledTokens, findings: this.#settledFindings, atMs: this.#heardMs };
    this.#settledTokens = [];
    this.#settledFindings = [];
    return settled;
  }
}
