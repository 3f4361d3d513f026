/**
 * Finds the runs of digits and letters in a window of speech, written or spoken, over fillers, separators and spelling
 * words. It says where a run is and how it reads; what the run is, and whether it is hidden, is for detectors to say.
 */

import type { Window } from '../detect/detector.ts';
import { readText } from './readings.ts';
import { roleOf, type Member, type Part } from './run-members.ts';
import type { Token } from './token.ts';

export interface Run {
  /** The window's tokens from the first sure part to the last, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** With doubtful parts at the edges and a plus sign: what to hide of a run that is hidden. */
  readonly outerStart: number;
  readonly outerEnd: number;
  /** What it is made of; other readings of it are `readingsOf(run.parts)`. */
  readonly parts: readonly Part[];
  readonly members: readonly Member[];
  /** The likeliest reading: lower-case letters and digits in their order, and the digits alone. */
  readonly text: string;
  readonly digits: string;
  /** The digits with homophones at the edges taken for digits too. */
  readonly widest: string;
  /** Lengths of the digit groups when all of it was written in digits, else empty. */
  readonly groups: readonly number[];
  readonly hasPlus: boolean;
  /** Words yet to come may be part of it. */
  readonly isOpen: boolean;
  /** It was taken back, and words yet to come may say what was meant. */
  readonly awaitsCorrection: boolean;
  /** "No wait", "sorry" stands between the run before and this one: both are the same value, said twice. */
  readonly corrects: boolean;
}

/** What may stand between two parts of one run, and between a value and its correction. */
const MAX_WORDS_BETWEEN = 4;
const MAX_MARKS_BETWEEN = 8;
const MAX_WORDS_OF_CORRECTION = 6;
/** A pause that ends a run. */
const MAX_GAP_MS = 4000;
/** Doubtful parts in front of a run that may belong to it. */
const MAX_FRONT = 2;
/** So many likely parts make a run without a sure one: "bravo tango zulu". */
const MIN_LIKELY = 3;

const NONE: readonly Run[] = [];

/**
 * All runs that reach into what is held, in order; also those that began in what has left. Costs one step per token,
 * and nothing where no digit or letter is held. Several detectors ask of the same window: it is scanned for the first.
 */
export function runsOf(window: Window): readonly Run[] {
  const known = scanned.get(window);
  if (known) return known;
  const runs = hasSign(window.tokens, window.left) ? new RunScan(window).runs : NONE;
  scanned.set(window, runs);
  return runs;
}

/** Gone with the window: nothing that was said is kept here. */
const scanned = new WeakMap<Window, readonly Run[]>();

/** Where the last run may be continued by words yet to come, a correction of it among them; else `tokens.length`. */
export function openFrom(window: Window, runs: readonly Run[]): number {
  const last = runs.at(-1);
  // What is corrected is hidden with its correction, unless it is a single digit.
  const isHeld = last?.isOpen === true || (last?.awaitsCorrection === true && last.text.length > 1);
  if (window.isEnd || !isHeld) return window.tokens.length;
  let at = runs.length - 1;
  while (at > 0 && runs[at]?.corrects === true) at -= 1;
  return Math.max(window.left, runs[at]?.outerStart ?? window.tokens.length);
}

/** Whether anything that is held may make a run: "a" and "I" alone do not. */
function hasSign(tokens: readonly Token[], from: number): boolean {
  for (let at = from; at < tokens.length; at += 1) {
    const token = tokens[at];
    switch (token?.symbol?.kind) {
      case 'digits':
      case 'unit':
      case 'teen':
      case 'ten':
      case 'scale':
        return true;
      case 'letter':
        if (token.fold !== 'a' && token.fold !== 'i') return true;
        break;
      default:
    }
  }
  return false;
}

/** Where a run that reaches into what is held may have begun: behind the last plain word before it. */
function scanStart(tokens: readonly Token[], left: number): number {
  let at = left;
  while (at > 0 && isPassable(tokens, at - 1)) at -= 1;
  return at;
}

function isPassable(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  if (!token) return false;
  return token.symbol !== undefined || token.kind === 'mark' || tokens[at + 1]?.kind === 'digits';
}

class RunScan {
  readonly runs: Run[] = [];
  readonly #tokens: readonly Token[];
  readonly #left: number;
  #members: Member[] = [];
  #front: Member[] = [];
  #plusAt = -1;
  #wordsBetween = 0;
  #marksBetween = 0;
  #isCorrecting = false;
  #wordsOfCorrection = 0;

