/** Addresses of machines: IPv4 and IPv6, written or said, and the MAC addresses of network cards. */

import type { Token } from '../speech/token.ts';
import type { Detector, Finding } from './detector.ts';
import { nothingFound } from './nothing-found.ts';
import { isPlainTalk } from './plain-talk.ts';
import { spellOut } from './spell-out.ts';

/** The longest is IPv6 said sign by sign. */
const MAX_ADDRESS = 64;
/** How many signs an octet or a group may be said with: "two hundred and fifty five". */
const MAX_GROUP = 6;

export const detectIp: Detector = (window) => {
  const { tokens, left, isEnd } = window;
  const length = tokens.length;
  if (isPlainTalk(window) || !hasMark(tokens)) return nothingFound(length);
  let findings: Finding[] | undefined;
  let holdFrom = length;
  for (let at = Math.max(0, left - MAX_ADDRESS); at < length; at += 1) {
    if (!isGroupStart(tokens, at)) continue;
    const dotted = groupsEnd(tokens, at, isDot);
    const coloned = dotted.marks > 0 ? dotted : groupsEnd(tokens, at, isColon);
    const { end, marks } = coloned;
    const isAddress = dotted.marks > 0 ? marks === 3 : isColonAddress(tokens, at, end, marks);
    if (isAddress && end > left)
      (findings ??= []).push({
        start: at,
        end,
        type: 'IP',
        confidence: 0.85,
        rule: 'ip.groups',
        value: spellOut(tokens, at, end),
      });
    if (!isEnd && end >= length && marks > 0) holdFrom = Math.min(holdFrom, at);
    if (marks > 0) at = end - 1;
  }
  if (!findings && holdFrom === length) return nothingFound(length);
  return { findings: findings ?? [], holdFrom: Math.max(left, holdFrom) };
};

function hasMark(tokens: readonly Token[]): boolean {
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token?.symbol?.kind === 'glue' && (isDot(token) || isColon(token))) return true;
  }
  return false;
}

type IsMark = (token: Token | undefined) => boolean;

interface Groups {
  readonly end: number;
  readonly marks: number;
}

const NONE: Groups = { end: 0, marks: 0 };

/** Groups of signs with a mark, or two, between each. */
function groupsEnd(tokens: readonly Token[], from: number, isMark: IsMark): Groups {
  let end = groupEnd(tokens, from);
  if (!isMark(tokens[end])) return NONE;
  let marks = 0;
  while (end < from + MAX_ADDRESS && isMark(tokens[end])) {
    const group = groupEnd(tokens, end + 1);
    if (group === end + 1 && !isMark(tokens[group])) {
      // A full stop after the last group ends the sentence.
      return { end: tokens[group] === undefined && tokens[end]?.kind === 'word' ? group : end, marks };
    }
    marks += 1;
    end = group;
  }
  return { end, marks };
}

function groupEnd(tokens: readonly Token[], from: number): number {
  let end = from;
  while (end < from + MAX_GROUP && isHex(tokens, end, end > from)) end += 1;
  return end;
}

/** Digits in any spelling, and the letters a to f. */
function isHex(tokens: readonly Token[], at: number, isInside: boolean): boolean {
  const token = tokens[at];
  switch (token?.symbol?.kind) {
    case 'digits':
    case 'unit':
    case 'teen':
    case 'ten':
    case 'repeat':
      return true;
    case 'letter':
      return token.symbol.letter <= 'f';
    case 'scale':
    case 'and':
      return isInside;
    default:
      return token?.kind === 'word' && token.fold.length <= 4 && /^[0-9a-f]{1,4}$/.test(token.fold);
  }
}

function isGroupStart(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  if (!token || token.kind === 'mark') return token?.fold === ':' && tokens[at + 1]?.fold === ':' && token.lead === ' ';
  if (!isHex(tokens, at, false)) return false;
  const isMarked = isDot(tokens[at - 1]) || isColon(tokens[at - 1]);
  return (
    !isMarked && (at === 0 || token.lead === ' ' || tokens[at - 1]?.kind === 'mark' || !isHex(tokens, at - 1, true))
  );
}

function isDot(token: Token | undefined): boolean {
  return token?.fold === '.' || token?.fold === 'dot' || token?.fold === 'point' || token?.fold === 'period';
}

function isColon(token: Token | undefined): boolean {
  return token?.fold === ':' || token?.fold === 'colon' || (token?.fold === '-' && token.lead === '');
}

/** Two colons together, or more groups than a time of day or a date has. */
function isColonAddress(tokens: readonly Token[], start: number, end: number, marks: number): boolean {
  if (marks >= 5) return true;
  if (marks < 2 || tokens[start + 1]?.fold === '-') return false;
  for (let at = start; at + 1 < end; at += 1)
    if (tokens[at]?.fold !== '-' && isColon(tokens[at]) && isColon(tokens[at + 1])) return true;
  return false;
}
