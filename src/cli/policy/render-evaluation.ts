/** What a policy and the guardrail said to one input, for people: the verdict, who was asked, and each reason. */

import { DECISION_DEADLINE_MS } from '../../governance/policy/policy-host.ts';
import type { Entrypoint } from '../../model/decision.ts';
import { renderFacts, renderTable, type Column } from '../terminal/table.ts';
import type { Asked, Evaluation } from './workbench.ts';

/** The verdict, then who said what. */
export function renderEvaluation(entrypoint: Entrypoint, { verdict, asked }: Evaluation): string {
  const obligations = Object.entries(verdict.obligations).map(([name, value]): [string, string] => [
    name,
    JSON.stringify(value),
  ]);
  const reasons = asked.flatMap(({ name, answer }) =>
    answer.kind === 'heard' ? answer.reasons.map((reason) => ({ ...reason, name, allow: answer.allow })) : [],
  );
  const blocks = [renderFacts(obligations), renderTable(ASKED, asked), renderTable(REASONS, reasons)];
  const heading = `${verdict.allow ? 'allowed' : 'denied'}: ${entrypoint}, ${verdict.code}\n`;
  return [heading, ...blocks].filter((text) => text !== '').join('\n');
}

const ASKED: readonly Column<Asked>[] = [
  { heading: 'ASKED', of: ({ name }) => name },
  {
    heading: 'ANSWER',
    of: ({ answer }) => (answer.kind === 'unheard' ? answer.code : answer.allow ? 'allow' : 'deny'),
  },
  { heading: 'TOOK', of: sayTime },
  { heading: 'SHA-256', of: ({ policy }) => policy.bundle.slice(0, 12) },
];

interface SaidReason {
  readonly rule: string;
  readonly clause?: string | undefined;
  readonly name: string;
  readonly allow: boolean;
}

const REASONS: readonly Column<SaidReason>[] = [
  { heading: 'SAYS', of: ({ allow }) => (allow ? 'allow' : 'deny') },
  { heading: 'RULE', of: ({ rule }) => rule },
  { heading: 'OF', of: ({ name }) => name },
  { heading: 'CLAUSE', of: ({ clause }) => clause ?? '' },
];

/** The time of one evaluation after the first ones, as a call would see it. */
function sayTime({ tookUs }: Asked): string {
  const ms = (tookUs / 1000).toFixed(2);
  return tookUs > DECISION_DEADLINE_MS * 1000 ? `${ms} ms, too late for a call` : `${ms} ms`;
}
