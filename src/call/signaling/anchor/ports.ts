/**
 * Ports for a call: one pair per side, both of one worker, taken ahead of need or not at all.
 * Nothing is waited for; none left is an answer.
 */

import type { CallId } from '../../../base/ids.ts';
import type { RoutedTenant } from '../../../model/routing.ts';
import type { Side } from '../../../model/tenant.ts';
import type { MediaPair, SessionState } from '../../media/session-state.ts';

/** What the anchor needs of the media pool. */
export interface MediaPorts {
  /** A pair already bound on that interface, of that worker when named; undefined when none is ready. */
  takePair(interfaceName: string, worker?: number): MediaPair | undefined;
  freePair(pair: MediaPair): void;
  /** Builds or updates the worker's session. */
  apply(state: SessionState): void;
  /** Ends the session and frees its pairs. */
  end(call: CallId): void;
}

/** Takes a pair for each side, or none. A session lives in one worker, so the second pair follows the first. */
export function takePairs(ports: MediaPorts, tenant: RoutedTenant): Readonly<Record<Side, MediaPair>> | undefined {
  const caller = ports.takePair(tenant.ingress);
  if (!caller) return undefined;
  const callee = ports.takePair(tenant.egress, caller.worker);
  if (callee) return { caller, callee };
  ports.freePair(caller);
  return takeFromCalleeSide(ports, tenant);
}

/** The worker first chosen had none left on the other interface; another may have both. */
function takeFromCalleeSide(ports: MediaPorts, tenant: RoutedTenant): Record<Side, MediaPair> | undefined {
  const callee = ports.takePair(tenant.egress);
  if (!callee) return undefined;
  const caller = ports.takePair(tenant.ingress, callee.worker);
  if (caller) return { caller, callee };
  ports.freePair(callee);
  return undefined;
}
