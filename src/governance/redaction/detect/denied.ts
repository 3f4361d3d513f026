/** Finds the phrases that a tenant never lets through, and holds the words that may be about to make one. */

import type { Phrases } from '../phrases.ts';
import type { Detector } from './detector.ts';
import { nothingFound } from './nothing-found.ts';

export function deniedDetector(phrases: Phrases): Detector {
  return ({ tokens, left, isEnd }) => {
    const { found, openFrom } = phrases.scan(tokens, left);
    if (found.length === 0 && openFrom === tokens.length) return nothingFound(tokens.length);
    const findings = found.map(({ start, end, phrase }) => {
      return { start, end, type: 'DENIED', confidence: 1, rule: 'tenant.denied', value: phrase };
    });
    return { findings, holdFrom: isEnd ? tokens.length : Math.max(left, openFrom) };
  };
}
