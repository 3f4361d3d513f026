/**
 * JSON text against a schema, with the place of every problem, and quick: a large document would keep a YAML reader
 * busy for seconds. It refuses a key that is said twice, which JSON.parse would quietly take the last of.
 */

import type { z } from 'zod';
import { ConfigError, type Problem } from './problem.ts';
import { toProblems, type Place, type Spot } from './schema-problems.ts';

type Path = readonly (string | number)[];

/** Called for every value, before what is inside of it; `path` is only lent. Offsets into the text. */
type Visit = (path: Path, at: Found) => void;

interface Found {
  readonly key: number | undefined;
  readonly value: number;
  /** Whether its object had a key of that name before. */
  readonly isRepeated: boolean;
}

/** Deeper than any document of ours, and shallow enough that a path is always short. */
const MAX_DEPTH = 64;

/** The value of JSON text; undefined where it is none. */
export function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return { value };
  } catch {
    return undefined;
  }
}

/** Checks a value that `parseJson` read from `text`; `file` is a name for the problems. Throws ConfigError INVALID. */
export function readJson<Schema extends z.ZodType>(
  file: string,
  { text, value }: { readonly text: string; readonly value: unknown },
  schema: Schema,
): z.output<Schema> {
  walk(text, (path, { key, value: at, isRepeated }) => {
    const name = String(path.at(-1));
    if (isRepeated) refuse(file, { ...placeAt(text, key ?? at), key: name, message: 'is said twice' });
    if (path.length > MAX_DEPTH) refuse(file, { ...placeAt(text, at), key: '', message: 'is nested too deeply' });
  });
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw new ConfigError(
    'INVALID',
    toProblems(file, read.error.issues, (spots) => locate(text, spots)),
  );
}

function refuse(file: string, problem: Omit<Problem, 'file'>): never {
  throw new ConfigError('INVALID', [{ file, ...problem }]);
}

function locate(text: string, spots: readonly Spot[]): readonly Place[] {
  const wanted = new Map<string, Found | undefined>();
  for (const { path } of spots) {
    for (let length = path.length; length >= 0; length -= 1) wanted.set(nameOf(path.slice(0, length)), undefined);
  }
  walk(text, (path, at) => {
    const name = nameOf(path);
    if (wanted.has(name)) wanted.set(name, at);
  });
  return spots.map(({ path, part }) => {
    for (let length = path.length; length >= 0; length -= 1) {
      const at = wanted.get(nameOf(path.slice(0, length)));
      if (at !== undefined) return placeAt(text, part === 'key' ? (at.key ?? at.value) : at.value);
    }
    return {};
  });
}

function nameOf(path: readonly PropertyKey[]): string {
  return JSON.stringify(path);
}

/** A list or object that is being read, and where in it we are. */
interface Open {
  readonly keys: Set<string> | undefined;
  key: number | undefined;
  name: string;
  index: number;
}

/** Goes through text that is known to be JSON, once and without recursion. */
function walk(text: string, visit: Visit): void {
  const stack: Open[] = [];
  const path: (string | number)[] = [];
  let isRepeated = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    const inside = stack.at(-1);
    if (char === '}' || char === ']') {
      stack.pop();
      path.pop();
    } else if (char === ',') {
      if (inside === undefined) continue;
      inside.key = undefined;
      inside.index += 1;
    } else if (char === '"' && inside?.keys !== undefined && inside.key === undefined) {
      const end = endOfString(text, at);
      inside.key = at;
      inside.name = String(JSON.parse(text.slice(at, end + 1)));
      isRepeated = inside.keys.has(inside.name);
      inside.keys.add(inside.name);
      at = end;
    } else if (char !== undefined && !' \t\r\n:'.includes(char)) {
      if (inside !== undefined) path.push(inside.keys === undefined ? inside.index : inside.name);
      visit(path, { key: inside?.key, value: at, isRepeated });
      isRepeated = false;
      if (char === '{' || char === '[') {
        stack.push({ keys: char === '{' ? new Set() : undefined, key: undefined, name: '', index: 0 });
        continue;
      }
      at = char === '"' ? endOfString(text, at) : endOfWord(text, at);
      path.pop();
    }
  }
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

/** The last character of a number, true, false or null. */
function endOfWord(text: string, start: number): number {
  let at = start;
  while (at + 1 < text.length && !' \t\r\n,]}'.includes(text[at + 1] ?? '')) at += 1;
  return at;
}

function placeAt(text: string, offset: number): Required<Place> {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}
