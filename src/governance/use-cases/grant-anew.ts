/**
 * Who may read a leg is asked anew while it is spoken. Those concerned are cut off at once; what is said until policy
 * has answered waits in the call's own order, so that whoever may still read it does.
 */

import { isDeepStrictEqual } from 'node:util';
import type { ProcessorId } from '../../base/ids.ts';
import type { GapReason } from '../../model/audio.ts';
import type { Grant } from '../../model/grant.ts';
import { askForText, openRedaction, readersOf, strictestPlan } from './grant-text.ts';
import type { LiveCall, LiveStream } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { recordGap } from './record-gap.ts';

/** Never waits and never throws. */
export function grantTextAnew(
  deps: Deps,
  call: LiveCall,
  stream: LiveStream,
  affected: ReadonlySet<ProcessorId>,
): void {
  const { leg } = stream;
  const former = call.textGrants.get(leg) ?? [];
  call.textGrants.set(leg, except(former, affected));
  if (!readersOf(call).some(({ id }) => affected.has(id))) return;
  call.askedAnew.set(leg, (call.askedAnew.get(leg) ?? 0) + 1);
  const ask = async (): Promise<void> => {
    try {
      await askReaders(deps, call, stream, { affected, former });
    } finally {
      call.askedAnew.set(leg, (call.askedAnew.get(leg) ?? 1) - 1);
    }
  };
  // With too much waiting, what is waiting may be withheld under the new plan; the readers are not forgotten for it.
  if (!call.segments.add(ask)) void ask();
}

/** Every answer is acted upon at once, unless what was asked has become another question meanwhile. */
async function askReaders(
  deps: Deps,
  call: LiveCall,
  stream: LiveStream,
  { affected, former }: { readonly affected: ReadonlySet<ProcessorId>; readonly former: readonly Grant[] },
): Promise<void> {
  const { leg } = stream;
  const { governedAnew } = call;
  const granted: Grant[] = [];
  for (const processor of readersOf(call).filter(({ id }) => affected.has(id))) {
    const answer = await askForText(deps, call, stream, processor);
    if (answer !== 'denied' && answer !== 'silenced') granted.push(answer);
  }
  if (call.governedAnew !== governedAnew || granted.length === 0) return;
  const after = [...except(call.textGrants.get(leg) ?? [], affected), ...granted];
  const isOpen = former.length > 0 || deps.transcripts?.keeps(call.call) === true;
  const isAsBefore = isOpen && isDeepStrictEqual(strictestPlan(former), strictestPlan(after));
  if (!isAsBefore) {
    if (isOpen) await withholdTurn(deps, call, stream, 'policy');
    openRedaction(deps, call, leg, { grants: after, resumed: isOpen || stream.feeds.size > 0 || call.isResumed });
  }
  call.textGrants.set(leg, after);
}

/** What is held was redacted under a plan that holds no longer: nobody reads it any more. It may still be kept. */
export async function withholdTurn(
  deps: Deps,
  call: LiveCall,
  stream: LiveStream,
  reason: Extract<GapReason, 'policy' | 'pci'>,
): Promise<void> {
  const { leg } = stream;
  const settled = await deps.redaction.settle(call.call, leg);
  const early = settled.kind === 'pieces' ? call.conversation.add(leg, settled.pieces) : undefined;
  const last = call.conversation.endTurn(leg);
  for (const release of [early, last]) {
    if (release === undefined) continue;
    deps.transcripts?.keep(call, release);
    recordGap(deps, call, { stream: stream.stream, reason, fromMs: release.startMs, toMs: release.endMs });
  }
}

function except(grants: readonly Grant[], affected: ReadonlySet<ProcessorId>): Grant[] {
  return grants.filter(({ processor }) => !affected.has(processor.id));
}
