/** What the call plane tells the world about calls, and a fence so that a listener can never stop a call. */

import { errorCode } from '../../base/error.ts';
import type { CallId, TenantId } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { CallEndReason, CallFact, SignalingAccount } from '../../model/call.ts';

export interface CallSink {
  callStarted(fact: CallFact): void;
  callChanged(fact: CallFact): void;
  /** Something of it is different that its next life must know, and perhaps nobody else. */
  callMoved?(call: CallId): void;
  /** Said only of calls that were started. */
  callEnded(call: CallId, tenant: TenantId, reason: CallEndReason, signaling: SignalingAccount): void;
}

export function guardSink(sink: CallSink, metrics: Metrics, log: Log): CallSink {
  const guard = (event: string, tell: () => void): void => {
    try {
      tell();
    } catch (thrown) {
      metrics.counter('earshot_call_sink_failed_total', { event }).add();
      log.error({ event, code: errorCode(thrown), error: thrown }, 'a listener for call events failed');
    }
  };
  return {
    callStarted: (fact) => guard('started', () => sink.callStarted(fact)),
    callChanged: (fact) => guard('changed', () => sink.callChanged(fact)),
    callMoved: (call) => guard('moved', () => sink.callMoved?.(call)),
    callEnded: (call, tenant, reason, signaling) => {
      guard('ended', () => sink.callEnded(call, tenant, reason, signaling));
    },
  };
}
