/**
 * The ledger's closed union of entries. What is not in here cannot be recorded, and a reader that meets a kind or
 * schema it does not know says `not_evaluated`. Integers only, snake_case, no personal value, at most 4 KiB canonical.
 */

import { z } from 'zod';
import { REDACTION_ACTIONS } from './redaction-action.ts';
import { PARTIALS_MODES } from './redaction-settings.ts';
import { SIGNED_MEDIA } from './call.ts';

export const ENTRY_SCHEMA = 'earshot/entry/v1';
export const MAX_ENTRY_BYTES = 4096;
export const SYSTEM_LOG = 'system';

const whole = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const word = z.string().min(1).max(128);
const id = z.string().regex(/^[a-z]_[0-9a-f]{32}$/);
/** The parser passes over a key named `__proto__`: what is read would be less than what was hashed. So it is refused. */
const named = <Value extends z.ZodType>(key: z.ZodString, value: Value) =>
  z.preprocess((given) => (hasProtoKey(given) ? undefined : given), z.record(key, value));
const count = named(word, whole);

const policyDigest = z.strictObject({ bundle: hash, data: hash });

/** The decision an entry rests on: enough to say which rule of which policy, and to check an input against it. */
export const decisionSchema = z.strictObject({
  entrypoint: z.enum(['stream', 'release', 'retain', 'emit']),
  allow: z.boolean(),
  code: word,
  rules: z.array(z.strictObject({ rule: word, clause: word.optional() })).max(8),
  obligations: z.strictObject({
    max_window_ms: whole.optional(),
    max_bytes: whole.optional(),
    mute_on: z.array(z.literal('pci')).max(4).optional(),
    redact: named(word, z.enum(REDACTION_ACTIONS)).optional(),
    /** Entries of before there were modes say only whether. */
    partials: z.union([z.boolean(), z.enum(PARTIALS_MODES)]).optional(),
    keep_class: word.optional(),
    region: word.optional(),
    tighten: z.enum(['drop', 'mask_all']).optional(),
    restore: z.array(word).max(16).optional(),
  }),
  policy: policyDigest.optional(),
  guardrail: policyDigest.optional(),
  input: hash,
});

/** Who did it: a token's id, `local` for the node's own socket, `node` for the node itself, or `unknown`. */
const actor = z.string().regex(/^(k_[0-9a-f]{32}|local|node|unknown)$/);

const gapReason = z.enum([
  'lost',
  'late',
  'tap_overflow',
  'tap_lapsed',
  'queue_overflow',
  'lease_exhausted',
  'undecodable',
  'processor_down',
  'ledger_unavailable',
  'governance_restart',
  'audio_worker_restart',
  'redaction_unavailable',
  'policy',
  'policy_unavailable',
  'revoked',
  'pci',
  'not_kept',
]);

const leaseCloseReason = z.enum([
  'end',
  'revoked',
  'pci',
  'consent',
  'policy_change',
  'ledger_unavailable',
  'processor_down',
  'governance_restart',
  'audio_worker_restart',
  'tap_lapsed',
  'quota',
  'unused',
]);

const chainHead = z.strictObject({ log: word, epoch: id, seq: whole, leaf: hash });

