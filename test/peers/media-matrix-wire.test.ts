/**
 * What a network does to a call, and what an attacker on it does, with independent SRTP on the other ends: repeated,
 * changed and strange packets go no further, late and reordered ones all arrive, and no other key opens anything.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../journeys/support/stage.ts';
import { HostileWire, reversedIn } from './matrix/hostile-wire.ts';
import { settledAfter, type MatrixCall } from './matrix/matrix-call.ts';
import { NOTHING_WRONG, type MediaEnd } from './matrix/media-end.ts';
import { PlainEnd } from './matrix/plain-end.ts';
import { policyOf, PROFILES, suiteOf, type Profile } from './matrix/profiles.ts';
import { matrixPrograms, MatrixStage } from './matrix/stage.ts';

const programs = matrixPrograms();
const isMissing = programs === undefined;

const BEFORE_WRAP = 65_500;
const SECURE = PROFILES.filter((profile) => profile !== 'RTP');
const BY_SDES = SECURE.filter((profile) => profile !== 'DTLS');
/** Another one for the other leg. */
const OTHER: ReadonlyMap<Profile, Profile> = new Map(SECURE.map((each, at) => [each, BY_SDES[(at + 1) % 4]!]));

let stage: MatrixStage;

beforeAll(async () => {
  if (programs === undefined) return;
  const tenants = [...PROFILES.entries()].flatMap(([row, caller]) =>
    [...PROFILES.entries()].map(([column, callee]) => ({
      number: `8${row}${column}`,
      media: { caller: policyOf(caller), callee: policyOf(callee) },
    })),
  );
  stage = await MatrixStage.start(programs, tenants);
});

afterAll(async () => {
  if (!isMissing) await stage.stop();
});

