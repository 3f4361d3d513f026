/**
 * Every way of keying a leg against every other, through a whole node with independent SRTP on the other ends: all that
 * either side sends is opened on the other as it was sent, RTP and RTCP, while the sequence numbers begin again.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../journeys/support/stage.ts';
import type { MatrixCall } from './matrix/matrix-call.ts';
import { NOTHING_WRONG, type MediaEnd } from './matrix/media-end.ts';
import { PlainEnd } from './matrix/plain-end.ts';
import { policyOf, PROFILES, suiteOf, type Profile } from './matrix/profiles.ts';
import { matrixPrograms, MatrixStage } from './matrix/stage.ts';

const programs = matrixPrograms();
const isMissing = programs === undefined;

/** Fewer than the packets of a call before the sequence numbers begin again. */
const [CALLER_FIRST, CALLEE_FIRST] = [65_500, 65_480];
const TALK = { packets: 100, reports: 4 };
const WHOLE = {
  sent: TALK.packets,
  received: TALK.packets,
  reportsSent: TALK.reports,
  reportsReceived: TALK.reports,
  ...NOTHING_WRONG,
};

interface Cell {
  readonly caller: Profile;
  readonly callee: Profile;
  readonly number: string;
  /** Varied over the cells so that handshakes meet all four of them on either side. */
  readonly muxes: boolean;
  readonly callerBegins: boolean;
  readonly calleeBegins: boolean;
}

const CELLS: readonly Cell[] = PROFILES.flatMap((caller, row) =>
  PROFILES.map((callee, column) => ({
    caller,
    callee,
    number: `9${row}${column}`,
    muxes: (row + column) % 2 === 1,
    callerBegins: column % 4 >= 2,
    calleeBegins: row % 4 >= 2,
  })),
);
/** libsrtp has no handshake of its own, and nothing to do on a plain leg. */
const BY_LIBSRTP = CELLS.filter(({ caller, callee }) => suiteOf(caller) ?? suiteOf(callee));

let stage: MatrixStage;

beforeAll(async () => {
  if (programs === undefined) return;
  const tenants = CELLS.map(({ number, caller, callee }) => ({
    number,
    media: { caller: policyOf(caller), callee: policyOf(callee) },
  }));
  stage = await MatrixStage.start(programs, tenants);
});

afterAll(async () => {
  if (!isMissing) await stage.stop();
});

describe.skipIf(isMissing)('the matrix', () => {
  test.concurrent.for(CELLS)('rtpengine with $caller calls rtpengine with $callee', async (cell) => {
    const { muxes, callerBegins, calleeBegins } = cell;
    const [ofCaller, ofCallee] = [
      { profile: cell.caller, muxes },
      { profile: cell.callee, muxes },
    ];
    const caller = await stage.rtpengine({ ...ofCaller, firstSequence: CALLER_FIRST, begins: callerBegins });
    const callee = await stage.rtpengine({ ...ofCallee, firstSequence: CALLEE_FIRST, begins: calleeBegins });

    expect(await talked(cell, caller, callee)).toEqual({ caller: WHOLE, callee: WHOLE });
  });

  test.concurrent.for(BY_LIBSRTP)('$caller calls $callee, with libsrtp where it can', async (cell) => {
    const caller = await libsrtpOr(cell.caller, CALLER_FIRST);
    const callee = await libsrtpOr(cell.callee, CALLEE_FIRST);

    expect(await talked(cell, caller, callee)).toEqual({ caller: WHOLE, callee: WHOLE });
  });

  test('nothing of it all was let fall once its handshakes were done, and every call is over', async () => {
    await until('every call is over', async () => (await stage.node.metric('earshot_calls')) === 0);

    // What was sent before the other side had its keys, or was under way when its call ended.
    const early = await stage.dropped('dtls_not_ready', 'no_destination', 'no_session');
    expect((await stage.node.metric('earshot_media_dropped_total')) - early).toBe(0);
    expect(await stage.node.metric('earshot_anchor_lines_closed_total')).toBe(0);
  });

  test('every handshake was done at once, one a leg where RTCP is muxed and two where it is not', async () => {
    const handshakes = (cells: readonly Cell[], ofOne: (cell: Cell) => number): number =>
      cells.reduce(
        (sum, cell) => sum + [cell.caller, cell.callee].filter((each) => each === 'DTLS').length * ofOne(cell),
        0,
      );
    const done = handshakes(CELLS, ({ muxes }) => (muxes ? 1 : 2)) + handshakes(BY_LIBSRTP, () => 2);

    expect(await stage.node.metric('earshot_media_dtls_total', { result: 'done' })).toBe(done);
    // The goodbyes of those whose call is over.
    const goodbyes = await stage.node.metric('earshot_media_dtls_total', { result: 'closed_by_peer' });
    expect(await stage.node.metric('earshot_media_dtls_total')).toBe(done + goodbyes);
  });
});

async function talked({ number }: Cell, caller: MediaEnd, callee: MediaEnd): ReturnType<MatrixCall['talk']> {
  const call = await stage.dial(number, caller, callee);
  try {
    await call.warmUp();
    return await call.talk(TALK);
  } finally {
    await call.hangUp();
  }
}

function libsrtpOr(profile: Profile, firstSequence: number): Promise<MediaEnd> {
  const suite = suiteOf(profile);
  if (suite !== undefined) return stage.libsrtp({ suite, firstSequence });
  return profile === 'RTP' ? PlainEnd.open(firstSequence) : stage.rtpengine({ profile, firstSequence });
}
