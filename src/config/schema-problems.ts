/** What a schema refused, as problems for people: each in its place, in plain words, and no more than anybody mends at once. */

import type { z } from 'zod';
import { formatKey, type Problem } from './problem.ts';

/** From 1; absent where the text has no such place. */
export interface Place {
  readonly line?: number;
  readonly column?: number;
}

/** The key or the value of a path. Where it is not in the text, the nearest part of the path that is counts. */
export interface Spot {
  readonly path: readonly PropertyKey[];
  readonly part: 'key' | 'value';
}

/** More than a person mends before checking again. */
const MAX_PROBLEMS = 20;

/** `locate` is asked once, about no more spots than there are problems to say. */
export function toProblems(
  file: string,
  issues: readonly z.core.$ZodIssue[],
  locate: (spots: readonly Spot[]) => readonly Place[],
): readonly Problem[] {
  const refused = firstPerKey(issues);
  const places = locate(refused);
  return refused.map(({ key, message }, index) => ({ file, ...places[index], key, message }));
}

/** The libraries speak to programmers; the place is already said. */
export function sayPlainly(message: string): string {
  const [first = message] = message.split('\n');
  if (first.endsWith('received undefined')) return 'is missing';
  if (first.startsWith('Maximum call stack')) return 'is nested too deeply';
  return first
    .replace(/^(Invalid input|Invalid option|Too small|Too big): /, '')
    .replace(/ at line \d+, column \d+:?$/, '')
    .replace(/; please use .*$/, '');
}

interface Refused extends Spot {
  readonly key: string;
  readonly message: string;
}

/** A value may break two rules of its schema: the first is what to mend. */
function firstPerKey(issues: readonly z.core.$ZodIssue[]): readonly Refused[] {
  const first = new Map<string, Refused>();
  for (const issue of issues) {
    for (const refused of describe(issue)) {
      if (!first.has(refused.key)) first.set(refused.key, refused);
      if (first.size === MAX_PROBLEMS) return [...first.values()];
    }
  }
  return [...first.values()];
}

function describe(issue: z.core.$ZodIssue): readonly Refused[] {
  if (issue.code !== 'unrecognized_keys') {
    const { path } = issue;
    if (issue.code === 'invalid_key') {
      // What is wrong with the key itself is said one level below.
      const message = sayPlainly(issue.issues[0]?.message ?? issue.message);
      return [{ path, part: 'key', key: formatKey(path), message }];
    }
    return [{ path, part: 'value', key: formatKey(path), message: sayPlainly(issue.message) }];
  }
  return issue.keys.slice(0, MAX_PROBLEMS).map((key) => {
    const path = [...issue.path, key];
    return { path, part: 'key', key: formatKey(path), message: 'is not a known key' };
  });
}
