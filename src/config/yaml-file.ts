/** Reads a YAML file against a schema, and turns every refusal into file, line, column, key and a sentence. */

import { closeSync, openSync, readSync } from 'node:fs';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { errorCode } from '../base/error.ts';
import { ConfigError, formatKey, type Problem } from './problem.ts';

const MAX_FILE_BYTES = 1024 * 1024;
/** More than a person mends before checking again. */
const MAX_PROBLEMS = 20;

/** Reads and checks `file`. Throws ConfigError UNREADABLE or INVALID with every problem found. */
export function readYamlFile<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> {
  return readYaml(file, readText(file), schema);
}

/** The same for text already in hand; `file` is only a name for the problems. */
export function readYaml<Schema extends z.ZodType>(file: string, text: string, schema: Schema): z.output<Schema> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, strict: true, uniqueKeys: true, stringKeys: true });
  const [broken] = document.errors;
  if (broken !== undefined) {
    // What else is said of a text that cannot be read follows from the first.
    const { line, col: column } = lines.linePos(broken.pos[0]);
    throw new ConfigError('INVALID', [{ file, line, column, key: '', message: sayPlainly(broken.message) }]);
  }
  const value: unknown = toValue(file, document);
  const read = schema.safeParse(value ?? {});
  if (read.success) return read.data;
  const problems = read.error.issues.flatMap((issue) => toProblems(file, document, lines, issue));
  throw new ConfigError('INVALID', onePerPlace(problems));
}

/** Read to a limit, not to what the file says its size is: it may be a pipe or a device. */
function readText(file: string): string {
  const bytes = Buffer.alloc(MAX_FILE_BYTES + 1);
  let length = 0;
  try {
    const descriptor = openSync(file, 'r');
    try {
      for (let more = 1; more > 0; length += more)
        more = readSync(descriptor, bytes, length, bytes.length - length, null);
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    const why = errorCode(cause) === 'ENOENT' ? 'does not exist' : `cannot be read (${errorCode(cause)})`;
    throw new ConfigError('UNREADABLE', [{ file, key: '', message: why }], { cause });
  }
  if (length <= MAX_FILE_BYTES) return bytes.toString('utf8', 0, length);
  throw new ConfigError('UNREADABLE', [{ file, key: '', message: `is larger than ${MAX_FILE_BYTES} bytes` }]);
}

/** Aliases are bounded: a small file must not become a large value. */
function toValue(file: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    const isUnresolved = cause instanceof ReferenceError && cause.message.startsWith('Unresolved alias');
    const message = isUnresolved ? 'uses an alias that no anchor defines' : 'uses too many aliases';
    throw new ConfigError('INVALID', [{ file, key: '', message }], { cause });
  }
}

function toProblems(file: string, document: Document, lines: LineCounter, issue: z.core.$ZodIssue): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return { file, ...placeOf(document, lines, path, 'key'), key: formatKey(path), message: 'is not a known key' };
    });
  }
  return [
    {
      file,
      ...placeOf(document, lines, issue.path, 'value'),
      key: formatKey(issue.path),
      message: sayPlainly(issue.message),
    },
  ];
}

/** A value may break two rules of its schema: the first is what to mend. */
function onePerPlace(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  const first = problems.filter(({ line, column, key }) => {
    const place = `${line ?? 0}:${column ?? 0}:${key}`;
    return !seen.has(place) && seen.add(place);
  });
  return first.slice(0, MAX_PROBLEMS);
}

/** Line and column of the value at `path`, of its key, or of the nearest part of the path that exists. */
function placeOf(
  document: Document,
  lines: LineCounter,
  path: readonly PropertyKey[],
  part: 'key' | 'value',
): { line?: number; column?: number } {
  for (let length = path.length; length >= 0; length -= 1) {
    const offset = offsetOf(document, path.slice(0, length), part);
    if (offset === undefined) continue;
    const at = lines.linePos(offset);
    return { line: at.line, column: at.col };
  }
  return {};
}

function offsetOf(document: Document, path: readonly PropertyKey[], part: 'key' | 'value'): number | undefined {
  if (part === 'key' && path.length > 0) {
    const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
    if (typeof parent === 'object' && parent !== null && 'items' in parent && Array.isArray(parent.items)) {
      for (const pair of parent.items as { key?: unknown }[]) {
        if (isNode(pair.key) && String(pair.key) === String(path.at(-1))) return pair.key.range?.[0];
      }
    }
  }
  const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  return isNode(node) ? (node.range?.[0] ?? undefined) : undefined;
}

/** The libraries speak to programmers; the place is already said. */
function sayPlainly(message: string): string {
  const [first = message] = message.split('\n');
  if (first.endsWith('received undefined')) return 'is missing';
  if (first.startsWith('Maximum call stack')) return 'is nested too deeply';
  return first.replace(/ at line \d+, column \d+:?$/, '').replace(/; please use .*$/, '');
}
