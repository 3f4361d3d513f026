/** Shows a decision to whoever listens, and keeps a refusal as an entry of its own; repeated ones are kept as a number. */

import type { LegId, ProcessorId, StreamId } from '../../base/ids.ts';
import type { Decision } from '../../model/decision.ts';
import type { Modality } from '../../model/tenant.ts';
import type { LiveCall } from './live-calls.ts';
import type { Deps } from './ports.ts';
import type { Refusal } from './refusal-tally.ts';

export interface DecisionSubject {
  readonly leg?: LegId | undefined;
  readonly stream?: StreamId | undefined;
  readonly processor?: ProcessorId | undefined;
  readonly subscriber?: string | undefined;
  readonly modality?: Modality | undefined;
}

type DecisionEvidence = Refusal['decision'];

/** Publishes the decision; where nothing may follow from it, it becomes a `refusal` that nobody waits for. */
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
  if (decision.allow && decision.obligations.tighten !== 'drop') return;
  const refusal: Refusal = {
    kind: 'refusal',
    call: call.call,
    ...definedOf(subject),
    count: 1,
    decision: decisionEvidence(decision),
  };
  if (!call.refusals.absorb(refusal, deps.clock.monoUs())) deps.ledger.note(call.tenant.id, refusal);
}

/** Records refusals that were only counted, once their time is over. Called every second. */
export function recordRepeatedRefusals(deps: Deps): void {
  const nowUs = deps.clock.monoUs();
  for (const call of deps.calls.all()) {
    for (const refusal of call.refusals.takeDue(nowUs)) deps.ledger.note(call.tenant.id, refusal);
  }
}

/** The call is over for us: nothing is held back any more. */
export function recordLastRefusals(deps: Deps, call: LiveCall): void {
  for (const refusal of call.refusals.close()) deps.ledger.note(call.tenant.id, refusal);
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
      ...(obligations.restore === undefined ? {} : { restore: [...obligations.restore] }),
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
