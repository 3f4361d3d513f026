/** Web addresses, written ("https://www.example.com/a?b=c") or said ("h t t p colon slash slash example dot com slash a"). */

import type { Token } from '../speech/token.ts';
import type { Detector, Finding } from './detector.ts';
import { isDot, isEnding, isStop, readHost, readLabels } from './hosts.ts';
import { nothingFound } from './nothing-found.ts';
import { spellOut } from './spell-out.ts';

const SCHEMES = new Set(['http', 'https', 'ftp', 'sftp', 'www', 'wss']);
const SITES = new Set('website site webpage url domain web homepage'.split(' '));
const JOINS = new Set(['dot', 'slash', 'colon', 'dash', 'hyphen', 'underscore', 'point', 'period', 'forward']);
const PATH_MARKS = /^[/:?=&#%~_.+@$!*;-]$/;
const MAX_URL = 64;
const MAX_SITE_WORDS = 4;

export const detectUrl: Detector = ({ tokens, left, isEnd }) => {
  const length = tokens.length;
  let findings: Finding[] | undefined;
  let holdFrom = length;
  for (let at = Math.max(0, left - MAX_URL); at < length; at += 1) {
    const token = tokens[at];
    if (!token) break;
    const scheme = schemeEnd(tokens, at, token);
    let start = at;
    let end = at;
    if (scheme > at) {
      const host = readHost(tokens, scheme);
      end = host.hasDot || token.fold !== 'www' ? pathEnd(tokens, Math.max(host.end, scheme)) : at;
      if (host.isOpen) holdFrom = Math.min(holdFrom, at);
    } else if (isDotAt(tokens, at, token)) {
      const host = readLabels(tokens, at, false);
      start = labelStart(tokens, at);
      if (start === at) continue;
      if (host.isKnown && isDomain(tokens, at, host.end)) end = pathEnd(tokens, host.end);
      else if (host.isOpen) holdFrom = Math.min(holdFrom, start);
    }
    if (end <= at || end <= left) continue;
    (findings ??= []).push({
      start,
      end,
      type: 'URL',
      confidence: 0.8,
      rule: scheme > at ? 'url.scheme' : 'url.domain',
      value: spellOut(tokens, start, end),
    });
    at = Math.max(at, end - 1);
  }
  if (holdFrom === length && !isEnd) holdFrom = siteHold(tokens, left);
  if (!findings && holdFrom === length) return nothingFound(length);
  return { findings: findings ?? [], holdFrom: isEnd ? length : Math.max(left, holdFrom) };
};

function isDotAt(tokens: readonly Token[], at: number, token: Token): boolean {
  return (token.fold === '.' || token.fold === 'dot') && isDot(tokens, at) && at > 0;
}

/** End of "https", "http://", "h t t p colon slash slash", "www dot", "w w w dot"; the place itself when none begins there. */
function schemeEnd(tokens: readonly Token[], at: number, token: Token): number {
  let end = at;
  if (token.kind !== 'word' || !mayBeScheme(token.fold)) return at;
  if (SCHEMES.has(token.fold)) end = at + 1;
  else if (token.fold === 'w' && isRow(tokens, at, 'www')) end = at + 3;
  else if (token.fold === 'h' && isRow(tokens, at, 'http')) end = at + 4 + (tokens[at + 4]?.fold === 's' ? 1 : 0);
  else if (token.fold === 'triple' && tokens[at + 1]?.fold === 'w') end = at + 2;
  else return at;
  while (end < at + 12 && isSchemeMark(tokens[end])) end += 1;
  const next = tokens[end];
  if (!next || end === at) return end;
  // "https www dot example dot com"
  const www = next.fold === 'www' ? end + 1 : next.fold === 'w' && isRow(tokens, end, 'www') ? end + 3 : end;
  return www > end && isDot(tokens, www) ? www + 1 : isDot(tokens, end) ? end + 1 : end;
}

/** Asked of every word of every call: schemes begin with few letters. */
function mayBeScheme(fold: string): boolean {
  const first = fold.charAt(0);
  return first === 'h' || first === 'w' || first === 'f' || first === 's' || first === 't';
}

function isRow(tokens: readonly Token[], at: number, letters: string): boolean {
  for (let place = 0; place < letters.length; place += 1)
    if (tokens[at + place]?.fold !== letters.charAt(place)) return false;
  return true;
}

function isSchemeMark(token: Token | undefined): boolean {
  if (!token) return false;
  return /^[:/]$/.test(token.fold) || token.fold === 'colon' || token.fold === 'slash' || token.fold === 'forward';
}

/** Where the label before a dot begins, with the labels before it. */
function labelStart(tokens: readonly Token[], dot: number): number {
  let start = dot;
  for (let labels = 0; labels < 6; labels += 1) {
    const end = start;
    const last = tokens[end - 1];
    if (!last || last.kind === 'mark' || (isStop(last) && last.fold.length > 1)) break;
    start = end - 1;
    while (start > 0 && end - start < MAX_URL && goesBack(tokens, start)) start -= 1;
    if (start - 1 < 1 || !isDot(tokens, start - 1)) break;
    start -= 1;
    if (tokens[start - 1]?.kind === 'mark') return start + 1;
  }
  return siteStart(tokens, start, dot);
}

function goesBack(tokens: readonly Token[], start: number): boolean {
  const first = tokens[start];
  const before = tokens[start - 1];
  if (!first || !before) return false;
  if (before.kind === 'mark') return before.lead === '' && first.lead === '' && before.fold === '-';
  if (first.lead === '') return true;
  return before.symbol?.kind === 'letter' && !before.symbol.isWord;
}

/** "My website is smith plumbing dot com": all that was said after "is". */
function siteStart(tokens: readonly Token[], start: number, dot: number): number {
  let from = start;
  while (from > 0 && dot - from < MAX_SITE_WORDS) {
    const before = tokens[from - 1];
    if (!before || before.kind === 'mark' || isStop(before)) break;
    if (SITES.has(before.fold)) return from;
    from -= 1;
  }
  return from < start && isSiteBefore(tokens, from) ? from : start;
}

function isSiteBefore(tokens: readonly Token[], from: number): boolean {
  for (let at = Math.max(0, from - 3); at < from; at += 1) if (SITES.has(tokens[at]?.fold ?? '')) return true;
  return false;
}

/** A dot without a scheme needs an ending that is no word, or to be said. */
function isDomain(tokens: readonly Token[], dot: number, end: number): boolean {
  const last = tokens[end - 1];
  if (!last) return false;
  if (tokens[dot]?.fold !== '.' || last.symbol?.kind === 'letter') return true;
  return isEnding(last.fold, true) && /^[a-z]+$/.test(last.text);
}

function pathEnd(tokens: readonly Token[], from: number): number {
  let end = from;
  while (end < from + MAX_URL) {
    const token = tokens[end];
    if (!token) break;
    const next = tokens[end + 1];
    if (token.lead === '' && (token.kind !== 'mark' || (PATH_MARKS.test(token.fold) && isMidPath(token, next)))) {
      end += 1;
    } else if (token.kind === 'word' && JOINS.has(token.fold) && next?.kind !== undefined && next.kind !== 'mark') {
      end += 2;
      while (end < from + MAX_URL && isLetter(tokens[end - 1]) && isLetter(tokens[end])) end += 1;
    } else {
      break;
    }
  }
  return end;
}

/** A full stop or question mark that ends the sentence is not part of the path; a slash is. */
function isMidPath({ fold }: Token, next: Token | undefined): boolean {
  return fold === '/' || next?.lead === '';
}

function isLetter(token: Token | undefined): boolean {
  return token?.symbol?.kind === 'letter' && !token.symbol.isWord;
}

/** "My website is smith plumbing": a host of several words may be going on. */
function siteHold(tokens: readonly Token[], left: number): number {
  const length = tokens.length;
  let from = length;
  while (from > left && length - from < MAX_SITE_WORDS) {
    const before = tokens[from - 1];
    if (!before || before.kind === 'mark' || isStop(before)) break;
    from -= 1;
  }
  return from < length && isSiteBefore(tokens, from) ? from : spelledHold(tokens, left);
}

/** "n vidia", "e x a m p l e": letters that may turn out to be a host. */
function spelledHold(tokens: readonly Token[], left: number): number {
  const length = tokens.length;
  let start = length;
  while (start > left && (isLetter(tokens[start - 1]) || (start === length && isLetter(tokens[start - 2])))) start -= 1;
  return start < length - 1 ? start : length;
}
