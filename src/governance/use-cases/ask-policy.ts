/**
 * Asks one policy question and shows every answer. A deny because nobody answered in time is asked again a little
 * later: it says nothing about what the policy wants, and what is asked for can wait; the call does not.
 */

import type { Decision, Entrypoint, PolicyInput } from '../../model/decision.ts';
import type { LiveCall } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { recordDecision, type DecisionSubject } from './record-decision.ts';

const ATTEMPTS = 3;
const PAUSE_MS = 250;

/** The last answer; each one is recorded. Never rejects. */
export async function askPolicy(
  deps: Deps,
  call: LiveCall,
  entrypoint: Entrypoint,
  question: { readonly input: () => PolicyInput; readonly subject: DecisionSubject },
): Promise<Decision> {
  for (let attempt = 1; ; attempt += 1) {
    const decision = await deps.policy.decide(call.tenant.id, entrypoint, question.input());
    recordDecision(deps, call, decision, question.subject);
    if (!wasUnheard(decision) || attempt === ATTEMPTS) return decision;
    await new Promise<void>((resolve) => {
      deps.clock.after(PAUSE_MS, resolve);
    });
  }
}

function wasUnheard({ code }: Decision): boolean {
  return code === 'policy_deadline' || code === 'policy_unavailable';
}
