/** A stored entry as JSON, for those who verify elsewhere: bytes as base64 or hex, everything else as it is. */

import { z } from 'zod';
import type { EntryRow } from '../../../store/schema.ts';

const text = z.string().max(1024);
const whole = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const hash = z.string().regex(/^[0-9a-f]{64}$/);

const words = z.array(text).max(1024).readonly();

const exportedRow = z.strictObject({
  month: whole,
  log: text,
  node: text,
  epoch: text,
  seq: whole,
  prev: hash,
  leaf: hash,
  /** The hashed bytes, base64. */
  raw: z.base64().max(8192),
  kind: text,
  at_ms: whole,
  call: text.nullable(),
  stream: text.nullable(),
  processor: text.nullable(),
  lease: text.nullable(),
  release: text.nullable(),
  from_ms: whole.nullable(),
  through_ms: whole.nullable(),
  captured_through_ms: whole.nullable(),
  max_bytes: whole.nullable(),
  voided_seq: whole.nullable(),
  allow: z.boolean().nullable(),
  entrypoint: text.nullable(),
  words: words.nullable(),
  entities: words.nullable(),
});

export type ExportedRow = z.infer<typeof exportedRow>;

export function exportRow(row: EntryRow): ExportedRow {
  return {
    ...row,
    prev: row.prev.toString('hex'),
    leaf: row.leaf.toString('hex'),
    raw: row.raw.toString('base64'),
  };
}

/** Reads one exported row back; undefined when it is none. */
export function importRow(value: unknown): EntryRow | undefined {
  const read = exportedRow.safeParse(value);
  if (!read.success) return undefined;
  const { prev, leaf, raw, ...rest } = read.data;
  return {
    ...rest,
    prev: Buffer.from(prev, 'hex'),
    leaf: Buffer.from(leaf, 'hex'),
    raw: Buffer.from(raw, 'base64'),
  };
}