/** Entries by kind, without the fields every entry has. `call` is required where it is listed. */
const bodies = {
  'epoch.open': { software: word, previous: chainHead.optional() },
  'epoch.close': { entries: whole },
  'epoch.abandoned': { abandoned: chainHead },
  heartbeat: { heads: z.array(chainHead).max(16), part: whole, parts: whole },
  'call.open': {
    call: id,
    direction: z.enum(['inbound', 'outbound']),
    ingress: word,
    media: z.enum(['anchored', 'opaque', 'bypass', 'none']),
    jurisdictions: z.array(word).max(16),
    config_revision: whole,
    /** Present where governance took the call up when it had begun without us, or under a predecessor. */
    resumed: z.literal(true).optional(),
  },
  /** SDP of the call was under a signature that anchoring would break, so it was left alone and nobody can hear it. */
  signed_sdp: { call: id, signature: z.enum(SIGNED_MEDIA) },
  'call.close': {
    call: id,
    reason: word,
    duration_ms: whole,
    /** Digest of the call's signaling and the lines that were edited; absent where the call plane did not say. */
    signaling: z.strictObject({ messages: whole, digest: hash, edits: named(z.string().max(64), whole) }).optional(),
    heard_by: z.array(z.strictObject({ processor: word, leases: whole, bytes: whole })).max(16),
  },
  'lease.open': {
    call: id,
    lease: id,
    leg: id,
    stream: id,
    processor: word,
    hears: z.enum(['raw_audio', 'masked_audio']),
    terms: hash,
    from_ms: whole,
    through_ms: whole,
    max_bytes: whole,
    decision: decisionSchema,
  },
  'lease.renew': {
    call: id,
    lease: id,
    stream: id,
    processor: word,
    n: whole,
    through_ms: whole,
    max_bytes: whole,
    captured_through_ms: whole,
    bytes: whole,
  },
  'lease.close': {
    call: id,
    lease: id,
    stream: id,
    processor: word,
    reason: leaseCloseReason,
    captured_through_ms: whole,
    /** What was handed to the socket; when the writer died, `unknown` and at most `max_bytes`. */
    bytes: z.union([whole, z.literal('unknown')]),
    max_bytes: whole,
  },
  refusal: {
    call: id,
    leg: id.optional(),
    stream: id.optional(),
    processor: word.optional(),
    subscriber: word.optional(),
    modality: z.enum(['audio', 'text', 'dtmf']).optional(),
    count: whole,
    decision: decisionSchema,
  },
  'release.request': {
    call: id,
    release: id,
    leg: id,
    stream: id,
    processor: word,
    terms: hash,
    from_ms: whole,
    to_ms: whole,
    chars: whole,
    final: z.boolean(),
    entities: count,
    detector: word,
    /** Where what is hidden was said, on the stream's timeline, padded and merged; past 32 the nearest are one. */
    hidden_ms: z
      .array(z.tuple([whole, whole]))
      .max(32)
      .optional(),
    payload: hash,
    decision: decisionSchema,
  },
  'release.outcome': {
    call: id,
    release: id,
    processor: word,
    outcome: z.enum(['answered', 'empty', 'refused', 'failed', 'deadline', 'oversize', 'unavailable', 'cancelled']),
    sent_bytes: whole,
    received_chars: whole,
    took_ms: whole,
  },
  emit: {
    call: id,
    insight: id,
    release: id.optional(),
    processor: word,
    subscriber: word,
    chars: whole,
    entities: count,
    /** How many values of each type the subscriber got in place of their pseudonyms, and how many nobody knew any more. */
    restored: count.optional(),
    not_restored: whole.optional(),
    decision: decisionSchema,
  },
  /**
   * Card data is being taken: nobody hears the stream from here on. Written once the accounts of its leases are there;
   * `exposed` says what was sent of it since `sensitive_ms`, where the window came too late to prevent that.
   */
  'pci.open': {
    call: id,
    window: id,
    stream: id,
    trigger: z.enum(['question', 'dtmf', 'api', 'digits', 'entity']),
    opened_ms: whole,
    sensitive_ms: whole,
    exposed_ms: whole,
    exposed_bytes: z.union([whole, z.literal('unknown')]),
    actor: actor.optional(),
  },
  'pci.close': {
    call: id,
    window: id,
    stream: id,
    reason: z.enum(['said', 'dtmf_over', 'api', 'time', 'end', 'governance_restart']),
    closed_ms: whole,
    actor: actor.optional(),
  },
  gap: {
    call: id,
    stream: id,
    processor: word.optional(),
    reason: gapReason,
    from_ms: whole,
    to_ms: whole,
    count: whole,
  },
  'config.revision': { revision: whole, digest: hash, author: word, reason: word },
  'policy.active': { policy: policyDigest, origin: z.enum(['default', 'file', 'guardrail']) },
  'policy.invalid': { code: word },
  /** Bytes of a bundle put into the database under their SHA-256; nothing is in force by that. */
  'policy.delivered': { sha256: hash, size_bytes: whole, actor },
  /** Durable before the first row is given. `filter` says what was asked for, in closed words and ids. */
  read: { read: id, route: word, actor, call: id.optional(), filter: named(word, word).optional() },
  'read.done': { read: id, route: word, rows: whole, outcome: z.enum(['complete', 'broken']) },
  /** Written after the fact: the kill switch acts first. `silenced` counts leases closed and readers cut off. */
  revoke: {
    revocation: id,
    action: z.enum(['silence', 'lift']),
    scope: z.enum(['call', 'processor', 'tenant']),
    target: word,
    /** In the words of whoever did it; absent when it is lifted. */
    reason: word.optional(),
    actor,
    acted_ms: whole,
    silenced: whole,
    call: id.optional(),
  },
  'access.bootstrap': { token: id, holder: word },
  'access.token': {
    action: z.enum(['issued', 'revoked']),
    token: id,
    holder: word,
    roles: z.array(word).max(4),
    /** Absent: every tenant. */
    tenants: z.array(word).max(64).optional(),
    expires_ms: whole,
    actor,
  },
  /** Attempts that were refused; identical ones coalesced with a count. */
  'access.denied': { route: word, actor, code: word, count: whole },
  'key.made': { purpose: z.literal('tenant'), version: whole, public_hash: hash },
  /** A sealed object begins: durable before its first chunk is stored. */
  'retention.open': {
    call: id,
    sealed: id,
    class: word,
    key_version: whole,
    key_commit: hash,
    decision: decisionSchema,
  },
  'retention.close': { call: id, sealed: id, chunks: whole, bytes: whole, complete: z.boolean() },
  void: { voided_seq: whole },
  incident: { code: word, head: chainHead.optional() },
} as const;

