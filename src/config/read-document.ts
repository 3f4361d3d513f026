/**
 * Reads a declarative document wherever it comes from: text, a JSON value, or what the database keeps. Every problem is
 * said at once, by line and column where there are lines. It reads and checks; what becomes of the document is not here.
 */

import { errorCode } from '../base/error.ts';
import type { Surroundings } from './document-checks.ts';
import { documentSchema, documentSchemaFor, type EarshotDocument } from './document.ts';
import { parseJson, readJson } from './json-text.ts';
import { ConfigError } from './problem.ts';
import { toProblems } from './schema-problems.ts';
import { MAX_YAML_BYTES, readYaml } from './yaml-file.ts';

/** Of the text, and of what is stored: a document is written out with every default. */
export const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;
export const MAX_STORED_BYTES = 16 * 1024 * 1024;

/** Reads YAML or JSON; `name` stands for the file in problems. Throws ConfigError INVALID. */
export function readDocumentText(text: string, name: string, surroundings: Surroundings = {}): EarshotDocument {
  const schema = documentSchemaFor(surroundings);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > MAX_DOCUMENT_BYTES) throw refused(name, `is larger than ${MAX_DOCUMENT_BYTES} bytes`);
  const json = parseJson(text);
  if (json !== undefined) return readJson(name, { text, value: json.value }, schema);
  if (sizeBytes <= MAX_YAML_BYTES) return readYaml(name, text, schema);
  throw refused(name, `is larger than ${MAX_YAML_BYTES} bytes and no JSON: write so large a document as JSON`);
}

/** Reads a value that was JSON; problems have keys and no lines. Throws ConfigError INVALID. */
export function readDocumentValue(value: unknown, surroundings: Surroundings = {}): EarshotDocument {
  const read = documentSchemaFor(surroundings).safeParse(value);
  if (read.success) return read.data;
  throw new ConfigError(
    'INVALID',
    toProblems('document', read.error.issues, () => []),
  );
}

/** Reads what was stored, by this release or one before it. Throws ConfigError UNREADABLE. */
export function readStoredDocument(raw: Buffer): EarshotDocument {
  try {
    return documentSchema.parse(JSON.parse(raw.toString('utf8')));
  } catch (cause) {
    const message = `is not a document of this version (${errorCode(cause)})`;
    throw new ConfigError('UNREADABLE', [{ file: 'stored revision', key: '', message }], { cause });
  }
}

function refused(file: string, message: string): ConfigError {
  return new ConfigError('INVALID', [{ file, key: '', message }]);
}
