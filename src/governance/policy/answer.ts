/**
 * What a policy said, read as strictly as a stranger's word: the exact shape, known obligations only, bounded in size.
 * An obligation that the question's use case could not honour is unknown there, so it denies rather than being lost.
 */

import { z } from 'zod';
import { REDACTION_ACTIONS } from '../../model/redaction-action.ts';
import { PARTIALS_MODES } from '../../model/redaction-settings.ts';
import type { DecisionCode, Entrypoint, Obligations, Reason } from '../../model/decision.ts';

/** Why no rule was heard. */
export type Failure = Exclude<DecisionCode, 'allowed' | 'policy_denied'>;

export type Answer =
  | {
      readonly kind: 'heard';
      readonly allow: boolean;
      readonly reasons: readonly Reason[];
      readonly obligations: Obligations;
    }
  | { readonly kind: 'unheard'; readonly code: Failure };

/** A decision is recorded in an entry of at most 4 KiB, together with the guardrail's: each gets about a third. */
export const MAX_ANSWER_BYTES = 1400;
export const MAX_REASONS = 8;

const word = z.string().min(1).max(128);
const whole = z.int().min(0);
const entityType = z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/);

const limits = { max_window_ms: whole, max_bytes: whole };
const fields = {
  ...limits,
  mute_on: z.array(z.literal('pci')).max(4),
  redact: z.record(entityType, z.enum(REDACTION_ACTIONS)),
  partials: z.string().pipe(z.enum(PARTIALS_MODES)),
  keep_class: word,
  region: word,
  tighten: z.enum(['drop', 'mask_all']),
  restore: z.array(entityType).max(16),
};

const obligationsOf = {
  stream: z.strictObject(fields).omit({ tighten: true, restore: true }).partial(),
  release: z.strictObject({ tighten: fields.tighten }).partial(),
  retain: z.strictObject({ keep_class: fields.keep_class, max_window_ms: fields.max_window_ms }).partial(),
  emit: z.strictObject({ restore: fields.restore }).partial(),
} as const satisfies Record<Entrypoint, z.ZodObject>;

const answerSchema = z.strictObject({
  allow: z.boolean(),
  reasons: z.array(z.strictObject({ rule: word, clause: word.optional() })).max(MAX_REASONS),
  obligations: z.record(z.string(), z.unknown()),
});

const resultSetSchema = z.array(z.looseObject({ result: z.unknown() })).length(1);

/** Reads the result set of one evaluation (`[{result}]`, empty when the rule is undefined). Never throws. */
export function readAnswer(entrypoint: Entrypoint, resultSet: unknown): Answer {
  if (Array.isArray(resultSet) && resultSet.length === 0) return unheard('policy_undefined');
  const results = resultSetSchema.safeParse(resultSet);
  const said = answerSchema.safeParse(results.data?.[0]?.result);
  if (!said.success || Buffer.byteLength(JSON.stringify(said.data)) > MAX_ANSWER_BYTES)
    return unheard('policy_malformed');
  const obligations = obligationsOf[entrypoint].safeParse(said.data.obligations);
  if (!obligations.success) return unheard(refusalOf(obligations.error));
  return { kind: 'heard', allow: said.data.allow, reasons: said.data.reasons, obligations: obligations.data };
}

export function unheard(code: Failure): Answer {
  return { kind: 'unheard', code };
}

/** A name or word we do not know is an obligation we cannot honour; a known one of the wrong type is nonsense. */
function refusalOf(error: z.ZodError): Failure {
  const isUnknown = error.issues.some((issue) => issue.code === 'unrecognized_keys' || issue.code === 'invalid_value');
  return isUnknown ? 'policy_obligation_unknown' : 'policy_malformed';
}
