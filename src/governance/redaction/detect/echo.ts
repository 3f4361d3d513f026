/** Finds what the call is known to hold when it is said again, by whomever: a number read back, in part, or a name. */

import type { Values } from '../call-values.ts';
import { runsOf } from '../speech/runs.ts';
import type { Detector, Finding } from './detector.ts';

const CONFIDENCE = 0.9;
const NAME_CONFIDENCE = 0.7;

/** A detector for one call's legs. */
export function echoDetector(values: Values): Detector {
  return (window) => {
    const { tokens, left } = window;
    const findings: Finding[] = [];
    if (values.hasNumbers) {
      for (const run of runsOf(window)) {
        if (run.isOpen && !window.isEnd) continue;
        const known = values.echoOf(run.digits);
        if (!known) continue;
        const { outerStart: start, outerEnd: end } = run;
        findings.push({
          start,
          end,
          type: known.type,
          confidence: CONFIDENCE,
          rule: 'echo.number',
          value: known.value,
        });
      }
    }
    if (values.hasNames) {
      for (let at = left; at < tokens.length; at += 1) {
        const token = tokens[at];
        const known = token?.kind === 'word' ? values.nameWith(token.fold) : undefined;
        if (!known) continue;
        findings.push({
          start: at,
          end: at + 1,
          type: known.type,
          confidence: NAME_CONFIDENCE,
          rule: 'echo.name',
          value: known.value,
        });
      }
    }
    return { findings, holdFrom: tokens.length };
  };
}
