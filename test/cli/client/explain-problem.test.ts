import { expect, test } from 'vitest';
import { explainRefusal, readProblem } from '../../../src/cli/client/explain-problem.ts';
import type { Problem } from '../../../src/model/api/words.ts';

const withToken = { tokenFile: '/home/me/token', file: undefined };
const without = { tokenFile: undefined, file: undefined };

function problemOf(status: number, more: Partial<Problem> = {}): Problem {
  return { type: 'about:blank', title: 'Title', status, code: 'NO', ...more };
}

function explain(status: number, asked: typeof withToken | typeof without, more: Partial<Problem> = {}): string[] {
  const refusal = { status, problem: problemOf(status, more), retryAfterS: status === 429 ? 7 : undefined };
  return explainRefusal(refusal, asked).split('\n');
}

test.each([
  [401, {}, '/home/me/token'],
  [403, {}, 'earshot access whoami'],
  [403, { code: 'LOCAL_ONLY' }, "on the node's own machine"],
  [404, {}, 'earshot access whoami'],
  [404, { code: 'NO_SUCH_ROUTE' }, 'another version'],
  [409, {}, 'look again'],
  [409, { code: 'ALREADY_DONE' }, 'earshot tokens issue'],
  [429, {}, 'wait 7 s'],
  [503, {}, 'earshot status'],
  [500, {}, "the node's log"],
] as const)('%i %o says what to do next', (status, more, next) => {
  const lines = explain(status, withToken, { detail: 'what went wrong', ...more });

  expect(lines).toHaveLength(2);
  expect(lines[0]).toBe('what went wrong');
  expect(lines[1]).toContain(next);
});

test('whoever sent no token is told how to', () => {
  expect(explain(401, without)[1]).toContain('--token-file');
  expect(explain(403, without)[1]).toContain('--token-file');
});

test('the title stands in for a detail, and the status for both', () => {
  expect(explain(400, withToken)).toEqual(['Title']);
  expect(explainRefusal({ status: 418, problem: undefined, retryAfterS: undefined }, withToken)).toBe(
    'the node answered 418',
  );
});

test('what the node says cannot write to the terminal or begin a line', () => {
  expect(explain(400, withToken, { detail: 'a\u001b[2J\nb\u202e' })).toEqual(['a?[2J?b?']);
});

test('only a problem document is read as one', () => {
  expect(readProblem(JSON.stringify(problemOf(400)))).toEqual(problemOf(400));
  for (const text of ['', '[]', 'null', '{"title":1}', '<html>']) expect(readProblem(text)).toBeUndefined();
});
