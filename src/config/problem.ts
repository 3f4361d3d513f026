/** What is wrong with a configuration file, said so that a person can put the finger on it. */

import { CodedError } from '../base/error.ts';

export interface Problem {
  readonly file: string;
  /** From 1; absent when the file as a whole is meant. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** Path of the key, such as `interfaces[0].sip`. */
  readonly key: string;
  readonly message: string;
}

export class ConfigError extends CodedError<'UNREADABLE' | 'INVALID'> {
  readonly problems: readonly Problem[];

  constructor(code: 'UNREADABLE' | 'INVALID', problems: readonly Problem[], options?: { readonly cause?: unknown }) {
    super(code, problems.map(formatProblem).join('\n'), options);
    this.problems = problems;
  }
}

/** One line: `earshot.yaml:3:5: interfaces[0].sip: must be …`. */
export function formatProblem(problem: Problem): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':');
  const text = problem.key === '' ? `${place}: ${problem.message}` : `${place}: ${problem.key}: ${problem.message}`;
  // A key is text of the file: it must not write to the terminal, nor begin a line of its own.
  return text.replace(/\p{Cc}+/gu, ' ');
}

/** `['interfaces', 0, 'sip']` → `interfaces[0].sip`. */
export function formatKey(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}
