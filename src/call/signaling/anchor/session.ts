/**
 * Writes what was agreed of a line as a `SessionState` for the media pool. What only the worker learns (latch, indices,
 * arrival, keys of a handshake) is left empty here; the pool keeps it for branches and keys that stay.
 */

import { assert } from '../../../base/assert.ts';
import type { LegId, RandomBytes } from '../../../base/ids.ts';
import type { PayloadFact } from '../../../model/call.ts';
import type { Side } from '../../../model/tenant.ts';
import { MAX_PAYLOADS } from '../../../protocol/sdp/payload.ts';
import type { BranchState, DtlsBranch, SessionState, SideState } from '../../media/session-state.ts';
import { isNewAssociation } from './association.ts';
import type { CallRecord, CommittedPeer, Leg, Line, LineLeg } from './call-record.ts';
import { lineLeg } from './call-record.ts';
import type { PeerMedia } from './peer-media.ts';
import { IDLE_MEDIA, isIdle } from './peer-media.ts';

const DEFAULT_PTIME_MS = 20;

/** The line's session as committed, with the next generation; undefined when it says nothing that was not applied already. */
export function nextSession(record: CallRecord, line: Line, random: RandomBytes): SessionState | undefined {
  const { committed, session: applied } = line;
  if (!committed) return undefined;
  const isLive = [...committed.callees.values()].some(({ media }) => !isIdle(media));
  if (!applied && !isLive) return undefined;
  const session = buildSession(record, line, random);
  const isSame = JSON.stringify({ ...session, generation: applied?.generation }) === JSON.stringify(applied);
  return isSame ? undefined : session;
}

function buildSession(record: CallRecord, line: Line, random: RandomBytes): SessionState {
  const { committed, mLine, mode } = line;
  assert(committed, 'a session is of what was committed');
  const { caller } = committed;
  const active = committed.active === undefined ? undefined : committed.callees.get(committed.active);
  const activeLeg = active && record.callees.get(committed.active ?? '');
  const branch = (side: Side, leg: Leg, own: PeerMedia, hearer: PeerMedia): BranchState => {
    const counts = lineLeg(record, leg.leg, mLine, random);
    const nat = record.tenant.media[side].nat === 'latch';
    return branchState({ leg, counts, nat }, own, hearer);
  };
  const callees = [...committed.callees].flatMap(([tag, { media }]) => {
    const leg = record.callees.get(tag);
    return leg ? [branch('callee', leg, media, caller.media)] : [];
  });
  const callers = [branch('caller', record.caller, caller.media, active?.media ?? IDLE_MEDIA)];
  return {
    version: 2,
    call: record.call,
    generation: record.generation + 1,
    mLine,
    mode,
    sides: {
      caller: sideState(line, 'caller', { branches: callers, peer: caller, leg: record.caller }),
      callee: sideState(line, 'callee', { branches: callees, peer: active, leg: activeLeg }),
    },
  };
}

/** `peer` is who media flows with on that side. */
function sideState(
  { pairs }: Line,
  side: Side,
  {
    branches,
    peer,
    leg,
  }: {
    readonly branches: readonly BranchState[];
    readonly peer: CommittedPeer | undefined;
    readonly leg: Leg | undefined;
  },
): SideState {
  const keying = peer?.media.keying;
  return {
    pair: pairs[side],
    sendKey: keying?.kind === 'sdes' ? keying.send : null,
    ice: branches.some(({ ice }) => ice) ? (peer?.ours.ice ?? null) : null,
    branches,
    activeLeg: activeUnlessIdle(leg?.leg, peer?.media),
    sent: [],
  };
}

/** A closed line has no active leg: nothing is relayed from it, whoever still sends. */
function activeUnlessIdle(leg: LegId | undefined, media: PeerMedia | undefined): LegId | null {
  return leg === undefined || media === undefined || isIdle(media) ? null : leg;
}

function branchState(
  { leg, counts, nat }: { readonly leg: Leg; readonly counts: LineLeg; readonly nat: boolean },
  own: PeerMedia,
  hearer: PeerMedia,
): BranchState {
  return {
    leg: leg.leg,
    stream: counts.stream,
    remoteRtp: own.rtp,
    remoteRtcp: own.rtcp,
    rtcpMux: own.rtcpMux,
    receiveKey: own.keying.kind === 'sdes' ? own.keying.receive : null,
    dtls: dtlsBranch(counts, own),
    ice: own.ice,
    nat,
    direction: own.direction,
    payloads: arrivingPayloads(own, hearer),
    ptimeMs: hearer.ptimeMs ?? own.ptimeMs ?? DEFAULT_PTIME_MS,
    latchedRtp: null,
    latchedRtcp: null,
    signalingGeneration: signalingGenerationOf(counts, own),
    received: [],
    firstArrivalUs: null,
  };
}

/**
 * What payload types mean in packets that arrive from a leg: those the other side said it wants to hear (RFC 3264
 * §5.1), since we pass both maps through; then the leg's own, for peers that number by themselves.
 */
function arrivingPayloads(own: PeerMedia, hearer: PeerMedia): PayloadFact[] {
  const known = new Set(hearer.payloads.map(({ payloadType }) => payloadType));
  return [...hearer.payloads, ...own.payloads.filter(({ payloadType }) => !known.has(payloadType))].slice(
    0,
    MAX_PAYLOADS,
  );
}

/** A change of certificate, name or role is another association; so is DTLS after it was something else for a while. */
function dtlsBranch(counts: LineLeg, { keying }: PeerMedia): DtlsBranch | null {
  if (keying.kind !== 'dtls') {
    counts.associatedFor = undefined;
    return null;
  }
  if (isNewAssociation(counts.associatedFor, keying)) counts.association += 1;
  counts.associatedFor = keying;
  const { role, fingerprints, suites } = keying;
  return { role, fingerprints, suites, association: counts.association, keys: null };
}

/** Grows when address or keys of the leg's newest SDP are others, so that the worker may latch again. */
function signalingGenerationOf(counts: LineLeg, { rtp, rtcp, keying, ice }: PeerMedia): number {
  const theirs = keying.kind === 'sdes' ? keying.receive : keying.kind === 'dtls' ? keying.fingerprints : null;
  const latchedFor = JSON.stringify([rtp, rtcp, theirs, ice]);
  if (counts.latchedFor !== latchedFor) {
    counts.latchedFor = latchedFor;
    counts.signalingGeneration += 1;
  }
  return counts.signalingGeneration;
}
