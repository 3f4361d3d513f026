/** Reads a YAML file against a schema, and turns every refusal into file, line, column, key and a sentence. */

import { readFileSync, statSync } from 'node:fs';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { errorCode } from '../base/error.ts';
import { ConfigError, formatKey, type Problem } from './problem.ts';

const MAX_FILE_BYTES = 1024 * 1024;

/** Reads and checks `file`. Throws ConfigError UNREADABLE or INVALID with every problem found. */
export function readYamlFile<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> {
  return readYaml(file, readText(file), schema);
}

/** The same for text already in hand; `file` is only a name for the problems. */
export function readYaml<Schema extends z.ZodType>(file: string, text: string, schema: Schema): z.output<Schema> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, strict: true, uniqueKeys: true, stringKeys: true });
  if (document.errors.length > 0) {
    throw new ConfigError(
      'INVALID',
      document.errors.map((error) => {
        const at = lines.linePos(error.pos[0]);
        return { file, line: at.line, column: at.col, key: '', message: firstLine(error.message) };
      }),
    );
  }
  const value: unknown = toValue(file, document);
  const read = schema.safeParse(value ?? {});
  if (read.success) return read.data;
  throw new ConfigError(
    'INVALID',
    read.error.issues.flatMap((issue) => toProblems(file, document, lines, issue)),
  );
}

function readText(file: string): string {
  try {
    if (statSync(file).size > MAX_FILE_BYTES) {
      throw new ConfigError('UNREADABLE', [{ file, key: '', message: `is larger than ${MAX_FILE_BYTES} bytes` }]);
    }
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const why = errorCode(cause) === 'ENOENT' ? 'does not exist' : `cannot be read (${errorCode(cause)})`;
    throw new ConfigError('UNREADABLE', [{ file, key: '', message: why }], { cause });
  }
}

/** Aliases are bounded: a small file must not become a large value. */
function toValue(file: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new ConfigError('INVALID', [{ file, key: '', message: 'uses too many aliases' }], { cause });
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
    { file, ...placeOf(document, lines, issue.path, 'value'), key: formatKey(issue.path), message: issue.message },
  ];
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

function firstLine(message: string): string {
  return message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? message;
}
