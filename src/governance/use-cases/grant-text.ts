/** Decides who may read what one leg says, and how it must be redacted for them, before anything is recognised. */

import type { Grant } from '../../model/grant.ts';
import type { RedactionPlan } from '../../model/transcript.ts';
import { askPolicy } from './ask-policy.ts';
import type { LiveCall, LiveStream } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { streamInput } from './policy-input.ts';

/** Asks the policy for every text processor of the tenant, and opens the leg's redaction when one may read it. */
export async function grantText(deps: Deps, call: LiveCall, stream: LiveStream): Promise<void> {
  const { tenant, fact } = call;
  const { leg } = stream;
  // Marked as asked at once: a second fact may arrive while the policy thinks.
  call.textGrants.set(leg, []);
  const processors = call.revision.processors.filter(
    ({ id, hears }) => hears === 'text' && tenant.processors.includes(id),
  );
  const grants: Grant[] = [];
  for (const processor of processors) {
    const decision = await askPolicy(deps, call, 'stream', {
      input: () =>
        streamInput(
          { tenant, fact, nowMs: deps.clock.wallMs() },
          { leg, stream: stream.fact, processor, modality: 'text' },
        ),
      subject: { leg, stream: stream.stream, processor: processor.id, modality: 'text' },
    });
    if (!decision.allow) continue;
    grants.push({
      tenant: tenant.id,
      call: call.call,
      leg,
      stream: stream.stream,
      processor,
      modality: 'text',
      decision,
    });
  }
  if (grants.length === 0 || call.end !== undefined) return;
  // Where somebody hears already, words may have gone by while the policy was asked.
  const resumed = call.isResumed || stream.feeds.size > 0;
  deps.redaction.open(call.call, leg, { plan: strictestPlan(grants), resumed });
  call.textGrants.set(leg, grants);
}

/** One rendering serves every reader of the leg, so the strictest wish for each type wins: mask before pseudonym. */
export function strictestPlan(grants: readonly Grant[]): RedactionPlan {
  const actions: Record<string, 'mask' | 'pseudonym'> = {};
  for (const { decision } of grants) {
    for (const [type, action] of Object.entries(decision.obligations.redact ?? {})) {
      if (actions[type] !== 'mask') actions[type] = action;
    }
  }
  return { actions, defaultAction: 'pseudonym' };
}
