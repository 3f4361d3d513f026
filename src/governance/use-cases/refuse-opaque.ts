/**
 * Refuses what nobody could give: the audio of a call whose media not even the call plane can open. No policy is asked,
 * there being nothing to allow; that it was refused is on record all the same, once for each processor.
 */

import { createHash } from 'node:crypto';
import type { Decision } from '../../model/decision.ts';
import type { LiveCall } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { recordDecision } from './record-decision.ts';

export function refuseOpaque(deps: Deps, call: LiveCall): void {
  for (const { id, hears } of call.revision.processors) {
    if (hears === 'text' || !call.tenant.processors.includes(id) || call.opaqueRefused.has(id)) continue;
    call.opaqueRefused.add(id);
    recordDecision(deps, call, refusal(deps), { processor: id, modality: 'audio' });
  }
}

/** There was no input: what is committed to is chance alone. */
function refusal({ random }: Deps): Decision {
  return {
    entrypoint: 'stream',
    allow: false,
    code: 'media_opaque',
    reasons: [],
    obligations: {},
    inputCommitment: createHash('sha256').update(random(32)).digest('hex'),
    evaluationUs: 0,
  };
}
