/**
 * E-mail addresses, written ("john.smith@example.com") or said ("j smith forty two at example dot co dot uk"). Any word
 * may be the beginning of one, so what could be a mailbox is held until the next words show whether it is.
 */

import type { Token } from '../speech/token.ts';
import type { Detector, Finding } from './detector.ts';
import { isStop, readHost } from './hosts.ts';
import { nothingFound } from './nothing-found.ts';
import { spellOut } from './spell-out.ts';

/** Words that stand before "at" in ordinary talk: "look at", "reach us at". Nobody's mailbox has these names. */
const TALK = new Set(
  (
    'look looking looked looks am pm not good bad great arrive arrived arriving stay stayed staying meet meeting met work ' +
    'works worked working live lives living home here there online out up down back aimed based start starts end ends ' +
    'located delivered angry mad call visit find available that this it is was are be been reach contact email emails'
  ).split(' '),
);
const JOINERS = new Set(['.', '_', '-', '+', '%', "'"]);
const MAX_LOCAL = 40;
/** A mailbox said in several words, when talk is of e-mail. */
const MAX_CUED = 8;
/** How far back an "at" may be and its host still be going on. */
const MAX_HOST = 24;

export const detectEmail: Detector = ({ tokens, left, isEnd }) => {
  const length = tokens.length;
  let findings: Finding[] | undefined;
  let holdFrom = length;
  for (let at = Math.max(1, left - MAX_HOST); at < length; at += 1) {
    if (!isAt(tokens[at])) continue;
    const start = localStart(tokens, at);
    if (start === at) continue;
    const host = readHost(tokens, at + 1);
    const isCued = isAbout(tokens[at]);
    const isWritten = tokens[at]?.fold === '@';
    const isLetter = tokens[start]?.fold.length === 1 && host.hasDot && host.isKnown;
    const isTalk = !isWritten && !isLetter && start === at - 1 && isTalkWord(tokens, start);
    if (isTalk) continue;
    const isEnough =
      (host.hasDot && (isWritten || host.isKnown || host.isProvider || isCued || host.isOpen)) ||
      (host.end > at + 1 && (isWritten || host.isProvider || (isCued && isEnd)));
    if (isEnough && host.end > left && !(host.isOpen && host.hasDot && !isEnd && !host.isKnown && !isWritten)) {
      const value = spellOut(tokens, start, host.end);
      const confidence = host.isKnown || isCued ? 0.95 : 0.7;
      (findings ??= []).push({
        start,
        end: host.end,
        type: 'EMAIL',
        confidence,
        rule: isWritten ? 'email.written' : 'email.spoken',
        value,
      });
    }
    if (host.isOpen && start >= left) holdFrom = Math.min(holdFrom, start);
  }
  if (!isEnd && holdFrom === length) holdFrom = chainStart(tokens, left);
  if (!findings && holdFrom === length) return nothingFound(length);
  return { findings: findings ?? [], holdFrom: isEnd ? length : Math.max(left, holdFrom) };
};

function isAt(token: Token | undefined): boolean {
  return token?.fold === 'at' || token?.fold === '@';
}

function isAbout(token: Token | undefined): boolean {
  return token?.asked === 'email' || token?.cue === 'email';
}

function isTalkWord(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  return token === undefined || (token.kind === 'word' && (TALK.has(token.fold) || isStop(token)));
}

/** Where the mailbox before a place begins; the place itself when none stands there. */
function localStart(tokens: readonly Token[], end: number): number {
  let start = end;
  const limit = Math.max(0, end - MAX_LOCAL);
  const isSpoken = tokens[end]?.fold !== '@' || tokens[end].lead === ' ';
  while (start > limit) {
    const before = tokens[start - 1];
    const first = tokens[start];
    if (!before) break;
    if (start === end) {
      if (before.kind === 'mark') break;
    } else if (isJoiner(before)) {
      if (
        start - 2 < limit ||
        tokens[start - 2]?.kind === 'mark' ||
        (before.kind === 'mark' && !isTight(tokens, start))
      )
        break;
      start -= 1;
    } else if (first && !isJoiner(first) && !isGlued(first)) {
      if (!isSpoken || !joinsOn(tokens, start, end)) break;
    }
    start -= 1;
  }
  return start;
}

function isGlued(token: Token): boolean {
  return token.lead === '';
}

/** A written joiner has no space after it. */
function isTight(tokens: readonly Token[], at: number): boolean {
  return tokens[at]?.lead === '' || tokens[at - 1]?.lead === ' ';
}

function isJoiner(token: Token): boolean {
  if (token.kind === 'mark') return JOINERS.has(token.fold);
  const symbol = token.symbol;
  return symbol?.kind === 'glue' && (JOINERS.has(symbol.mark) || token.fold === 'underscore');
}

/** Whether the word before `start` spells on: "j o h n", "j smith", "smith forty two"; any word when talk is of e-mail. */
function joinsOn(tokens: readonly Token[], start: number, end: number): boolean {
  const before = tokens[start - 1];
  const first = tokens[start];
  if (!before || !first || before.kind === 'mark') return false;
  if (isStop(before) && !(before.fold.length === 1 && isSign(first))) return false;
  if (isSign(before)) return true;
  if (isNumber(first)) return !TALK.has(before.fold);
  return isAbout(first) && end - start < MAX_CUED && before.symbol?.kind !== 'filler' && !isCueWord(before);
}

function isCueWord({ fold }: Token): boolean {
  return fold === 'email' || fold === 'mail' || fold === 'address' || fold === 'e';
}

function isSign(token: Token): boolean {
  return (
    isNumber(token) ||
    (token.symbol?.kind === 'letter' && !token.symbol.isWord) ||
    (token.kind === 'word' && token.fold.length === 1)
  );
}

function isNumber({ symbol }: Token): boolean {
  switch (symbol?.kind) {
    case 'digits':
    case 'unit':
    case 'teen':
    case 'ten':
    case 'repeat':
      return true;
    default:
      return false;
  }
}

/** What the words end with that would be a mailbox, were the next word "at". */
function chainStart(tokens: readonly Token[], left: number): number {
  const length = tokens.length;
  const last = tokens[length - 1];
  if (!last) return length;
  const isJoined = isJoiner(last) && last.fold !== '.' && last.fold !== ',';
  const end = isJoined ? length - 1 : length;
  if (end <= left) return length;
  const start = localStart(tokens, end);
  // One word is held by itself.
  return start < end - 1 || (isJoined && start < end) ? Math.max(left, start) : length;
}
