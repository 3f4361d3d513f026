/**
 * A session as signaling last said it, with what a worker had learnt of it before: what another worker, or another life of
 * the call plane, goes on from. Pure; what no longer fits what signaling says is left out.
 */

import type { Side } from '../../model/tenant.ts';
import type { BranchState, DtlsBranch, SessionState, SideState, SrtpKey } from './session-state.ts';

export function carryOver(signalled: SessionState, learnt: SessionState | undefined): SessionState {
  if (!learnt) return signalled;
  // A worker's state holds everything signaling had said to it.
  if (learnt.generation >= signalled.generation) return learnt;
  const sideOf = (side: Side): SideState => carrySide(signalled.sides[side], learnt.sides[side]);
  return { ...signalled, sides: { caller: sideOf('caller'), callee: sideOf('callee') } };
}

function carrySide(signalled: SideState, learnt: SideState): SideState {
  const branches = signalled.branches.map((branch) => {
    const earlier = learnt.branches.find(({ leg }) => leg === branch.leg);
    return earlier ? carryBranch(branch, earlier) : branch;
  });
  return { ...signalled, branches, sent: learnt.sent };
}

/** An event of signaling makes a worker find the peer anew; a change of key, count from nothing. */
function carryBranch(branch: BranchState, earlier: BranchState): BranchState {
  const isFound = branch.ice !== null || branch.signalingGeneration === earlier.signalingGeneration;
  const isSameKey = branch.dtls ? earlier.dtls !== null : keyId(branch.receiveKey) === keyId(earlier.receiveKey);
  return {
    ...branch,
    dtls: carryDtls(branch.dtls, earlier.dtls),
    latchedRtp: isFound ? earlier.latchedRtp : null,
    latchedRtcp: isFound ? earlier.latchedRtcp : null,
    received: isSameKey ? earlier.received : [],
    firstArrivalUs: earlier.firstArrivalUs,
  };
}

/** Keys of a handshake stay in use until the one that signaling asks for now is done. */
function carryDtls(dtls: DtlsBranch | null, earlier: DtlsBranch | null): DtlsBranch | null {
  if (!dtls || !earlier?.keys) return dtls;
  const { keys, rtcpKeys, association, keysOf = association, rtcpKeysOf = association } = earlier;
  return { ...dtls, keys, keysOf, ...(rtcpKeys ? { rtcpKeys, rtcpKeysOf } : {}) };
}

function keyId(key: SrtpKey | null): string | undefined {
  return key ? `${key.suite} ${key.keySalt} ${key.mki ?? ''}` : undefined;
}
