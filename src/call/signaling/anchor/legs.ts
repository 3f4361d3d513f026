/** Facts of a call's legs and streams, taken from the session as applied: never an address, port or key. */

import type { LegFact, StreamFact } from '../../../model/call.ts';
import type { Side } from '../../../model/tenant.ts';
import type { SessionState } from '../../media/session-state.ts';
import type { CallRecord, Leg } from './call-record.ts';

export function describeLegs(record: CallRecord): LegFact[] {
  return [
    describeLeg(record, 'caller', record.caller),
    ...[...record.callees.values()].map((leg) => describeLeg(record, 'callee', leg)),
  ];
}

function describeLeg(record: CallRecord, side: Side, leg: Leg): LegFact {
  const stream = record.session && describeStream(record.session, side, leg);
  return { leg: leg.leg, side, role: record.tenant.roles[side], ...(stream ? { stream } : {}) };
}

function describeStream(session: SessionState, side: Side, { leg }: Leg): StreamFact | undefined {
  const { pair, branches, activeLeg } = session.sides[side];
  const branch = branches.find((candidate) => candidate.leg === leg);
  if (!branch) return undefined;
  const isLinked = session.sides.caller.activeLeg !== null && session.sides.callee.activeLeg !== null;
  return {
    stream: branch.stream,
    worker: pair.worker,
    secure: branch.receiveKey !== null,
    direction: branch.direction,
    ptimeMs: branch.ptimeMs,
    payloads: branch.payloads,
    active: isLinked && activeLeg === leg,
  };
}
