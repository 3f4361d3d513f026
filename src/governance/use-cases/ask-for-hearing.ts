/** Asks whether one processor may hear one stream, as things are now. Every answer is recorded, whatever it is. */

import type { Decision } from '../../model/decision.ts';
import type { Processor } from '../../model/tenant.ts';
import { askPolicy } from './ask-policy.ts';
import type { LiveCall, LiveStream } from './live-calls.ts';
import { healthOf } from './note-health.ts';
import { isTakingCard } from './pci-state.ts';
import { streamInput } from './policy-input.ts';
import type { Deps } from './ports.ts';

/** Never rejects. */
export function askForHearing(deps: Deps, call: LiveCall, stream: LiveStream, processor: Processor): Promise<Decision> {
  const { leg } = stream;
  return askPolicy(deps, call, 'stream', {
    input: () => {
      const { tenant, fact } = call;
      const question = { tenant, fact, nowMs: deps.clock.wallMs(), isTakingCard: isTakingCard(call) };
      const health = healthOf(deps, processor.id);
      return streamInput(question, { leg, stream: stream.fact, processor, health, modality: 'audio' });
    },
    subject: { leg, stream: stream.stream, processor: processor.id, modality: 'audio' },
  });
}
