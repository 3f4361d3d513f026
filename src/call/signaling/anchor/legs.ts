/** Facts of a call's legs and streams, taken from the main line's session as applied: never an address, port or key. */

import type { LegFact, StreamFact } from '../../../model/call.ts';
import type { Side } from '../../../model/tenant.ts';
import type { SessionState } from '../../media/session-state.ts';
import type { MediaFacts } from '../media-anchor.ts';
import type { CallRecord, Leg } from './call-record.ts';
import { mainLine } from './call-record.ts';

/** What is said of the call's media, and of each leg. A line that we cannot open has no stream that could be heard. */
export function describeMedia(record: CallRecord): MediaFacts {
  const line = mainLine(record);
  const isOpaque = record.mode === 'anchored' && line?.mode === 'opaque';
  const session = isOpaque ? undefined : line?.session;
  const { signedMedia } = record;
  return {
    media: isOpaque ? 'opaque' : record.mode,
    legs: [
      describeLeg(record, session, 'caller', record.caller),
      ...[...record.callees.values()].map((leg) => describeLeg(record, session, 'callee', leg)),
    ],
    ...(signedMedia ? { signedMedia } : {}),
  };
}

function describeLeg(record: CallRecord, session: SessionState | undefined, side: Side, leg: Leg): LegFact {
  const stream = session && describeStream(session, side, leg);
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
    secure: branch.receiveKey !== null || branch.dtls !== null,
    direction: branch.direction,
    ptimeMs: branch.ptimeMs,
    payloads: branch.payloads,
    active: isLinked && activeLeg === leg,
  };
}
