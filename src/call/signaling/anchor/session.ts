/**
 * Writes what was agreed as a `SessionState` for the media pool. What only the worker learns (latch, indices, arrival)
 * is left empty here; the pool keeps it for branches and keys that stay.
 */

import { assert } from '../../../base/assert.ts';
import type { LegId } from '../../../base/ids.ts';
import type { PayloadFact } from '../../../model/call.ts';
import { MAX_PAYLOADS } from '../../../protocol/sdp/payload.ts';
import type { BranchState, SessionState } from '../../media/session-state.ts';
import type { CallRecord, Leg } from './call-record.ts';
import type { PeerMedia } from './peer-media.ts';
import { IDLE_MEDIA, isIdle } from './peer-media.ts';

const DEFAULT_PTIME_MS = 20;

/** The session as committed, with the next generation; undefined when it says nothing that was not applied already. */
export function nextSession(record: CallRecord): SessionState | undefined {
  const { committed, session: applied } = record;
  if (!committed) return undefined;
  const isLive = [...committed.callees.values()].some(({ media }) => !isIdle(media));
  if (!applied && !isLive) return undefined;
  const session = buildSession(record);
  const isSame = JSON.stringify({ ...session, generation: applied?.generation }) === JSON.stringify(applied);
  return isSame ? undefined : session;
}

function buildSession(record: CallRecord): SessionState {
  const { committed, pairs } = record;
  assert(committed && pairs, 'a committed call has ports');
  const caller = committed.caller.media;
  const active = committed.active === undefined ? undefined : committed.callees.get(committed.active)?.media;
  const activeLeg = active && record.callees.get(committed.active ?? '')?.leg;
  return {
    version: 2,
    call: record.call,
    generation: record.generation + 1,
    mLine: committed.mLine,
    mode: 'open',
    sides: {
      caller: {
        pair: pairs.caller,
        sendKey: committed.sendKeys.caller,
        ice: null,
        branches: [branchState(record.caller, caller, active ?? IDLE_MEDIA)],
        activeLeg: activeUnlessIdle(record.caller.leg, caller),
        sent: [],
      },
      callee: {
        pair: pairs.callee,
        sendKey: committed.sendKeys.callee,
        ice: null,
        branches: [...committed.callees].flatMap(([tag, { media }]) => {
          const leg = record.callees.get(tag);
          return leg ? [branchState(leg, media, caller)] : [];
        }),
        activeLeg: activeUnlessIdle(activeLeg, active),
        sent: [],
      },
    },
  };
}

/** A closed line has no active leg: nothing is relayed from it, whoever still sends. */
function activeUnlessIdle(leg: LegId | undefined, media: PeerMedia | undefined): LegId | null {
  return leg === undefined || media === undefined || isIdle(media) ? null : leg;
}

function branchState(leg: Leg, own: PeerMedia, hearer: PeerMedia): BranchState {
  return {
    leg: leg.leg,
    stream: leg.stream,
    remoteRtp: own.rtp,
    remoteRtcp: own.rtcp,
    rtcpMux: false,
    receiveKey: own.key,
    dtls: null,
    ice: null,
    nat: false,
    direction: own.direction,
    payloads: arrivingPayloads(own, hearer),
    ptimeMs: hearer.ptimeMs ?? own.ptimeMs ?? DEFAULT_PTIME_MS,
    latchedRtp: null,
    latchedRtcp: null,
    signalingGeneration: signalingGenerationOf(leg, own),
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

/** Grows when address or key of the leg's newest SDP is another, so that the worker may latch again. */
function signalingGenerationOf(leg: Leg, own: PeerMedia): number {
  const latchedFor = JSON.stringify([own.rtp, own.rtcp, own.key]);
  if (leg.latchedFor !== latchedFor) {
    leg.latchedFor = latchedFor;
    leg.signalingGeneration += 1;
  }
  return leg.signalingGeneration;
}
