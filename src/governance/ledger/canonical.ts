/**
 * The one way an entry is written as bytes: RFC 8785, and narrower. Refuses everything two readers could understand
 * differently: floats, -0, unpaired surrogates, accessors, class instances, `__proto__`, excess depth or size.
 */

import { canonicalJson } from '../../base/canonical-json.ts';
import { CodedError } from '../../base/error.ts';
import { MAX_ENTRY_BYTES } from '../../model/evidence.ts';

export class CanonicalError extends CodedError<'NOT_PLAIN' | 'NUMBER' | 'STRING' | 'DEPTH' | 'SIZE'> {}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

const MAX_DEPTH = 16;

/** Canonical UTF-8 bytes of `value`, at most 4096. Members whose value is undefined are left out. */
export function encodeCanonical(value: unknown): Buffer {
  const bytes = canonicalJson(copyPlain(value, 0));
  if (bytes.length > MAX_ENTRY_BYTES) throw new CanonicalError('SIZE', 'a record is larger than its limit');
  return bytes;
}

/** The value of canonical bytes; undefined when they are anything else, however alike: one value, one spelling. */
export function decodeCanonical(bytes: Uint8Array): Json | undefined {
  if (bytes.length > MAX_ENTRY_BYTES) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    const plain = copyPlain(value, 0);
    return canonicalJson(plain).equals(bytes) ? plain : undefined;
  } catch {
    return undefined;
  }
}

/** Reads every member exactly once, so that what was checked is what is written. */
function copyPlain(value: unknown, depth: number): Json {
  if (depth > MAX_DEPTH) throw new CanonicalError('DEPTH', 'a record is nested too deeply');
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'number':
      return checkNumber(value);
    case 'string':
      return checkString(value);
    case 'object':
      if (value === null) return value;
      return Array.isArray(value) ? copyArray(value, depth) : copyObject(value, depth);
    default:
      throw new CanonicalError('NOT_PLAIN', 'a record holds something that is not JSON');
  }
}

function copyArray(items: readonly unknown[], depth: number): Json {
  // Array.from reads holes as undefined, which is then refused.
  return Array.from(items, (item) => copyPlain(item, depth + 1));
}

function copyObject(object: object, depth: number): Json {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new CanonicalError('NOT_PLAIN', 'a record holds an object that is not plain');
  }
  if (Object.getOwnPropertySymbols(object).length > 0) {
    throw new CanonicalError('NOT_PLAIN', 'a record holds a symbol');
  }
  const copy: Record<string, Json> = {};
  for (const [name, member] of Object.entries(object) as [string, unknown][]) {
    if (name === '__proto__') throw new CanonicalError('NOT_PLAIN', 'a record names a prototype');
    if (member !== undefined) copy[checkString(name)] = copyPlain(member, depth + 1);
  }
  return copy;
}

function checkNumber(value: number): number {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
    throw new CanonicalError('NUMBER', 'a record holds a number that is not a safe integer');
  }
  return value;
}

function checkString(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw new CanonicalError('STRING', 'a record holds an unpaired surrogate');
  return text;
}
