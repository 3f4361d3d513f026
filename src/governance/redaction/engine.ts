/**
 * The streaming core for one leg: tokens in, one by one; out comes what can no longer change. Every step looks at the
 * held words and a little before them, so however results are cut, the same words give the same text. Synchronous, no
 * I/O, no clock.
 */

import { isRemembered } from '../../model/entity-types.ts';
import type { EntityType } from '../../model/transcript.ts';
import type { CallMemory } from './call-memory.ts';
import type { Values } from './call-values.ts';
import { CardTalk, type Notice } from './card-talk.ts';
import { DETECTORS } from './detect/all.ts';
import { echoDetector } from './detect/echo.ts';
import type { Detector, Finding, Window } from './detect/detector.ts';
import { Gate } from './gate.ts';
import { cutItems, type Item, type Speech } from './lexer.ts';
import { PreviewValues } from './preview-values.ts';
import { ResumedGuard } from './resumed-guard.ts';
import { joinSettled, type Settled } from './settled.ts';
import { Questions, Slot } from './slots.ts';
import { isSign, isSpelling, tailOfRun } from './speech/open-run.ts';
import type { Token, Topic } from './speech/token.ts';
import { Tokens } from './speech/tokens.ts';
import type { TenantRules } from './tenant-rules.ts';

export type { Settled, SettledFinding } from './settled.ts';

export interface EngineOptions {
  /** Shared by the legs of one call. */
  readonly memory: CallMemory;
  /** Speech before now was not heard. */
  readonly resumed: boolean;
  /** Words held back whatever they are. Default 1. */
  readonly holdWords?: number | undefined;
  /** Longest a word is held, in ms; never longer than `LONGEST_HOLD_MS`. */
  readonly maxHoldMs?: number | undefined;
  /** By type, how sure a finding must be; answers to questions and what is never remembered are hidden anyway. */
  readonly minConfidence?: Readonly<Record<EntityType, number>> | undefined;
  readonly detectors?: readonly Detector[] | undefined;
  /** What the tenant adds to them. */
  readonly rules?: TenantRules | undefined;
  /** What is said is nobody's speech: it asks nobody for anything. */
  readonly isAside?: boolean | undefined;
}

/** What would come of words that may still change. */
export interface LookAhead {
  /** What of them would settle at once. */
  readonly settled: Settled;
  /** What would be held. */
  readonly held: readonly Token[];
  /** There were more words than are looked at. */
  readonly isCut: boolean;
  /** All of what was looked at, judged as if nothing followed. */
  readonly judge: () => Settled;
}

/** Silence after which held words, and a held number, are let go. */
const WORDS_QUIET_MS = 800;
const NUMBER_QUIET_MS = 1500;
/** Nothing is held longer than this, in time or in words, whatever goes on being said. */
const LONGEST_HOLD_MS = 25_000;
const MAX_HELD = 96;
/** A partial result is looked at anew each time it comes, so only as far as an utterance may go. */
const MAX_PREVIEW_ITEMS = 256;

export class Engine {
  readonly #options: EngineOptions;
  readonly #memory: CallMemory;
  readonly #values: Values;
  readonly #slot: Slot;
  readonly #detectors: readonly Detector[];
  readonly #rules: TenantRules | undefined;
  readonly #minConfidence: ReadonlyMap<EntityType, number>;
  readonly #holdWords: number;
  readonly #maxHoldMs: number;
  readonly #isAside: boolean;
  readonly #isTrial: boolean;
  readonly #guard: ResumedGuard;
  readonly #questions: Questions;
  readonly #card: CardTalk;
  readonly #maker: Tokens;
  readonly #gate: Gate;
  /** UTF-16 units of the leg's results that held a word so far, joined by one space each. */
  #chars: number;
  #isNumberOpen: boolean;
  /** How far the leg has been heard. */
  #heardMs: number;
  /** Somebody speaks until then, by what is known of it. */
  #heardUntilMs = -Infinity;

  /** With an `origin` it is a copy of that to try words on, with values of its own: what it hears changes only itself. */
  constructor(options: EngineOptions, origin?: Engine, values: Values = options.memory.values) {
    const { memory, resumed, isAside = false, rules, detectors = DETECTORS } = options;
    this.#options = options;
    this.#memory = memory;
    this.#isAside = isAside;
    this.#isTrial = origin !== undefined;
    this.#values = values;
    this.#slot = origin ? origin.#slot.copy() : isAside ? new Slot() : memory.join();
    const all = [...detectors, echoDetector(values)];
    this.#detectors = rules?.applyTo(all) ?? all;
    this.#rules = rules;
    this.#minConfidence = origin ? origin.#minConfidence : new Map(Object.entries(options.minConfidence ?? {}));
    this.#holdWords = options.holdWords ?? 1;
    this.#maxHoldMs = Math.min(options.maxHoldMs ?? LONGEST_HOLD_MS, LONGEST_HOLD_MS);
    this.#guard = origin ? origin.#guard.copy() : new ResumedGuard(resumed);
    this.#questions = origin ? origin.#questions.copy() : new Questions();
    this.#card = origin ? origin.#card.copy() : new CardTalk(isAside ? { isCardTalk: false } : memory.card);
    this.#maker = origin ? origin.#maker.copy() : new Tokens();
    this.#gate = origin ? origin.#gate.copy(values) : new Gate(values);
    this.#chars = origin ? origin.#chars : 0;
    this.#heardMs = origin ? origin.#heardMs : 0;
    this.#isNumberOpen = origin ? origin.#isNumberOpen : false;
  }