export type EntryKind = keyof typeof bodies;
export const ENTRY_KINDS = Object.keys(bodies) as EntryKind[];

/** Fields of every entry. `prev` is the previous leaf of the same chain, 64 zeros for seq 0. */
const frame = {
  schema: z.literal(ENTRY_SCHEMA),
  log: word,
  node: word,
  epoch: id,
  seq: whole,
  prev: hash,
  at_ms: whole,
  mono_us: whole,
} as const;

type Bodies = { [Kind in EntryKind]: z.infer<z.ZodObject<(typeof bodies)[Kind], z.core.$strict>> };

/** What a caller says: the kind and its fields. The ledger adds log, node, epoch, seq, prev and time. */
export type EntryBody = { [Kind in EntryKind]: { readonly kind: Kind } & Readonly<Bodies[Kind]> }[EntryKind];

/** A whole entry, as it is hashed and stored. */
export type Entry = EntryBody & Readonly<z.infer<z.ZodObject<typeof frame>>>;

const entrySchemas = Object.fromEntries(
  ENTRY_KINDS.map((kind) => [kind, z.strictObject({ ...frame, kind: z.literal(kind), ...bodies[kind] })]),
) as unknown as Readonly<Record<EntryKind, z.ZodType<Entry>>>;

const bodySchemas = Object.fromEntries(
  ENTRY_KINDS.map((kind) => [kind, z.strictObject({ kind: z.literal(kind), ...bodies[kind] })]),
) as unknown as Readonly<Record<EntryKind, z.ZodType<EntryBody>>>;

/** Reads one parsed JSON value as an entry: the entry, `unknown` for a kind or schema we do not know, or `invalid`. */
export function readEntry(value: unknown): { readonly entry: Entry } | 'unknown' | 'invalid' {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('schema' in value)) return 'invalid';
  if (value.schema !== ENTRY_SCHEMA || !isKind(value.kind)) return 'unknown';
  const read = entrySchemas[value.kind].safeParse(value);
  return read.success ? { entry: read.data } : 'invalid';
}

/** Whether `body` fits the union; checked before an entry is given its place in a chain. */
export function isEntryBody(body: EntryBody): boolean {
  return bodySchemas[body.kind].safeParse(body).success;
}

function hasProtoKey(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__');
}

function isKind(kind: unknown): kind is EntryKind {
  return typeof kind === 'string' && Object.hasOwn(bodies, kind);
}
