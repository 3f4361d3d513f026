/**
 * The special categories of GDPR art. 9: health, and belonging to a nation, a religion or a side in politics. Short lists
 * of general terms, written for this project; what becomes of a finding is the plan's matter.
 */

import type { Token } from '../speech/token.ts';
import type { Detector, Finding } from './detector.ts';
import { isStop } from './hosts.ts';
import { nothingFound } from './nothing-found.ts';
import { SPECIAL_TERMS } from '../lexicon/special-terms.ts';

/** What a cue such as "diagnosed with" takes in, in words. */
const MAX_CONDITION = 3;
/** From a cue to the end of what it takes in. */
const REACH = 6;

export const detectSpecialCategories: Detector = ({ tokens, left }) => {
  let findings: Finding[] | undefined;
  for (let at = Math.max(0, left - REACH); at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token?.kind !== 'word' || token.symbol !== undefined || token.fold.length < 3) continue;
    const finding = findingAt(tokens, at, token);
    if (finding && finding.end > left) (findings ??= []).push(finding);
  }
  return findings ? { findings, holdFrom: tokens.length } : nothingFound(tokens.length);
};

function findingAt(tokens: readonly Token[], at: number, token: Token): Finding | undefined {
  const meaning = SPECIAL_TERMS.get(token.fold);
  if (meaning === undefined) return undefined;
  if (meaning === 'group') return { start: at, end: at + 1, type: 'GROUP', confidence: 0.6, rule: 'group.lexicon' };
  if (meaning === 'health') return health(at, at + 1, 'health.lexicon');
  if (meaning.next !== '' && tokens[at + 1]?.fold !== meaning.next) return undefined;
  const from = meaning.next === '' ? at + 1 : at + 2;
  const start = isArticle(tokens[from]) ? from + 1 : from;
  const end = conditionEnd(tokens, start);
  return end > start ? health(start, end, 'health.cue') : undefined;
}

function health(start: number, end: number, rule: string): Finding {
  return { start, end, type: 'HEALTH', confidence: 0.6, rule };
}

function isArticle(token: Token | undefined): boolean {
  return (
    token?.fold === 'a' ||
    token?.fold === 'an' ||
    token?.fold === 'the' ||
    token?.fold === 'my' ||
    token?.fold === 'some'
  );
}

function conditionEnd(tokens: readonly Token[], start: number): number {
  let end = start;
  while (end < start + MAX_CONDITION) {
    const token = tokens[end];
    if (token?.kind !== 'word' || token.symbol !== undefined || isStop(token)) break;
    end += 1;
  }
  return end;
}
