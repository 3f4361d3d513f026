import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { whyNotLinear } from './pattern-shape.ts';

const SOURCE = join(import.meta.dirname, '../../../src');

/** Every pattern that is applied to bytes a stranger sent, by the file it stands in. */
function patternsOf(path: string): { readonly path: string; readonly pattern: RegExp }[] {
  const file = ts.createSourceFile(path, readFileSync(join(SOURCE, path), 'utf8'), ts.ScriptTarget.ES2023);
  const found: RegExp[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/');
      found.push(new RegExp(node.text.slice(1, end), node.text.slice(end + 1)));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found.map((pattern) => ({ path, pattern }));
}

const FILES = [
  ...readdirSync(join(SOURCE, 'protocol/sip'), { recursive: true, encoding: 'utf8' }).map(
    (name) => `protocol/sip/${name}`,
  ),
  ...readdirSync(join(SOURCE, 'call/signaling'), { recursive: true, encoding: 'utf8' }).map(
    (name) => `call/signaling/${name}`,
  ),
  'protocol/sdp/scan.ts',
].filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'));

/** Linear all the same, for a reason that shape does not show. */
const ALLOWED = new Map([
  [
    String.raw`/([\w-]{1,64})\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]*)/g`,
    'what may stand between quotes is told by its first character, and only the last quote can stay open',
  ],
]);

test('no pattern that a message meets can take more than linear time', () => {
  const guilty = FILES.flatMap(patternsOf)
    .map(({ path, pattern }) => ({ path, pattern: String(pattern), why: whyNotLinear(pattern) }))
    .filter(({ why, pattern }) => why !== undefined && !ALLOWED.has(pattern));

  expect(guilty).toEqual([]);
});

test.each([
  [/^(?:a+b?){1,8}$/, 'a run within a repetition'],
  [/^(a+)+$/, 'a group repeated without end'],
  [/^(?:a|b)*c/, 'a group repeated without end'],
  [/^a*a$/, 'a run may end in two places'],
  [/\s+$/, 'it may start inside a run'],
  [/\s+/, undefined],
  [/\s*x/, 'it may start inside a run'],
  [/^\s*[\S\s]*\n/, 'a run may end in two places'],
  [/^(?=a+b)/, 'a run in a lookahead'],
])('%s would be found out', (pattern, why) => {
  expect(whyNotLinear(pattern)).toBe(why);
});
