/**
 * Finds firms and bodies: a name with a legal form or a firm's word after it, what somebody works for, and names of
 * several words that are told by their capitals. Also what somebody works as, which says as much about them.
 */

import { CLOSED, EVERYDAY, FIRM_WORD, LEGAL_FORM, LOOSE_PLACE, MEASURE, TALK } from '../lexicon/word-kinds.ts';
import type { EntityType } from '../../../model/transcript.ts';
import type { Token } from '../speech/token.ts';
import { isNamed, isProper } from './address-parts.ts';
import type { Detection, Finding, Window } from './detector.ts';
import { nothingFound } from './nothing-found.ts';
import { hasCapital, isCapital, rolesOf } from './word-roles.ts';

const CONTEXT = 6;
/** A firm's name has no more words than this before its legal form, nor after a name. */
const MAX_BEFORE = 4;
const MAX_AFTER = 3;
const MAX_WORK_WORDS = 3;
const WORKING = new Set(
  'work works worked working employed job contractor employee staff contracted intern interned'.split(' '),
);
const FOR = new Set(['for', 'at', 'by', 'with']);
const JOINTS = new Set(['&', 'and', '-', ',']);

export function detectOrganisations(window: Window): Detection {
  const { tokens, left, isEnd } = window;
  const roles = rolesOf(window);
  const from = Math.max(0, left - CONTEXT);
  let findings: Finding[] | undefined;
  for (let at = from; at < tokens.length; at += 1) {
    const found = firmAt(tokens, roles, at, from) ?? workAt(tokens, roles, at);
    if (found && found.end > left) (findings ??= []).push(found);
  }
  const capitals = capitalRun(tokens, roles, from);
  if (capitals && capitals.end > left) (findings ??= []).push(capitals);
  const holdFrom = isEnd ? tokens.length : openCapitals(tokens, roles, left);
  return findings || holdFrom < tokens.length ? { findings: findings ?? [], holdFrom } : nothingFound(tokens.length);
}

/** "Zarvanta Ltd", "Three Oaks Inc", "Zarvanta data systems" */
function firmAt(tokens: readonly Token[], roles: Int32Array, at: number, from: number): Finding | undefined {
  const role = roles[at] ?? 0;
  if ((role & (LEGAL_FORM | FIRM_WORD)) === 0) return undefined;
  const reading = { tokens, roles };
  if ((role & LEGAL_FORM) !== 0 && ((role & LOOSE_PLACE) === 0 || isCapital(roles[at] ?? 0))) {
    const start = firmStart(tokens, roles, at, from);
    return start < at ? finding(tokens, start, at + 1, 'ORG', 0.75, 'org.form') : undefined;
  }
  const before = JOINTS.has(tokens[at - 1]?.fold ?? '') ? at - 2 : at - 1;
  if (!isProper(reading, before)) return undefined;
  let end = at + 1;
  while (end < at + MAX_AFTER && ((roles[end] ?? 0) & FIRM_WORD) !== 0) end += 1;
  return finding(tokens, before, end, 'ORG', 0.62, 'org.word');
}

function firmStart(tokens: readonly Token[], roles: Int32Array, at: number, from: number): number {
  let start = at;
  for (let place = at - 1; place >= Math.max(from, at - MAX_BEFORE); place -= 1) {
    const token = tokens[place];
    if (token?.text === ',' && place === at - 1) continue;
    if (token?.kind === 'mark' && !JOINTS.has(token.text)) break;
    if (token?.kind === 'word' && ((roles[place] ?? 0) & (CLOSED | TALK)) !== 0 && !hasCapital(token)) break;
    if (token?.kind !== 'mark') start = place;
  }
  return start;
}

/** "I work for zarvanta", "worked at Zarvanta as a forklift driver" */
function workAt(tokens: readonly Token[], roles: Int32Array, at: number): Finding | undefined {
  if (((roles[at] ?? 0) & CLOSED) === 0) return undefined;
  const word = tokens[at]?.fold ?? '';
  if (word === 'as') return workedAs(tokens, roles, at);
  if (!FOR.has(word) || !WORKING.has(tokens[at - 1]?.fold ?? '')) return undefined;
  const start = at + 1;
  const end = contentEnd(tokens, roles, start);
  const isLone = end === start + 1 && ((roles[start] ?? 0) & EVERYDAY) !== 0 && !isCapital(roles[start] ?? 0);
  return end > start && !isLone ? finding(tokens, start, end, 'ORG', 0.55, 'org.work') : undefined;
}

function workedAs(tokens: readonly Token[], roles: Int32Array, at: number): Finding | undefined {
  let isWork = false;
  for (let place = at - 1; place >= Math.max(0, at - CONTEXT); place -= 1)
    isWork ||= WORKING.has(tokens[place]?.fold ?? '');
  if (!isWork) return undefined;
  const article = tokens[at + 1]?.fold;
  const start = article === 'a' || article === 'an' ? at + 2 : at + 1;
  const end = contentEnd(tokens, roles, start);
  return end > start ? finding(tokens, start, end, 'TITLE', 0.55, 'title.job') : undefined;
}

function contentEnd(tokens: readonly Token[], roles: Int32Array, start: number): number {
  let end = start;
  while (end < start + MAX_WORK_WORDS) {
    if (tokens[end]?.kind !== 'word' || ((roles[end] ?? 0) & (CLOSED | TALK | MEASURE)) !== 0) break;
    end += 1;
  }
  return end;
}

/** The last run of capitals inside a sentence, if one of its words is a name by itself: "Zarvanta Public Data". */
function capitalRun(tokens: readonly Token[], roles: Int32Array, from: number): Finding | undefined {
  let end = tokens.length;
  while (end > from && !isCapital(roles[end - 1] ?? 0)) end -= 1;
  let start = end;
  let isName = false;
  while (start > from && hasCapital(tokens[start - 1]) && ((roles[start - 1] ?? 0) & (CLOSED | TALK)) === 0) {
    start -= 1;
    isName ||= isNamed({ tokens, roles }, start);
  }
  // A sentence's first word has its capital from there.
  if (!isCapital(roles[start] ?? 0) && !isNamed({ tokens, roles }, start)) start += 1;
  return isName && end - start > 1 ? finding(tokens, start, end, 'ORG', 0.35, 'org.capitals') : undefined;
}

/** Capitals at the end of the window may be the beginning of a name that only its last word tells. */
function openCapitals(tokens: readonly Token[], roles: Int32Array, left: number): number {
  let at = tokens.length;
  while (at > left && tokens.length - at < MAX_BEFORE && isCapital(roles[at - 1] ?? 0)) {
    if (((roles[at - 1] ?? 0) & (CLOSED | TALK)) !== 0) break;
    at -= 1;
  }
  return tokens.length - at > 1 ? at : tokens.length;
}

function finding(
  tokens: readonly Token[],
  start: number,
  end: number,
  type: EntityType,
  confidence: number,
  rule: string,
): Finding {
  let value = '';
  for (let at = start; at < end; at += 1) {
    const token = tokens[at];
    if (token && token.kind !== 'mark') value += `${value === '' ? '' : ' '}${token.fold}`;
  }
  return { start, end, type, confidence, rule, value };
}
