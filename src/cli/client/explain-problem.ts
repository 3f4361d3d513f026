/** What a node refused, in lines for a person: what it said, where in the file, and what to do next. */

import { problemSchema, type Problem } from '../../model/api/words.ts';
import { formatProblem } from '../../config/problem.ts';
import { plain } from '../terminal/plain.ts';

export interface Refusal {
  readonly status: number;
  /** What the node said, where it said it as RFC 9457 wants. */
  readonly problem: Problem | undefined;
  readonly retryAfterS: number | undefined;
}

/** What the one who asked had in hand. */
export interface Asked {
  /** File of the token that was sent; undefined when none was. */
  readonly tokenFile: string | undefined;
  /** Name of the file that was sent, for problems in it. */
  readonly file: string | undefined;
}

const MAX_PROBLEMS = 20;

/** Reads a problem document; undefined for anything else. */
export function readProblem(body: string): Problem | undefined {
  try {
    return problemSchema.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}

/** One line or more; places in a file come first, each `file:line:column: key: message`. */
export function explainRefusal(refusal: Refusal, asked: Asked): string {
  const { problem, status } = refusal;
  const places = (problem?.problems ?? [])
    .slice(0, MAX_PROBLEMS)
    .map((place) => formatProblem({ file: asked.file ?? 'request', ...place }));
  const said = problem === undefined ? `the node answered ${status}` : plain(problem.detail ?? problem.title);
  const next = nextStep(refusal, asked);
  return [...(places.length > 0 ? places : [said]), ...(next === undefined ? [] : [next])].join('\n');
}

function nextStep({ status, problem, retryAfterS }: Refusal, { tokenFile }: Asked): string | undefined {
  switch (status) {
    case 401:
      return tokenFile === undefined
        ? 'name the file of one with --token-file or EARSHOT_TOKEN_FILE; `earshot access bootstrap`, on the node, makes the first'
        : `it was that of ${tokenFile}; an admin can issue another with \`earshot tokens issue\``;
    case 403:
      if (problem?.code === 'LOCAL_ONLY') return "this is done on the node's own machine, as the user it runs as";
      return tokenFile === undefined
        ? "without a token the node's own socket only bootstraps and revokes: name a token's file with --token-file"
        : '`earshot access whoami` shows what this token may do; an admin can issue another with `earshot tokens issue`';
    case 404:
      return problem?.code === 'NO_SUCH_ROUTE'
        ? 'is the node of another version?'
        : 'is it spelt right? `earshot access whoami` shows which tenants this token sees';
    case 409:
      return problem?.code === 'ALREADY_DONE'
        ? 'whoever has the admin token does so with `earshot tokens issue`'
        : 'something changed meanwhile: look again, then repeat';
    case 429:
      return retryAfterS === undefined ? 'wait a little, then repeat' : `wait ${retryAfterS} s, then repeat`;
    case 503:
      return '`earshot status` says what is amiss; calls go on meanwhile';
    default:
      return status >= 500 ? "the node's log says why" : undefined;
  }
}
