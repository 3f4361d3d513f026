/**
 * Ports for a call's lines: one pair per side and line, all of one worker, taken ahead of need or not at all.
 * Nothing is waited for; none left is an answer.
 */

import type { CallId } from '../../../base/ids.ts';
import type { RoutedTenant } from '../../../model/routing.ts';
import type { Side } from '../../../model/tenant.ts';
import type { MediaPair, SessionState } from '../../media/session-state.ts';
import type { CallRecord, Line } from './call-record.ts';

/** What the anchor needs of the media pool. */
export interface MediaPorts {
  /** A pair already bound on that interface, of that worker when named; undefined when none is ready. */
  takePair(interfaceName: string, worker?: number): MediaPair | undefined;
  freePair(pair: MediaPair): void;
  /** Builds or updates the worker's session. */
  apply(state: SessionState): void;
  /** Ends the call's sessions and frees their pairs. */
  end(call: CallId): void;
}

type Pairs = Readonly<Record<Side, MediaPair>>;

/** The line with its ports, taken now if it has none; undefined where there are none to take. */
export function ensureLine(
  record: CallRecord,
  { mLine, mode }: Pick<Line, 'mLine' | 'mode'>,
  ports: MediaPorts,
): Line | undefined {
  const known = record.lines.get(mLine);
  if (known) return known;
  const [beside] = record.lines.values();
  const pairs = takePairs(ports, record.tenant, beside?.pairs.caller.worker);
  if (!pairs) return undefined;
  const fresh = { caller: undefined, callee: undefined };
  const line: Line = { mLine, mode, pairs, fresh, committed: undefined, session: undefined };
  record.lines.set(mLine, line);
  return line;
}

/** Gives back the ports of every line; the media pool has those that it knows a session for. */
export function releaseLines(record: CallRecord, ports: MediaPorts): void {
  const lines = [...record.lines.values()];
  if (lines.some(({ session }) => session)) ports.end(record.call);
  for (const line of lines) if (!line.session) freePairs(line.pairs, ports);
  record.lines.clear();
}

export function freePairs(pairs: Pairs, ports: MediaPorts): void {
  ports.freePair(pairs.caller);
  ports.freePair(pairs.callee);
}

/** Takes a pair for each side, or none. The lines of a call live in one worker, so the second pair follows the first. */
function takePairs(ports: MediaPorts, tenant: RoutedTenant, worker: number | undefined): Pairs | undefined {
  const caller = ports.takePair(tenant.ingress, worker);
  if (!caller) return undefined;
  const callee = ports.takePair(tenant.egress, caller.worker);
  if (callee) return { caller, callee };
  ports.freePair(caller);
  return worker === undefined ? takeFromCalleeSide(ports, tenant) : undefined;
}

/** The worker first chosen had none left on the other interface; another may have both. */
function takeFromCalleeSide(ports: MediaPorts, tenant: RoutedTenant): Pairs | undefined {
  const callee = ports.takePair(tenant.egress);
  if (!callee) return undefined;
  const caller = ports.takePair(tenant.ingress, callee.worker);
  if (caller) return { caller, callee };
  ports.freePair(callee);
  return undefined;
}
