/** `earshot policy eval`: what a bundle and the guardrail would say to one input, and by which rules. Needs no node. */

import type { Command } from 'commander';
import type { Entrypoint } from '../../model/decision.ts';
import { plainJson } from '../terminal/plain.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { candidateOf, shipped } from './candidates.ts';
import { entrypointOption } from './entrypoint.ts';
import { readQuestion } from './read-question.ts';
import type { Evaluation } from './workbench.ts';

interface EvalOptions {
  readonly input: string;
  readonly bundle?: string;
  readonly entrypoint?: Entrypoint;
  readonly json?: boolean;
}

/** So that a script can tell a denial from an error. */
const DENIED = 3;

export function addPolicyEval(policy: Command, terminal: Terminal): void {
  policy
    .command('eval')
    .description('what a bundle would decide: exit code 0 for allowed, 3 for denied, 1 for an error')
    .requiredOption('-i, --input <file>', 'the input, JSON or YAML, as docs/policy describes it')
    .option('-b, --bundle <file>', 'the bundle to ask (default: the shipped one)')
    .addOption(entrypointOption('which question it is (default: as the parts of the input say)'))
    .option('--json', 'one JSON object')
    .action((options: EvalOptions) => evaluate(terminal, options));
}

async function evaluate(terminal: Terminal, { input, bundle, entrypoint, json }: EvalOptions): Promise<void> {
  const question = readQuestion(input, entrypoint);
  const policy = bundle === undefined ? shipped('default') : candidateOf(bundle);
  const { renderEvaluation } = await import('./render-evaluation.ts');
  const { Workbench } = await import('./workbench.ts');
  const bench = new Workbench({ clock: terminal.clock });
  try {
    const evaluation = await bench.evaluate({ policy, guardrail: shipped('guardrail'), ...question });
    const text = json === true ? `${plainJson(toJson(question.entrypoint, evaluation))}\n` : undefined;
    await terminal.print(text ?? renderEvaluation(question.entrypoint, evaluation));
    if (!evaluation.verdict.allow) terminal.exitWith(DENIED);
  } finally {
    await bench.close();
  }
}

function toJson(entrypoint: Entrypoint, { verdict, asked }: Evaluation): unknown {
  return {
    entrypoint,
    ...verdict,
    asked: asked.map(({ name, policy, answer, tookUs }) => ({ name, policy, ...answer, took_us: tookUs })),
  };
}
