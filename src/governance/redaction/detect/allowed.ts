/**
 * Lets the names be that a tenant says are never personal: its own, its products'. Only findings of words, wholly inside
 * of an allowed phrase, and never what was asked for or holds a digit. While a phrase may still be completed, what was
 * found in its beginning waits; this alone of all detectors remembers something, as the others need not find it again.
 */

import type { EntityType } from '../../../model/transcript.ts';
import type { Phrases, Scan } from '../phrases.ts';
import type { Token } from '../speech/token.ts';
import type { Detector, Finding, Window } from './detector.ts';

/** Found by lists of words, and so by mistake at times. */
const OF_WORDS = new Set<EntityType>(['NAME', 'ORG', 'TITLE', 'CITY', 'COUNTRY', 'GROUP', 'ADDRESS']);

/** Found in words that are still held: its place moves with the window, its first token stays. */
interface Waiting {
  readonly first: Token;
  readonly finding: Finding;
}

/** All that these detectors find in one leg, but for what is allowed. */
export function allowing(detectors: readonly Detector[], phrases: Phrases): Detector {
  let waiting: readonly Waiting[] = [];
  return (window) => {
    const detections = detectors.map((detect) => detect(window));
    const scan = phrases.scan(window.tokens, window.left);
    const findings: Finding[] = [];
    const still = new Map<string, Waiting>();
    let holdFrom = Math.min(...detections.map((one) => one.holdFrom));
    for (const finding of [...placed(waiting, window), ...detections.flatMap((one) => one.findings)]) {
      const first = window.tokens[finding.start];
      const fate = first === undefined ? 'hidden' : judge(finding, scan, window);
      if (fate === 'hidden') findings.push(finding);
      if (fate !== 'open' || first === undefined) continue;
      still.set(`${finding.start} ${finding.end} ${finding.type}`, { first, finding });
      holdFrom = Math.min(holdFrom, Math.max(window.left, finding.start));
    }
    waiting = [...still.values()];
    return { findings, holdFrom };
  };
}

/** Where what waited is now. */
function placed(waiting: readonly Waiting[], { tokens }: Window): readonly Finding[] {
  return waiting.flatMap(({ first, finding }) => {
    const start = tokens.indexOf(first);
    return start < 0 ? [] : [{ ...finding, start, end: start + finding.end - finding.start }];
  });
}

function judge(finding: Finding, { found, openFrom }: Scan, { tokens, isEnd }: Window): 'hidden' | 'allowed' | 'open' {
  if (!OF_WORDS.has(finding.type) || !isName(tokens, finding)) return 'hidden';
  if (found.some(({ start, end }) => start <= finding.start && finding.end <= end)) return 'allowed';
  return !isEnd && finding.start >= openFrom ? 'open' : 'hidden';
}

/** Somebody who is asked for his name is not saying the firm's. */
function isName(tokens: readonly Token[], { start, end }: Finding): boolean {
  for (let at = start; at < end; at += 1) {
    const token = tokens[at];
    if (!token || token.asked !== undefined || token.kind === 'digits') return false;
  }
  return true;
}
