/**
 * Finds people's names in talk: words no dictionary knows, names that are hardly anything else, and ordinary words that
 * a title, an announcement, a neighbour or a capital makes a name. What an unknown word names is other detectors' matter;
 * that it is hidden is settled here.
 */

import { CITY, CLOSED, EVERYDAY, FIRST, LAST, PARTICLE, PERSONAL, SOFT_TITLE, TITLE } from '../lexicon/word-kinds.ts';
import type { Token } from '../speech/token.ts';
import { MAX_WINDOW, type Detection, type Finding, type Window } from './detector.ts';
import { announcement } from './announcements.ts';
import { nothingFound } from './nothing-found.ts';
import { hasCapital, isCapital, isTalk, isUnknown, rolesOf } from './word-roles.ts';

/** How many words before those held may still explain them. */
const CONTEXT = 4;
const MAX_SHORT_TURN = 3;
const LOOK_AHEAD = 2;

/** What a word has been found to be; ordered, more is surer. */
const NONE = 0;
const MAYBE = 1;
const UNKNOWN = 2;
const NAMED = 3;

let sure = new Uint8Array(MAX_WINDOW + LOOK_AHEAD);

export function detectNames(window: Window): Detection {
  const { tokens, left } = window;
  const roles = rolesOf(window);
  const from = Math.max(0, left - CONTEXT);
  if (!judgeAlone(tokens, roles, from)) return nothingFound(tokens.length);
  judgeByNeighbours(tokens, roles, from);
  judgeShortTurn(window, roles);
  const findings = collect(tokens, roles, left);
  return { findings, holdFrom: holdFrom(window, roles) };
}

/** Each word by itself and by what announces it; says whether there is anything to go on with. */
function judgeAlone(tokens: readonly Token[], roles: Int32Array, from: number): boolean {
  if (tokens.length + LOOK_AHEAD > sure.length) sure = new Uint8Array(2 * tokens.length + LOOK_AHEAD);
  sure.fill(NONE, tokens.length, tokens.length + LOOK_AHEAD);
  let any = false;
  for (let at = from; at < tokens.length; at += 1) {
    const value = judge(tokens, roles, at);
    sure[at] = value;
    any ||= value !== NONE;
  }
  return any;
}

function judge(tokens: readonly Token[], roles: Int32Array, at: number): number {
  const token = tokens[at];
  const role = roles[at] ?? 0;
  if (token?.kind !== 'word' || isGlued(tokens, at)) return NONE;
  if ((role & TITLE) !== 0 && (role & EVERYDAY) === 0) return NAMED;
  if (isUnknown(token, role)) return (role & PARTICLE) !== 0 ? MAYBE : UNKNOWN;
  if ((role & PERSONAL) !== 0 && !isSpelling(tokens, at)) return NAMED;
  if (token.fold.length < 2 || (role & CLOSED) !== 0) return capitalName(roles, at);
  if (isTalk(role) && (role & (FIRST | LAST)) === 0) return NONE;
  const announced = announcement(tokens, roles, at);
  if (announced === 'sure' && !isTalk(role)) return NAMED;
  if ((role & (FIRST | LAST)) === 0) return NONE;
  if (announced === 'likely' && (role & FIRST) !== 0) return NAMED;
  if (isCapital(roles[at] ?? 0) && (role & FIRST) !== 0) return NAMED;
  return MAYBE;
}

/** "Will" inside a sentence is somebody; "will" is not. */
function capitalName(roles: Int32Array, at: number): number {
  const role = roles[at] ?? 0;
  return (role & FIRST) !== 0 && isCapital(roles[at] ?? 0) ? NAMED : NONE;
}

/** A doubtful name beside a certain one, an initial or a particle between two: all belong to it. */
function judgeByNeighbours(tokens: readonly Token[], roles: Int32Array, from: number): void {
  for (let at = from + 1; at < tokens.length; at += 1) {
    if ((sure[at] ?? 0) >= UNKNOWN) continue;
    const before = sure[at - 1] ?? 0;
    if (before >= UNKNOWN && followsName(tokens, roles, at)) sure[at] = NAMED;
  }
  for (let at = tokens.length - 2; at >= from; at -= 1) {
    if ((sure[at] ?? 0) >= UNKNOWN || (sure[at + 1] ?? 0) < UNKNOWN) continue;
    if (precedesName(tokens, roles, at)) sure[at] = NAMED;
  }
}

function followsName(tokens: readonly Token[], roles: Int32Array, at: number): boolean {
  const role = roles[at] ?? 0;
  const token = tokens[at];
  if (token?.kind !== 'word') return false;
  const isInitial = token.fold.length === 1;
  const next = tokens[at + 1]?.text === '.' ? at + 2 : at + 1;
  const namedNext = (sure[next] ?? 0) >= UNKNOWN || ((roles[next] ?? 0) & LAST & ~CLOSED) !== 0;
  if (isInitial || (role & PARTICLE) !== 0) return namedNext && next < tokens.length;
  if (isTalk(role)) return false;
  if (isCapital(roles[at] ?? 0)) return true;
  if ((role & LAST) === 0 && (role & FIRST) === 0) return false;
  const beforeRole = roles[at - 1] ?? 0;
  // "Mehrudin Price", but not "Zonability price".
  return (role & EVERYDAY) === 0 || (beforeRole & (FIRST | PERSONAL | TITLE)) !== 0;
}

function precedesName(tokens: readonly Token[], roles: Int32Array, at: number): boolean {
  const role = roles[at] ?? 0;
  if (tokens[at]?.kind !== 'word') return false;
  if ((role & SOFT_TITLE) !== 0) return true;
  if (isTalk(role)) return false;
  return (role & FIRST) !== 0 || ((role & LAST) !== 0 && (role & EVERYDAY) === 0) || (role & PARTICLE) !== 0;
}

