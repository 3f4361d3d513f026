/**
 * What governs a living call's hearing has changed: whoever is concerned stops hearing and reading before this returns,
 * and is asked about anew. Nothing is said to the call plane but of taps: the call itself is untouched.
 */

import { isDeepStrictEqual } from 'node:util';
import type { ProcessorId } from '../../base/ids.ts';
import type { Governing } from './compare-hearing.ts';
import { attendCall } from './follow-call.ts';
import { grantTextAnew, renderAnew } from './grant-anew.ts';
import { currentPositionMs } from './lease-window.ts';
import type { LiveCall, LiveStream } from './live-calls.ts';
import type { Deps } from './ports.ts';
import { recordSilence, silenceFeed } from './silence-stream.ts';

/** `affected` hear no more from here on; those the tenant still has are taken up again if policy allows it. */
export function governAnew(deps: Deps, call: LiveCall, governing: Governing, affected: ReadonlySet<ProcessorId>): void {
  const isRedactedOtherwise = !isDeepStrictEqual(call.tenant.redaction, governing.tenant.redaction);
  call.tenant = governing.tenant;
  call.revision = governing.revision;
  if (isRedactedOtherwise) for (const stream of call.streams.values()) renderAnew(deps, call, stream);
  if (affected.size === 0) return;
  call.governedAnew += 1;
  for (const processor of affected) call.history.forget(processor);
  for (const stream of call.streams.values()) {
    stopHearing(deps, call, stream, affected);
    if (call.textGrants.has(stream.leg)) grantTextAnew(deps, call, stream, affected);
  }
  void attendCall(deps, call);
}

function stopHearing(deps: Deps, call: LiveCall, stream: LiveStream, affected: ReadonlySet<ProcessorId>): void {
  for (const feed of [...stream.feeds.values()]) {
    if (affected.has(feed.grant.processor.id)) silenceFeed(deps, call, stream, feed, 'policy_change');
  }
  for (const processor of affected) {
    if (stream.asked.get(processor) === 'answered') stream.asked.delete(processor);
    const silence = stream.silences.get(processor);
    if (silence === undefined || silence.reason === 'revoked') continue;
    if (call.tenant.processors.includes(processor)) {
      stream.silences.set(processor, { ...silence, failures: 0, retryAtUs: deps.clock.monoUs() });
    } else {
      stream.silences.delete(processor);
      recordSilence(deps, call, stream, processor, { ...silence, toMs: currentPositionMs(deps, call, stream) });
    }
  }
}
