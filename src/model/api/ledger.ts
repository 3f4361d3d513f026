/** Questions to the ledger: by call, processor, decision, reason, entity type, kind and time; answered with entries. */

import { z } from 'zod';
import { ENTRY_KINDS } from '../evidence.ts';
import { callId, listOf, pageOf, pageQuery, processorName, sha256Hex, tenantName, timeMs, whole } from './words.ts';

const logName = z.union([tenantName, z.literal('system')]);
const word = z.string().min(1).max(128);
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

const filters = {
  /** Absent: every tenant the token sees. */
  tenant: listOf(tenantName).optional(),
  call: callId.optional(),
  processor: processorName.optional(),
  /** Allowed or denied: entries that rest on such a decision. */
  allow: flag.optional(),
  /** Code of the decision, name of a rule or clause in it, or reason of a gap or lease's end. */
  reason: word.optional(),
  since_ms: z.coerce.number().pipe(timeMs).optional(),
  until_ms: z.coerce.number().pipe(timeMs).optional(),
  /** Oldest first unless `desc`. */
  order: z.enum(['asc', 'desc']).default('asc'),
  ...pageQuery,
} as const;

export const entriesQuery = z.strictObject({
  ...filters,
  kind: listOf(z.enum(ENTRY_KINDS as [string, ...string[]])).optional(),
  /** Entries that say something of this type was redacted, such as CARD. */
  entity: word.optional(),
  /** The system log instead of tenants'. */
  system: flag.optional(),
});

export const decisionsQuery = z.strictObject({
  ...filters,
  entrypoint: z.enum(['stream', 'release', 'retain', 'emit']).optional(),
});

/** One entry: where it stands, and what it says, as it was hashed. */
export const entryView = z.strictObject({
  log: logName,
  node: z.string(),
  epoch: z.string(),
  seq: whole,
  leaf: sha256Hex,
  entry: z.record(z.string(), z.unknown()),
});

/** One decision, from the entry it led to; a refusal stands for `count` identical ones. */
export const decisionView = z.strictObject({
  tenant: tenantName,
  at_ms: timeMs,
  kind: word,
  entrypoint: z.enum(['stream', 'release', 'retain', 'emit']),
  allow: z.boolean(),
  code: word,
  rules: z.array(z.strictObject({ rule: word, clause: word.optional() })),
  call: callId,
  processor: processorName.optional(),
  subscriber: word.optional(),
  stream: z.string().optional(),
  count: whole,
  policy: z.strictObject({ bundle: sha256Hex, data: sha256Hex }).optional(),
  input: sha256Hex,
});

export const rawQuery = z.strictObject({
  /** Absent: the whole ledger, which takes a token for every tenant. */
  tenant: listOf(tenantName).optional(),
});

export const entryPage = pageOf(entryView);
export const decisionPage = pageOf(decisionView);
export type EntriesQuery = z.infer<typeof entriesQuery>;
export type DecisionsQuery = z.infer<typeof decisionsQuery>;
export type EntryView = z.infer<typeof entryView>;
export type DecisionView = z.infer<typeof decisionView>;
export type EntryPage = z.infer<typeof entryPage>;
export type DecisionPage = z.infer<typeof decisionPage>;
export type RawQuery = z.infer<typeof rawQuery>;
