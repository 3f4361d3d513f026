/** Canonical JSON (RFC 8785): equal values give equal bytes. The one door to the package; limits are the callers'. */

import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);
// The package's types describe an ES module default, its file is CommonJS: loaded by hand, typed here.
const serialize = load('canonicalize') as (value: unknown) => string | undefined;

/** The canonical UTF-8 bytes of a JSON value. Throws on what JSON cannot say. */
export function canonicalJson(value: unknown): Buffer {
  const text = serialize(value);
  if (text === undefined) throw new TypeError('not a JSON value');
  return Buffer.from(text, 'utf8');
}
