/** Reads YAML against a schema, and turns every refusal into file, line, column, key and a sentence. */

import { isNode, isScalar, LineCounter, parseDocument, visit, type Document, type YAMLMap } from 'yaml';
import type { z } from 'zod';
import { ConfigError } from './problem.ts';
import { readText } from './read-text.ts';
import { sayPlainly, toProblems, type Place, type Spot } from './schema-problems.ts';

/** A megabyte takes a second or two, during which nothing else is done. */
export const MAX_YAML_BYTES = 1024 * 1024;
/** Each is looked up in the whole document. */
const MAX_ALIASES = 100;

/** Reads and checks `file`. Throws ConfigError UNREADABLE or INVALID with every problem found. */
export function readYamlFile<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> {
  return readYaml(file, readText(file, MAX_YAML_BYTES), schema);
}

/** The same for text already in hand; `file` is only a name for the problems. */
export function readYaml<Schema extends z.ZodType>(file: string, text: string, schema: Schema): z.output<Schema> {
  const lines = new LineCounter();
  // The library compares every key with every other, and a short text can have very many: below they are counted once.
  const options = { lineCounter: lines, strict: true, uniqueKeys: false, stringKeys: true } as const;
  const document = parseDocument(text, options);
  const [broken] = document.errors;
  if (broken !== undefined) {
    // What else is said of a text that cannot be read follows from the first.
    const { line, col: column } = lines.linePos(broken.pos[0]);
    throw new ConfigError('INVALID', [{ file, line, column, key: '', message: sayPlainly(broken.message) }]);
  }
  checkNodes(file, document, lines);
  const value: unknown = toValue(file, document);
  const read = schema.safeParse(value ?? {});
  if (read.success) return read.data;
  const locate = (spots: readonly Spot[]): Place[] => spots.map((spot) => find(document, lines, spot));
  throw new ConfigError('INVALID', toProblems(file, read.error.issues, locate));
}

/** What the library would take time without end for. */
function checkNodes(file: string, document: Document, lines: LineCounter): void {
  let aliases = 0;
  visit(document, {
    Alias: () => {
      aliases += 1;
      if (aliases > MAX_ALIASES) throw tooManyAliases(file);
    },
    Map: (_key, map) => refuseRepeatedKey(file, map, lines),
  });
}

function refuseRepeatedKey(file: string, { items }: YAMLMap, lines: LineCounter): void {
  const seen = new Set<string>();
  for (const { key } of items) {
    if (!isScalar(key)) continue;
    const name = String(key.value);
    if (seen.has(name)) {
      const { line, col: column } = lines.linePos(key.range?.[0] ?? 0);
      throw new ConfigError('INVALID', [{ file, line, column, key: name, message: 'is said twice' }]);
    }
    seen.add(name);
  }
}

/** Aliases are bounded: a small file must not become a large value. */
function toValue(file: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    const isUnresolved = cause instanceof ReferenceError && cause.message.startsWith('Unresolved alias');
    if (!isUnresolved) throw tooManyAliases(file, cause);
    throw new ConfigError('INVALID', [{ file, key: '', message: 'uses an alias that no anchor defines' }], { cause });
  }
}

function tooManyAliases(file: string, cause?: unknown): ConfigError {
  return new ConfigError('INVALID', [{ file, key: '', message: 'uses too many aliases' }], { cause });
}

/** Line and column of the value at `path`, of its key, or of the nearest part of the path that exists. */
function find(document: Document, lines: LineCounter, { path, part }: Spot): Place {
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
