/**
 * Who may read a leg is asked anew while it is spoken. Those concerned are cut off at once; what is said until policy
 * has answered waits in the call's own order, so that whoever may still read it does.
 */

import { isDeepStrictEqual } from 'node:util';
import type { LegId, ProcessorId } from '../../base/ids.ts';
import type { TextGrant } from '../../model/grant.ts';
import { askForText, readersOf } from './grant-text.ts';
import { currentPositionMs } from './lease-window.ts';
import { currentReaders, type LiveCall, type LiveStream } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { recordGap } from './record-gap.ts';
import { redactLeg } from './redact-leg.ts';
import { textGrantOf } from './text-plans.ts';

/** Never waits and never throws. */
export function grantTextAnew(
  deps: Deps,
  call: LiveCall,
  stream: LiveStream,
  affected: ReadonlySet<ProcessorId>,
): void {
  const { leg } = stream;
  const present = currentReaders(call, leg);
  call.textGrants.set(leg, except(present, affected));
  const configured = readersOf(call);
  if (!configured.some(({ id }) => affected.has(id))) return;
  // Whoever waits for an answer to an earlier question has not lost what he read before it, if he is still to be asked.
  const waiting = call.askedAnew.get(leg)?.former ?? [];
  const former = [...present, ...waiting].filter(({ processor }) => configured.some(({ id }) => id === processor.id));
  call.askedAnew.set(leg, { questions: (call.askedAnew.get(leg)?.questions ?? 0) + 1, former });
  const ask = async (): Promise<void> => {
    try {
      await askReaders(deps, call, stream, { affected, former });
    } finally {
      answer(call, leg);
    }
  };
  // With too much waiting, what is waiting may be withheld under the new plan; the readers are not forgotten for it.
  if (!call.segments.add(ask)) void ask();
}

/**
 * The tenant wants its speech redacted otherwise: that holds for living calls as well, and what gathered for a reader whose
 * plan changes by it reaches nobody.
 */
export function renderAnew(deps: Deps, call: LiveCall, stream: LiveStream): void {
  const { leg } = stream;
  const render = (): void => {
    const former = currentReaders(call, leg);
    const grants = former.map((grant) => textGrantOf(call.tenant.redaction, grant));
    for (const grant of grants) withholdTurn(deps, call, stream, { grant, former });
    call.textGrants.set(leg, grants);
    if (call.redaction.has(leg) || call.tenant.redaction.pci.enabled) redactLeg(deps, call, stream);
  };
  // In the leg's order, so that what is being redacted now still finds its reader.
  const inOrder = (): Promise<void> => {
    render();
    return Promise.resolve();
  };
  if (!call.segments.add(inOrder)) render();
}

function answer(call: LiveCall, leg: LegId): void {
  const asked = call.askedAnew.get(leg);
  if (asked === undefined || asked.questions <= 1) call.askedAnew.delete(leg);
  else call.askedAnew.set(leg, { ...asked, questions: asked.questions - 1 });
}

/** Every answer is acted upon at once, unless what was asked has become another question meanwhile. */
async function askReaders(
  deps: Deps,
  call: LiveCall,
  stream: LiveStream,
  { affected, former }: { readonly affected: ReadonlySet<ProcessorId>; readonly former: readonly TextGrant[] },
): Promise<void> {
  const { leg } = stream;
  const { governedAnew } = call;
  const granted: TextGrant[] = [];
  for (const processor of readersOf(call).filter(({ id }) => affected.has(id))) {
    const answer = await askForText(deps, call, stream, processor);
    if (answer !== 'denied' && answer !== 'silenced') granted.push(answer);
  }
  if (call.governedAnew !== governedAnew || granted.length === 0) return;
  for (const grant of granted) withholdTurn(deps, call, stream, { grant, former });
  call.textGrants.set(leg, [...except(currentReaders(call, leg), affected), ...granted]);
  redactLeg(deps, call, stream);
}

/**
 * A reader who may read on as before loses nothing. What gathered for him under a plan that holds no longer reaches nobody,
 * and to a reader that was none before belongs only what is said from now on.
 */
function withholdTurn(
  deps: Deps,
  call: LiveCall,
  stream: LiveStream,
  { grant, former }: { readonly grant: TextGrant; readonly former: readonly TextGrant[] },
): void {
  const { id } = grant.processor;
  const before = former.find(({ processor }) => isDeepStrictEqual(processor, grant.processor));
  if (before?.planName === grant.planName) return;
  if (before === undefined) stream.readableFromMs.set(id, currentPositionMs(deps, call, stream));
  const dropped = call.conversation.drop(stream.leg, id);
  if (dropped === undefined) return;
  const { startMs: fromMs, endMs: toMs } = dropped;
  recordGap(deps, call, { stream: stream.stream, processor: id, reason: 'policy', fromMs, toMs });
}

function except(grants: readonly TextGrant[], affected: ReadonlySet<ProcessorId>): readonly TextGrant[] {
  return grants.filter(({ processor }) => !affected.has(processor.id));
}