/** A turn of two or three words, one of them a name and none of them talk, is somebody's name. */
function judgeShortTurn({ tokens, left, isEnd }: Window, roles: Int32Array): void {
  const begin = isEnd ? shortTurn(tokens, roles) : -1;
  if (begin < 0) return;
  let isNamed = false;
  for (let at = begin; at < tokens.length; at += 1) {
    const role = roles[at] ?? 0;
    const isOwnWord = (role & EVERYDAY) !== 0 && (begin === tokens.length - 1 || !hasCapital(tokens[at]));
    isNamed ||= (sure[at] ?? 0) >= UNKNOWN || ((role & FIRST) !== 0 && !isOwnWord && !isSpelling(tokens, at));
  }
  if (!isNamed) return;
  for (let at = Math.max(begin, left); at < tokens.length; at += 1) if (tokens[at]?.kind === 'word') sure[at] = NAMED;
}

/** Where the turn began, if it has only so few words and they may all be a name; otherwise -1. */
function shortTurn(tokens: readonly Token[], roles: Int32Array): number {
  const last = tokens.at(-1);
  if (!last || last.inTurn >= 2 * MAX_SHORT_TURN) return -1;
  const begin = tokens.length - 1 - last.inTurn;
  let words = 0;
  for (let at = Math.max(0, begin); at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token?.kind === 'digits') return -1;
    if (token?.kind !== 'word') continue;
    words += 1;
    if (isTalk(roles[at] ?? 0)) return -1;
  }
  return begin >= 0 && words <= MAX_SHORT_TURN ? begin : -1;
}

/** Runs of what is sure, as findings. */
function collect(tokens: readonly Token[], roles: Int32Array, left: number): readonly Finding[] {
  const findings: Finding[] = [];
  let at = left;
  while (at < tokens.length) {
    if ((sure[at] ?? 0) < UNKNOWN) {
      at += 1;
      continue;
    }
    let end = at + 1;
    while (end < tokens.length && joins(tokens, end)) end += 1;
    while ((sure[end - 1] ?? 0) < UNKNOWN) end -= 1;
    addFindings(findings, tokens, roles, at, end);
    at = end;
  }
  return findings;
}

function joins(tokens: readonly Token[], at: number): boolean {
  if ((sure[at] ?? 0) >= UNKNOWN) return true;
  const mark = tokens[at]?.text;
  return (
    (mark === '.' || mark === '-' || mark === "'" || mark === '’') &&
    (sure[at + 1] ?? 0) >= UNKNOWN &&
    at + 1 < tokens.length
  );
}

function addFindings(
  findings: Finding[],
  tokens: readonly Token[],
  roles: Int32Array,
  start: number,
  end: number,
): void {
  let at = start;
  while (at < end && ((roles[at] ?? 0) & TITLE) !== 0) at += 1;
  if (at > start) findings.push({ start, end: at, type: 'TITLE', confidence: 0.8, rule: 'title.word' });
  if (at >= end) return;
  let isNamed = false;
  let isPlace = true;
  for (let place = at; place < end; place += 1) {
    const role = roles[place] ?? 0;
    isNamed ||= sure[place] === NAMED || (role & (FIRST | LAST)) !== 0;
    isPlace &&= (role & CITY) !== 0 && (role & FIRST) === 0;
  }
  const value = valueOf(tokens, at, end);
  if (isPlace && !isNamed) findings.push({ start: at, end, type: 'CITY', confidence: 0.55, rule: 'city.known', value });
  else
    findings.push({
      start: at,
      end,
      type: 'NAME',
      confidence: isNamed ? 0.6 : 0.4,
      rule: isNamed ? 'name.known' : 'name.unknown',
      value,
    });
}

function valueOf(tokens: readonly Token[], start: number, end: number): string {
  let value = '';
  for (let at = start; at < end; at += 1) {
    const token = tokens[at];
    if (token?.kind === 'word') value += `${value === '' ? '' : ' '}${token.fold.replace(/['’]s?$/u, '')}`;
  }
  return value;
}

/** Words yet to come may show the tail to be part of a name. */
function holdFrom({ tokens, left, isEnd }: Window, roles: Int32Array): number {
  const end = tokens.length;
  if (isEnd) return end;
  const begin = shortTurn(tokens, roles);
  if (begin >= 0) return Math.max(begin, left);
  let at = end;
  // "Vincent van der …", "Stefanie F. …"
  while (at - 1 > left && end - at < 3 && isLink(tokens, roles, at - 1)) at -= 1;
  return at < end && (sure[at - 1] ?? 0) >= UNKNOWN ? at : end;
}

function isLink(tokens: readonly Token[], roles: Int32Array, at: number): boolean {
  const token = tokens[at];
  if (token?.text === '.') return tokens[at - 1]?.fold.length === 1;
  return (
    token?.kind === 'word' && (((roles[at] ?? 0) & PARTICLE) !== 0 || (token.fold.length === 1 && token.fold !== 'i'))
  );
}

/** Part of an address on the net, or the "th" of "10th". */
function isGlued(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  const before = tokens[at - 1];
  if (token?.lead !== '' || !before) return false;
  return before.kind === 'digits' && token.fold.length <= 2;
}

/** "Mike" and "Oscar" are letters too, and stand beside others then. */
function isSpelling(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  if (token?.symbol?.kind !== 'letter') return false;
  return isCode(tokens[at - 1]) || isCode(tokens[at + 1]);
}

function isCode(token: Token | undefined): boolean {
  return token?.symbol !== undefined && token.symbol.kind !== 'filler' && token.symbol.kind !== 'and';
}