describe.skipIf(isMissing)('on a hostile network', () => {
  test.for(SECURE)('nothing that is repeated or forged goes further, from wherever, with %s', async (profile) => {
    const wire = await HostileWire.before(await phone(profile, BEFORE_WRAP));
    const callee = await PlainEnd.open(1);
    const call = await dial(profile, 'RTP', wire, callee);
    await call.talk({ packets: 60, reports: 3 });
    const before = await stage.refused();

    const copies = (await wire.repeat()) + (await wire.repeat({ isStranger: true }));
    const forgeries = await wire.forge();
    const after = await call.talk({ packets: 20, reports: 1 });

    await until('all are counted', async () => (await stage.refused()) >= before + copies + forgeries).catch(() => 0);
    expect(await stage.refused()).toBe(before + copies + forgeries);
    // It goes both ways all the time: no copy from elsewhere has taken the stream along.
    expect(after).toMatchObject({
      caller: { received: 20, reportsReceived: 1, ...NOTHING_WRONG },
      callee: { received: 20, reportsReceived: 1, ...NOTHING_WRONG },
    });
    await call.hangUp();
  });

  test.concurrent.for(SECURE)(
    'packets out of order all arrive, through a wrap, from %s and under another suite',
    async (profile) => {
      const other = OTHER.get(profile)!;
      const wire = await HostileWire.before(await phone(profile, BEFORE_WRAP));
      const callee = await stage.libsrtp({ suite: suiteOf(other), firstSequence: BEFORE_WRAP });
      const call = await dial(profile, other, wire, callee);

      wire.onRtp = reversedIn(8);
      const { callee: heard } = await call.talk({ packets: 80, reports: 2 });

      expect(heard).toMatchObject({ received: 80, reportsReceived: 2, ...NOTHING_WRONG });
      await call.hangUp();
    },
  );

  test.concurrent.for(SECURE)(
    'a source that begins late is heard, and the first when it comes back, with %s',
    async (profile) => {
      const other = OTHER.get(profile)!;
      const caller = await stage.rtpengine({ profile, firstSequence: BEFORE_WRAP });
      const callee = await stage.rtpengine({ profile: other, firstSequence: 1 });
      const call = await dial(profile, other, caller, callee);
      const { ssrc } = caller.media;
      const heard = [await call.talk({ packets: 60, reports: 1 })];

      caller.media.speakAs((ssrc ^ 0xff) >>> 0, 7);
      heard.push(await call.talk({ packets: 30, reports: 1 }));
      caller.media.speakAs(ssrc, 200);
      heard.push(await call.talk({ packets: 30, reports: 1 }));

      expect(heard.map(({ callee: { received } }) => received)).toEqual([60, 30, 30]);
      for (const { callee: each } of heard) expect(each).toMatchObject({ reportsReceived: 1, ...NOTHING_WRONG });
      expect(callee.media.sourcesHeard).toBe(2);
      await call.hangUp();
    },
  );

  test.concurrent.for(SECURE)(
    'eleven minutes of silence, more than half a cycle, cost nothing of what %s sends',
    async (profile) => {
      const caller = await stage.rtpengine({ profile, firstSequence: 100 });
      const callee = await PlainEnd.open(1);
      const call = await dial(profile, 'RTP', caller, callee);
      await call.talk({ packets: 20, reports: 1 });

      caller.media.skip(40_000);
      const { callee: heard } = await call.talk({ packets: 20, reports: 1 });

      expect(heard).toMatchObject({ received: 20, reportsReceived: 1, ...NOTHING_WRONG });
      await call.hangUp();
    },
  );

  test.concurrent.for(SECURE)(
    'and what a plain phone sends to one with %s comes through after four packets',
    async (profile) => {
      const caller = await PlainEnd.open(100);
      const callee = await stage.rtpengine({ profile, firstSequence: 1 });
      const call = await dial('RTP', profile, caller, callee);
      await call.talk({ packets: 20, reports: 1 });

      caller.media.skip(40_000);
      const [heard] = await settledAfter(() => caller.send(24, 24), [callee], { packets: 20, reports: 1 });

      expect(heard).toMatchObject({ received: 20, ...NOTHING_WRONG });
      await call.hangUp();
    },
  );

  test.for(BY_SDES)('who has another key opens nothing, and nothing of theirs is opened, with %s', async (profile) => {
    const suite = suiteOf(profile);
    const stranger = await stage.libsrtp({ suite, firstSequence: 1, lies: true, mishears: true });
    const callee = await stage.libsrtp({ suite, firstSequence: 1 });
    const before = await forged();
    const call = await dial(profile, profile, stranger, callee, { isCold: true });

    stranger.send(20, 10);
    callee.send(20, 10);

    await until('the node refused it all', async () => (await forged()) === before + 22);
    await until('the stranger got it all', async () => (await stranger.counts()).reportsRefused === 2);
    expect(await stranger.counts()).toMatchObject({ received: 0, forged: 20, refused: 20, reportsReceived: 0 });
    expect(await callee.counts()).toMatchObject({ received: 0, refused: 0, reportsReceived: 0, reportsRefused: 0 });
    await call.hangUp();
  });
});

/** libsrtp where it can, else rtpengine. */
function phone(profile: Profile, firstSequence: number): Promise<MediaEnd> {
  const suite = suiteOf(profile);
  return suite === undefined ? stage.rtpengine({ profile, firstSequence }) : stage.libsrtp({ suite, firstSequence });
}

async function dial(
  callerProfile: Profile,
  calleeProfile: Profile,
  caller: MediaEnd,
  callee: MediaEnd,
  { isCold = false }: { readonly isCold?: boolean } = {},
): Promise<MatrixCall> {
  const number = `8${PROFILES.indexOf(callerProfile)}${PROFILES.indexOf(calleeProfile)}`;
  const call = await stage.dial(number, caller, callee);
  if (!isCold) await call.warmUp();
  return call;
}

function forged(): Promise<number> {
  return stage.dropped('srtp_unauthentic');
}