  /** Where the next result's text begins in the leg's, UTF-16 units. */
  get chars(): number {
    return this.#chars;
  }

  /** The other side has asked this leg for something. */
  ask(topic: Topic): void {
    this.#slot.open(topic);
  }

  /** Takes one final result; answers what has settled. */
  push(speech: Speech): Settled {
    this.#heardUntilMs = -Infinity;
    const offset = this.#chars;
    const items = cutItems(speech, offset === 0);
    if (items.length > 0) this.#heardMs = Math.max(this.#heardMs, speech.endMs);
    for (const item of items) this.#accept(item, offset);
    if (items.length > 0) this.#chars = offset + speech.text.length + 1;
    this.#gate.unstick(speech.endMs);
    return this.#take();
  }

  /**
   * Takes one partial result; answers what would come of it now. Nothing settles and nobody learns or is asked anything
   * by it: it leaves only the times of what was found, which stay hidden, and what it says of cards.
   */
  preview(speech: Speech): LookAhead {
    this.hear(speech);
    const items = cutItems(speech, this.#chars === 0);
    const count = wholeWords(items, MAX_PREVIEW_ITEMS);
    const values = new PreviewValues(this.#memory.values);
    const trial = new Engine(this.#options, this, values);
    for (const item of items.slice(0, count)) trial.#accept(item, this.#chars);
    const settled = trial.#take();
    this.#card.heed(trial.#card);
    this.#gate.stick(trial.#gate, settled);
    let whole: Settled | undefined;
    return {
      settled: values.known(settled),
      held: trial.#gate.held,
      isCut: count < items.length,
      judge: () => (whole ??= values.known(joinSettled(settled, trial.end()))),
    };
  }

  /** Takes note of a partial result without a look at its words: until it ends nobody is silent. */
  hear(speech: Speech): void {
    this.#heardUntilMs = speech.text.trim() === '' ? -Infinity : speech.endMs;
  }

  /** Answers what came up since it was last asked. */
  takeNotices(): readonly Notice[] {
    return this.#card.take();
  }

  /** Tells the time on the stream's timeline, in ms: after enough silence what is held is settled as by `settle`. */
  advance(nowMs: number): Settled {
    this.#heardMs = Math.max(this.#heardMs, nowMs);
    const { tokens, left } = this.#gate;
    const first = tokens[left];
    const last = tokens.at(-1);
    if (!first || !last) return this.#take();
    const quietMs = this.#isNumberOpen ? NUMBER_QUIET_MS : WORDS_QUIET_MS;
    if (nowMs - Math.max(last.endMs, this.#heardUntilMs) >= quietMs) return this.settle();
    if (nowMs - first.startMs >= this.#maxHoldMs) this.#judgeAll();
    return this.#take();
  }

  /** Ends the turn: everything held is settled; a number that may go on is hidden, and what continues it is too. */
  settle(): Settled {
    this.#judgeAll();
    this.#maker.endTurn();
    this.#slot.endTurn();
    return this.#take();
  }

  /** Nothing follows: what is held is judged as it stands. */
  end(): Settled {
    this.#detect(true);
    this.#gate.letGo(this.#gate.tokens.length);
    this.close();
    return this.#take();
  }

  /** Nobody asks this leg for anything any more. */
  close(): void {
    this.#memory.leave(this.#slot);
  }

  #accept(item: Item, offset: number): void {
    const gate = this.#gate;
    const token = this.#maker.next(item, this.#slot.at(item.startMs), offset);
    const sticky = gate.add(token);
    if (sticky !== undefined) this.#card.find(sticky, token, { isNew: false });
    if (!this.#isAside) this.#listen(token);
    this.#guardAfterGap(token);
    const since = gate.tokens[gate.left]?.startMs ?? token.startMs;
    if (gate.tokens.length - gate.left > MAX_HELD || token.endMs - since > this.#maxHoldMs) {
      this.#judgeAll();
      return;
    }
    if (this.#isNextSign()) return;
    const holdFrom = this.#isPlain() ? this.#letAllBe() : this.#detect(false);
    gate.letGoUncut(Math.min(holdFrom, gate.lastWords(this.#holdWords)));
  }

  #take(): Settled {
    return { ...this.#gate.take(), atMs: this.#heardMs };
  }

  /** Whether every sign of a run is: hidden once more under another name, a value would lose its own. */
  #isHidden({ start, end }: { readonly start: number; readonly end: number }): boolean {
    const { tokens } = this.#gate;
    for (let at = start; at < end; at += 1) {
      const isSpoken = isSign(tokens[at]) || tokens[at]?.symbol?.kind === 'homophone';
      if (isSpoken && !this.#gate.isHidden(at)) return false;
    }
    return true;
  }

  #letAllBe(): number {
    this.#isNumberOpen = false;
    return this.#gate.tokens.length;
  }

  /** What is held is judged as it stands. Digits at its end may be the beginning of a number. */
  #judgeAll(): void {
    this.#detect(true);
    const { tokens, left } = this.#gate;
    const run = tailOfRun(tokens, left);
    if (run && !this.#isHidden(run)) this.#hide({ ...run, type: 'NUMBER', confidence: 0.2, rule: 'open.run' });
    this.#gate.letGo(tokens.length);
  }

  /** One more digit of a row that is held: what the row is will be asked when it ends, as nothing can leave before. */
  #isNextSign(): boolean {
    const { tokens, left } = this.#gate;
    const at = tokens.length - 1;
    return at > left && this.#isNumberOpen && isSign(tokens[at]) && isSign(tokens[at - 1]);
  }

  /** Most talk is nothing but words that everybody says. */
  #isPlain(): boolean {
    const { tokens, left } = this.#gate;
    for (let at = left; at < tokens.length; at += 1) {
      const token = tokens[at];
      if (token?.isPlain !== true || this.#values.nameWith(token.fold)) return false;
      if (this.#rules?.watches(token) === true) return false;
    }
    return true;
  }

  /** Hears the newest word for questions, and for talk of cards. */
  #listen(token: Token): void {
    if (token.symbol !== undefined) this.#card.hear(token);
    if (token.kind !== 'word') return;
    const topic = this.#questions.note(token.fold, this.#maker.named);
    if (topic !== undefined) {
      this.#card.ask(topic, token);
      if (!this.#isTrial) this.#memory.ask(topic, this.#slot);
    }
    if (!this.#isTrial) this.#card.hearEnd(this.#gate.tokens);
  }

  /** After speech that was not heard a number may be half said: every digit and spelled letter is hidden. */
  #guardAfterGap(token: Token): void {
    this.#guard.hear(token.startMs);
    const { tokens, left } = this.#gate;
    const at = tokens.length - 1;
    if (!isSpelling(tokens, at) || !this.#guard.covers(token.startMs)) return;
    this.#guard.hearNumber(token.endMs);
    const start = left < at && this.#gate.isHidden(at - 1) ? at - 1 : at;
    this.#hide({ start, end: at + 1, type: 'NUMBER', confidence: 0.1, rule: 'resumed.run' });
  }

  /** Runs every detector; answers the place from which on something may yet come of the words. */
  #detect(isEnd: boolean): number {
    const { tokens, left } = this.#gate;
    const window: Window = { tokens, left, isEnd };
    let holdFrom = tokens.length;
    for (const detector of this.#detectors) {
      const detection = detector(window);
      if (detection.holdFrom < holdFrom) holdFrom = detection.holdFrom;
      for (const finding of detection.findings) if (!this.#isTooUnsure(finding)) this.#hide(finding);
    }
    this.#isNumberOpen = holdFrom < tokens.length;
    return holdFrom;
  }

  /** Less sure than its type must be, and neither an answer nor something that is never remembered. */
  #isTooUnsure({ type, confidence, start, end }: Finding): boolean {
    const least = this.#minConfidence.get(type);
    if (least === undefined || confidence >= least || !isRemembered(type)) return false;
    return this.#gate.tokens.slice(start, end).every(({ asked }) => asked === undefined);
  }

  #hide(finding: Finding): void {
    const { tokens, left } = this.#gate;
    this.#gate.hide(finding);
    const startMs = tokens[Math.max(finding.start, left)]?.startMs;
    const endMs = tokens[finding.end - 1]?.endMs;
    if (startMs === undefined || endMs === undefined || finding.end <= left) return;
    this.#card.find(finding.type, { startMs, endMs }, { isNew: finding.rule !== 'echo.number' });
  }
}

/** How many of the items, at most `max`, end where a word does. */
function wholeWords(items: readonly Item[], max: number): number {
  let count = Math.min(items.length, max);
  while (count > 0 && items[count]?.lead === '') count -= 1;
  return count;
}
