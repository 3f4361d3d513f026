/**
 * One leg of speech made of text: says its words one after the other and shows what the redactor lets go of, with the
 * layout of the text kept and every place given in the text itself.
 */

import { CallMemory } from '../../governance/redaction/call-memory.ts';
import { detectionFor } from '../../governance/redaction/detection.ts';
import type { Detector } from '../../governance/redaction/detect/detector.ts';
import { Engine, type Settled, type SettledFinding } from '../../governance/redaction/engine.ts';
import type { LinkKey } from '../../governance/redaction/linkable-token.ts';
import type { Token, Topic } from '../../governance/redaction/speech/token.ts';
import { actionFor, placeholder } from '../../governance/redaction/renderer.ts';
import { dropsUtterances, Utterance, UTTERANCE } from '../../governance/redaction/utterance.ts';
import type { RedactionAction } from '../../model/redaction-action.ts';
import { DEFAULT_REDACTION, type RedactionSettings } from '../../model/redaction-settings.ts';
import type { RedactionPlan } from '../../model/transcript.ts';
import { cutWords, timesOf, WORD_MS, type SpokenWord } from './spoken-words.ts';

export interface LegOptions {
  readonly plan: RedactionPlan;
  readonly settings?: RedactionSettings | undefined;
  /** Without it tokens that link calls are pseudonyms. */
  readonly linkKey?: LinkKey | undefined;
  /** Speech before this was not heard. */
  readonly resumed: boolean;
  /** What the other leg has just asked for. */
  readonly asked: Topic | undefined;
  /** Whether each word is a result of its own; otherwise as many as one result may hold. */
  readonly isByWord: boolean;
  /** In place of those there are. */
  readonly detectors?: readonly Detector[] | undefined;
}

/** What was let go of in one go. */
export interface Step {
  /** When, in ms since the leg began. */
  readonly atMs: number;
  readonly fragments: readonly Fragment[];
  /** How many words are held back now. */
  readonly heldWords: number;
}

/** A word, or something found, with the space before it. */
export interface Fragment {
  readonly text: string;
  /** Places in the text, end exclusive, without the space before it. */
  readonly s: number;
  readonly e: number;
  /** From the end of its first word to its release. */
  readonly heldMs: number;
  readonly found?: Found;
}

export interface Found {
  readonly type: string;
  readonly rule: string;
  readonly confidence: number;
  readonly action: RedactionAction;
}

/** The redactor takes 8 Ki characters in one result. */
const MAX_EVENT_CHARS = 8 * 1024;
const MAX_EVENT_WORDS = 1024;

export class Leg {
  readonly #engine: Engine;
  readonly #plan: RedactionPlan;
  readonly #linkKey: LinkKey | undefined;
  /** Kept back where the plan may drop it. */
  readonly #utterance = new Utterance();
  readonly #isByWord: boolean;
  /** The text that has not all been shown, from `#base` on. */
  #text = '';
  #base = 0;
  #shownTo = 0;
  /** Units the engine has been given, and by how much its places differ from ours from which of them on. */
  #given = 0;
  readonly #shifts: { readonly from: number; readonly shift: number }[] = [];
  #saidMs = 0;
  #settledMs = 0;

