/** Shows a decision to whoever listens, and keeps a refusal as an entry of its own. */

import type { LegId, ProcessorId, StreamId } from '../../base/ids.ts';
import type { Decision } from '../../model/decision.ts';
import type { EntryBody } from '../../model/evidence.ts';
import type { Modality } from '../../model/tenant.ts';
import type { LiveCall } from './live-calls.ts';
import type { Deps } from './ports.ts';

export interface DecisionSubject {
  readonly leg?: LegId | undefined;
  readonly stream?: StreamId | undefined;
  readonly processor?: ProcessorId | undefined;
  readonly subscriber?: string | undefined;
  readonly modality?: Modality | undefined;
}

type DecisionEvidence = Extract<EntryBody, { kind: 'refusal' }>['decision'];

/** Publishes the decision; a deny becomes a `refusal` that nobody waits for. */
export function recordDecision(deps: Deps, call: LiveCall, decision: Decision, subject: DecisionSubject): void {
  deps.publish({
    kind: 'decision',
    call: call.call,
    tenant: call.tenant.id,
    entrypoint: decision.entrypoint,
    allow: decision.allow,
    code: decision.code,
    reasons: decision.reasons,
    ...definedOf(subject),
  });
  deps.metrics.counter('earshot_decisions_total', { entrypoint: decision.entrypoint, code: decision.code }).add();
  if (decision.allow) return;
  deps.ledger.note(call.tenant.id, {
    kind: 'refusal',
    call: call.call,
    ...definedOf(subject),
    count: 1,
    decision: decisionEvidence(decision),
  });
}

/** What an entry says of the decision it rests on. */
export function decisionEvidence(decision: Decision): DecisionEvidence {
  const { obligations } = decision;
  return {
    entrypoint: decision.entrypoint,
    allow: decision.allow,
    code: decision.code,
    rules: decision.reasons.slice(0, 8).map(({ rule, clause }) => (clause === undefined ? { rule } : { rule, clause })),
    obligations: {
      ...definedOf(obligations),
      ...(obligations.mute_on === undefined ? {} : { mute_on: [...obligations.mute_on] }),
      ...(obligations.redact === undefined ? {} : { redact: { ...obligations.redact } }),
    } as DecisionEvidence['obligations'],
    ...(decision.policy === undefined ? {} : { policy: { ...decision.policy } }),
    ...(decision.guardrail === undefined ? {} : { guardrail: { ...decision.guardrail } }),
    input: decision.inputCommitment,
  };
}

/** The same object without its undefined members: absent is absent in an entry. */
function definedOf<Shape extends object>(shape: Shape): { [Key in keyof Shape]?: NonNullable<Shape[Key]> } {
  return Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Shape]?: NonNullable<Shape[Key]>;
  };
}