  constructor({ tokens, left, isEnd }: Window) {
    this.#tokens = tokens;
    this.#left = left;
    for (let at = scanStart(tokens, left); at < tokens.length;) at = this.#take(at);
    this.#close(!isEnd, false);
    const last = this.runs.at(-1);
    if (last && this.#isCorrecting && !isEnd) this.runs[this.runs.length - 1] = { ...last, awaitsCorrection: true };
  }

  #take(at: number): number {
    const last = this.#members.at(-1);
    if (last && this.#gapBefore(at, last) > MAX_GAP_MS) this.#close(false, false);
    const role = roleOf(this.#tokens, at, this.#members.at(-1));
    if (typeof role === 'object') {
      this.#add(role);
      return role.end;
    }
    switch (role) {
      case 'plus':
        this.#close(false, false);
        this.#plusAt = at;
        break;
      case 'correction':
        this.#close(false, true);
        break;
      case 'word-between':
        if (++this.#wordsBetween > MAX_WORDS_BETWEEN) this.#close(false, false);
        break;
      case 'mark-between':
        if (++this.#marksBetween > MAX_MARKS_BETWEEN) this.#close(false, false);
        break;
      case 'end':
        this.#close(false, false);
        break;
    }
    return at + 1;
  }

  #gapBefore(at: number, last: Member): number {
    const token = this.#tokens[at];
    const before = this.#tokens[last.end - 1];
    return token && before ? token.startMs - before.endMs : 0;
  }

  #add(member: Member): void {
    if (this.#members.length === 0 && member.weight === 'doubtful') {
      if (this.#front.at(-1)?.end !== member.start) this.#front = [];
      this.#front.push(member);
      if (this.#front.length > MAX_FRONT) this.#front.shift();
      return;
    }
    this.#members.push(member);
    if (member.weight === 'doubtful') return;
    this.#wordsBetween = 0;
    this.#marksBetween = 0;
  }

  #close(isOpen: boolean, byCorrection: boolean): void {
    const members = this.#members;
    const hadRun = members.length > 0;
    const reachesHeld = (members.at(-1)?.end ?? 0) > this.#left;
    const run = reachesHeld ? this.#describe(members, isOpen) : undefined;
    if (run) this.runs.push(run);
    if (byCorrection) this.#isCorrecting ||= hadRun;
    else if (hadRun || ++this.#wordsOfCorrection > MAX_WORDS_OF_CORRECTION) this.#isCorrecting = false;
    if (hadRun || byCorrection) this.#wordsOfCorrection = 0;
    this.#members = [];
    this.#front = [];
    this.#plusAt = -1;
    this.#wordsBetween = 0;
    this.#marksBetween = 0;
  }

  /** "A" and "I" right in front of another letter are letters: "a b nine". */
  #lettersInFront([head, next]: readonly Member[]): readonly Member[] {
    const nearest = this.#front.at(-1);
    const isBesideLetter = isLetter(head?.part) || (head?.part.kind === 'unit' && isLetter(next?.part));
    const isOne = nearest !== undefined && isBesideLetter && nearest.end === head?.start && isLetter(nearest.part);
    return isOne ? this.#front.splice(-1) : [];
  }

  #describe(members: readonly Member[], isOpen: boolean): Run | undefined {
    let last = members.length - 1;
    while (last >= 0 && !mayEnd(members[last])) last -= 1;
    const core = [...this.#lettersInFront(members), ...members.slice(0, last + 1)];
    const head = core[0];
    const tail = core.at(-1);
    if (!head || !tail || !isRun(core, isOpen)) return undefined;
    const parts = core.map(({ part }) => part);
    const text = readText(parts);
    const front = this.#front.at(-1)?.end === head.start && isSaid(head.part) ? this.#front : [];
    const outerStart = front[0]?.start ?? head.start;
    const outerEnd = isSaid(tail.part) ? edgeAfter(members, last) : tail.end;
    if (outerEnd <= this.#left) return undefined;
    const digits = text.replaceAll(/[^0-9]/g, '');
    const behind = outerEnd > tail.end ? members.slice(last + 1) : [];
    const hasPlus = this.#plusAt >= 0 && this.#plusAt >= outerStart - 2;
    return {
      start: head.start,
      end: tail.end,
      outerStart: hasPlus ? this.#plusAt : outerStart,
      outerEnd,
      parts,
      members: core,
      text,
      digits,
      widest: soundsOf(front, outerEnd) + digits + soundsOf(behind, outerEnd),
      groups: groupsOf(parts),
      hasPlus,
      isOpen,
      awaitsCorrection: false,
      corrects: this.#isCorrecting,
    };
  }
}

function isLetter(part: Part | undefined): boolean {
  return part?.kind === 'letter';
}

/** Two likely parts at the end may become a run with the next word. */
function isRun(core: readonly Member[], isOpen: boolean): boolean {
  let likely = 0;
  for (const { weight } of core) {
    if (weight === 'firm') return true;
    if (weight === 'likely') likely += 1;
  }
  return likely >= (isOpen ? MIN_LIKELY - 1 : MIN_LIKELY);
}

function mayEnd(member: Member | undefined): boolean {
  return member?.weight !== 'doubtful' && member?.part.kind !== 'repeat';
}

/** Homophones right behind a run: "five to six ate for". One of them may be a digit, so all are hidden with it. */
function edgeAfter(members: readonly Member[], last: number): number {
  let end = members[last]?.end ?? 0;
  for (const { start, end: next, part } of members.slice(last + 1)) {
    if (start !== end || part.kind !== 'homophone' || part.digit === undefined) break;
    end = next;
  }
  return end;
}

/** What homophones at an edge would be as digits. */
function soundsOf(members: readonly Member[], until: number): string {
  let digits = '';
  for (const { part, end } of members) if (part.kind === 'homophone' && end <= until) digits += part.digit ?? '';
  return digits;
}

/** A homophone can be part only of what is spoken: beside written digits it is the word itself. */
function isSaid(part: Part): boolean {
  return part.kind !== 'digits';
}

function groupsOf(parts: readonly Part[]): readonly number[] {
  const lengths: number[] = [];
  for (const part of parts) {
    if (part.kind !== 'digits') return [];
    lengths.push(part.digits.length);
  }
  return lengths;
}
