/**
 * Asks one policy question and shows every answer. A deny because nobody answered in time is asked again a little
 * later: it says nothing about what the policy wants, and what is asked for can wait; the call does not.
 */

import type { Decision, Entrypoint, PolicyInput } from '../../model/decision.ts';
import type { LiveCall } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { recordDecision, type DecisionSubject } from './record-decision.ts';

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5000;
/** Text and insights grow old; after this many attempts they are not sent. A stream is worth asking for while it lasts. */
const ATTEMPTS: Readonly<Record<Entrypoint, number>> = { stream: Infinity, release: 3, retain: 3, emit: 3 };

/** The last answer; each one is recorded. Never rejects, and stops asking when the call ends. */
export async function askPolicy(
  deps: Deps,
  call: LiveCall,
  entrypoint: Entrypoint,
  question: { readonly input: () => PolicyInput; readonly subject: DecisionSubject },
): Promise<Decision> {
  let pauseMs = FIRST_PAUSE_MS;
  for (let attempt = 1; ; attempt += 1) {
    const decision = await deps.policy.decide(call.tenant.id, entrypoint, question.input());
    recordDecision(deps, call, decision, question.subject);
    const isLast = attempt >= ATTEMPTS[entrypoint] || (call.end !== undefined && entrypoint === 'stream');
    if (!wasUnheard(decision) || isLast) return decision;
    await pause(deps, pauseMs);
    pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
  }
}

function pause(deps: Deps, pauseMs: number): Promise<void> {
  return new Promise((resolve) => {
    deps.clock.after(pauseMs, resolve);
  });
}

/** A deny because nobody was heard in time: it may be asked again. */
export function wasUnheard({ code }: Decision): boolean {
  return code === 'policy_deadline' || code === 'policy_unavailable';
}