  constructor({ plan, settings = DEFAULT_REDACTION, linkKey, resumed, asked, isByWord, detectors }: LegOptions) {
    this.#plan = plan;
    this.#linkKey = linkKey;
    this.#isByWord = isByWord;
    this.#engine = new Engine({
      memory: new CallMemory(),
      resumed,
      ...detectionFor(settings),
      ...(detectors && { detectors }),
    });
    if (asked !== undefined) this.#engine.ask(asked);
  }

  /** Says more of the text; space at its end is kept for what follows. */
  *say(text: string): Generator<Step> {
    this.#forgetShown();
    const start = this.#base + this.#text.length;
    this.#text += text;
    const words = cutWords(text);
    const perEvent = this.#isByWord ? 1 : MAX_EVENT_WORDS;
    for (let from = 0; from < words.length;) {
      let to = from + 1;
      while (to < words.length && to - from < perEvent && lengthOf(words, from, to) <= MAX_EVENT_CHARS) to += 1;
      yield this.#push(text, words.slice(from, to), start);
      from = to;
    }
  }

  /** The speaker pauses: everything said so far is shown. */
  pause(): Step {
    return this.#step(this.#engine.settle(), { isAll: true });
  }

  end(): Step {
    return this.#step(this.#engine.end(), { isAll: true });
  }

  #push(text: string, words: readonly SpokenWord[], start: number): Step {
    const [first, last] = [words[0], words.at(-1)];
    const s = first?.s ?? 0;
    const spoken = text.slice(s, last?.e);
    const shift = start + s - this.#given;
    if (this.#shifts.at(-1)?.shift !== shift) this.#shifts.push({ from: this.#given, shift });
    this.#given += spoken.length + 1;
    const startMs = this.#saidMs;
    this.#saidMs += words.length * WORD_MS;
    const times = timesOf(words.length, startMs);
    return this.#step(this.#engine.push({ text: spoken, startMs, endMs: this.#saidMs, words: times }));
  }

  #step(settled: Settled, { isAll }: { readonly isAll: boolean } = { isAll: false }): Step {
    const fragments = this.#judge(settled, isAll);
    if (isAll) {
      const at = this.#base + this.#text.length;
      const text = this.#spaceBefore(at);
      this.#shownTo = at;
      if (text !== '') fragments.push({ text, s: at, e: at, heldMs: 0 });
    }
    return { atMs: this.#saidMs, fragments, heldWords: Math.round((this.#saidMs - this.#settledMs) / WORD_MS) };
  }

  #judge(settled: Settled, isAll: boolean): Fragment[] {
    if (!dropsUtterances(this.#plan)) return this.#show(settled);
    this.#utterance.add(settled);
    const parts = isAll ? this.#utterance.takeAll() : this.#utterance.takeFull();
    const fragments = parts.flatMap((part) =>
      this.#utterance.drop(part, this.#plan) ? [this.#dropped(part)] : this.#show(part),
    );
    if (isAll) this.#utterance.end();
    return fragments;
  }

  /** In the place of all that was said. */
  #dropped({ tokens, findings }: Settled): Fragment {
    const cause = findings.find(({ type }) => actionFor(type, this.#plan) === 'drop_utterance');
    const { rule = 'utterance.rest', confidence = 1 } = cause ?? {};
    const whole = { start: 0, end: tokens.length, type: UTTERANCE, rule, confidence, value: undefined };
    return this.#fragment(tokens, whole, 'drop_utterance');
  }

  #show({ tokens, findings }: Settled): Fragment[] {
    const fragments: Fragment[] = [];
    let next = 0;
    for (let from = 0; from < tokens.length;) {
      const finding = findings[next];
      const isFound = finding?.start === from;
      const to = isFound ? finding.end : this.#endOfShown(tokens, from, finding?.start ?? tokens.length);
      fragments.push(this.#fragment(tokens.slice(from, to), isFound ? finding : undefined));
      if (isFound) next += 1;
      from = to;
    }
    const settledTo = tokens.at(-1)?.e ?? 0;
    while ((this.#shifts[1]?.from ?? Infinity) <= settledTo) this.#shifts.shift();
    return fragments;
  }

  /** Tokens glued to each other are one word; where no word has a time of its own, all of them are one piece. */
  #endOfShown(tokens: readonly Token[], from: number, limit: number): number {
    if (!this.#isByWord) return limit;
    let to = from + 1;
    while (to < limit && tokens[to]?.lead === '') to += 1;
    return to;
  }

  #fragment(
    tokens: readonly Token[],
    finding: SettledFinding | undefined,
    action = finding && actionFor(finding.type, this.#plan),
  ): Fragment {
    const [first, last] = [tokens[0], tokens.at(-1)];
    const s = this.#placeOf(first?.s ?? 0);
    const heldMs = this.#saidMs - (first?.endMs ?? 0);
    this.#settledMs = last?.endMs ?? this.#settledMs;
    const isShown = finding === undefined || action === 'allow';
    const gap = first === undefined || isShown ? '' : this.#gap(first);
    const e = this.#placeOf((last?.e ?? 1) - 1) + 1;
    const text = isShown ? this.#textOf(tokens, e) : gap + placeholder(finding, action ?? 'mask', this.#linkKey);
    this.#shownTo = e;
    if (finding === undefined || action === undefined) return { text, s, e, heldMs };
    const { type, rule, confidence } = finding;
    return { text, s, e, heldMs, found: { type, rule, confidence, action } };
  }

  /** Words that stay, with the space before and between them. */
  #textOf(tokens: readonly Token[], e: number): string {
    const raw = this.#text.slice(this.#shownTo - this.#base, e - this.#base);
    if (RAW.test(raw)) return raw;
    let text = '';
    for (const token of tokens) text += this.#gap(token) + token.text;
    return text;
  }

  /** The space before a token, as the text has it. */
  #gap(token: Token): string {
    const s = this.#placeOf(token.s);
    const space = token.lead === '' && this.#shownTo > 0 ? '' : this.#spaceBefore(s) || token.lead;
    this.#shownTo = this.#placeOf(token.e - 1) + 1;
    return space;
  }

  #spaceBefore(place: number): string {
    const between = this.#text.slice(this.#shownTo - this.#base, place - this.#base);
    return between === '' || between === ' ' ? between : between.replaceAll(NO_SPACE, '').replaceAll(ODD_SPACE, ' ');
  }

  /** Where a place of the engine is in the text. */
  #placeOf(at: number): number {
    let index = this.#shifts.length - 1;
    while (index > 0 && (this.#shifts[index]?.from ?? 0) > at) index -= 1;
    return at + (this.#shifts[index]?.shift ?? 0);
  }

  #forgetShown(): void {
    this.#text = this.#text.slice(this.#shownTo - this.#base);
    this.#base = this.#shownTo;
  }
}

/** What comes out as it is. */
const RAW = /^[ -~\t\n]*$/;
/** Between two words is nothing else to see, whatever invisible characters stand there. */
const NO_SPACE = /\S+/g;
/** Space that writes over a line, or begins one where no line ended. */
const ODD_SPACE = /\r(?!\n)|[^ \t\r\n]/g;

function lengthOf(words: readonly SpokenWord[], from: number, to: number): number {
  return (words[to]?.e ?? 0) - (words[from]?.s ?? 0);
}
