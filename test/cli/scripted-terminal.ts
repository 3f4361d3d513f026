/** A person at a terminal who answers as a test says; what is printed and noted is kept apart. */

import { ManualClock } from '../../src/base/clock.ts';
import { buildProgram } from '../../src/cli/program.ts';
import type { Terminal } from '../../src/cli/terminal/terminal.ts';

export interface Outcome {
  /** What was printed on stdout. */
  out: string;
  /** Lines on stderr. */
  readonly notes: string[];
  readonly questions: string[];
  code: number;
}

/** 2026-11-22T12:00:00Z. */
export const NOW_MS = 1_795_348_800_000;

/** Runs one command line to its end; what it throws is thrown. */
export async function runCommand(
  args: readonly string[],
  person: { readonly says?: boolean } = {},
): Promise<Outcome & { readonly thrown: unknown }> {
  const outcome: Outcome = { out: '', notes: [], questions: [], code: 0 };
  let thrown: unknown;
  try {
    await buildProgram(scriptedTerminal(outcome, person)).parseAsync(['node', 'earshot', ...args]);
  } catch (error) {
    thrown = error;
  }
  return { ...outcome, thrown };
}

function scriptedTerminal(outcome: Outcome, { says }: { readonly says?: boolean }): Terminal {
  return {
    clock: new ManualClock({ wallMs: NOW_MS }),
    isInteractive: says !== undefined,
    print: (text) => {
      outcome.out += text;
      return Promise.resolve(true);
    },
    note: (text) => void outcome.notes.push(text),
    confirm: (question) => {
      outcome.questions.push(question);
      return Promise.resolve(says === true);
    },
    exitWith: (code) => (outcome.code = code),
    untilInterrupted: () => ({ signal: new AbortController().signal, release: () => undefined }),
  };
}
