/**
 * What signaling does to keys while a call goes on, with independent SRTP on the other ends: the same key again goes on,
 * a new one takes over without a gap, a fork switches.
 */

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../journeys/support/stage.ts';
import { bindWithEarlyAnswers } from './matrix/early-answers.ts';
import { ForkingCallee } from './matrix/forking-callee.ts';
import { HostileWire } from './matrix/hostile-wire.ts';
import { settledAfter, warmUp } from './matrix/matrix-call.ts';
import { NOTHING_WRONG } from './matrix/media-end.ts';
import { PlainEnd } from './matrix/plain-end.ts';
import { policyOf, PROFILES, suiteOf, type Profile } from './matrix/profiles.ts';
import { matrixPrograms, MatrixStage } from './matrix/stage.ts';
import { openAgent } from './matrix/switchboard.ts';

const programs = matrixPrograms();
const isMissing = programs === undefined;

const BEFORE_WRAP = 65_500;
const ANSWER_MS = 10_000;
const SECURE = PROFILES.filter((profile) => profile !== 'RTP');
const BY_SDES = SECURE.filter((profile) => profile !== 'DTLS');
const FORKED = ['RTP', 'SDES-128', 'GCM-256', 'DTLS'] as const;
const TO_PLAIN = new Map(SECURE.map((profile, at) => [profile, `6${at}`]));
const FROM_PLAIN = new Map(SECURE.map((profile, at) => [profile, `5${at}`]));
const AS_OFFERED = '70';

let stage: MatrixStage;
const forks = new Map<Profile, { readonly callee: ForkingCallee; readonly number: string }>();

beforeAll(async () => {
  if (programs === undefined) return;
  const next = async (profile: Profile, at: number) => {
    const callee = await ForkingCallee.open();
    forks.set(profile, { callee, number: `4${at}` });
    const media = { caller: policyOf('GCM-128'), callee: policyOf(profile) };
    return { number: `4${at}`, media, nextPort: callee.port };
  };
  stage = await MatrixStage.start(programs, [
    ...SECURE.map((profile) => ({
      number: TO_PLAIN.get(profile)!,
      media: { caller: policyOf(profile), callee: 'rtp' as const },
    })),
    ...SECURE.map((profile) => ({
      number: FROM_PLAIN.get(profile)!,
      media: { caller: 'rtp' as const, callee: policyOf(profile) },
    })),
    { number: AS_OFFERED, media: { caller: 'as-offered', callee: 'rtp' } },
    ...(await Promise.all(FORKED.map(next))),
  ]);
});

afterAll(async () => {
  if (isMissing) return;
  await stage.stop();
  for (const { callee } of forks.values()) callee.close();
});

describe.skipIf(isMissing)('while a call goes on', () => {
  test.for(SECURE)('the same key again goes on where it was, past a wrap, with %s', async (profile) => {
    const caller = await stage.rtpengine({ profile, firstSequence: BEFORE_WRAP });
    const callee = await PlainEnd.open(BEFORE_WRAP);
    const call = await stage.dial(TO_PLAIN.get(profile)!, caller, callee);
    await call.warmUp();
    await call.talk({ packets: 60, reports: 1 });
    const handshakes = await stage.node.metric('earshot_media_dtls_total');
    const before = await stage.refused();

    const again = String(await call.caller.reoffer(await caller.offer(), ANSWER_MS));
    await caller.accept(again);
    const heard = await call.talk({ packets: 60, reports: 3 });

    expect(saidOf(again)).toEqual(saidOf(String(call.caller.peerSdp)));
    const whole = { received: 60, reportsReceived: 3, ...NOTHING_WRONG };
    expect(heard).toMatchObject({ caller: whole, callee: whole });
    expect(await stage.refused()).toBe(before);
    expect(await stage.node.metric('earshot_media_dtls_total')).toBe(handshakes);
    await call.hangUp();
  });

  test.for(BY_SDES)("a caller's new key takes over at its first packet, and no sooner, with %s", async (profile) => {
    const phone = await stage.libsrtp({ suite: suiteOf(profile), firstSequence: BEFORE_WRAP });
    const caller = await HostileWire.before(phone);
    const callee = await PlainEnd.open(1);
    const call = await stage.dial(TO_PLAIN.get(profile)!, caller, callee);
    await call.warmUp();
    await call.talk({ packets: 60, reports: 1 });
    const before = await stage.refused();
    const late = await caller.withheld();
    await settledAfter(() => caller.send(1, 1), [callee], { packets: 1, reports: 2 });

    phone.rekey();
    const answer = await call.caller.reoffer(await caller.offer(), ANSWER_MS);
    const underOld = await call.talk({ packets: 20, reports: 1 });
    await caller.accept(String(answer));
    const underNew = await call.talk({ packets: 20, reports: 1 });
    await caller.inject({ rtp: [late], rtcp: [] });

    for (const heard of [underOld, underNew]) {
      const whole = { received: 20, reportsReceived: 1, ...NOTHING_WRONG };
      expect(heard).toMatchObject({ caller: whole, callee: whole });
    }
    // The old key is dead by now, though that packet of it was never heard.
    await until('it is refused', async () => (await stage.refused()) === before + 1);
    await call.hangUp();
  });

  test.for(BY_SDES)("a callee's new key takes over at its first packet, with %s", async (profile) => {
    const caller = await PlainEnd.open(1);
    const callee = await stage.libsrtp({ suite: suiteOf(profile), firstSequence: BEFORE_WRAP });
    const call = await stage.dial(FROM_PLAIN.get(profile)!, caller, callee);
    await call.warmUp();
    await call.talk({ packets: 60, reports: 1 });
    const before = await stage.refused();

    callee.rekey();
    const answer = await call.callee.reoffer(await callee.offer(), ANSWER_MS);
    const underOld = await call.talk({ packets: 20, reports: 1 });
    await callee.accept(String(answer));
    const underNew = await call.talk({ packets: 20, reports: 1 });

    for (const heard of [underOld, underNew]) {
      const whole = { received: 20, reportsReceived: 1, ...NOTHING_WRONG };
      expect(heard).toMatchObject({ caller: whole, callee: whole });
    }
    expect(await stage.refused()).toBe(before);
    await call.hangUp();
  });

  test('a caller that goes over from SDES to a handshake and back is heard, and what it used before is not', async () => {
    const [first, second, third] = [
      await stage.rtpengine({ profile: 'SDES-128', firstSequence: BEFORE_WRAP }),
      await stage.rtpengine({ profile: 'DTLS', firstSequence: 100 }),
      await stage.rtpengine({ profile: 'GCM-256', firstSequence: 200 }),
    ];
    second.media.countFrom(1000);
    third.media.countFrom(2000);
    const callee = await PlainEnd.open(1);
    const call = await stage.dial(AS_OFFERED, first, callee);
    await call.warmUp();
    await call.talk({ packets: 40, reports: 1 });

    for (const [old, now] of [
      [first, second],
      [second, third],
    ] as const) {
      await now.accept(String(await call.caller.reoffer(await now.offer(), ANSWER_MS)));
      await warmUp(now, callee);
      const whole = { received: 30, ...NOTHING_WRONG };
      expect(await settledAfter(() => now.send(30, 10), [callee], { packets: 30, reports: 3 })).toMatchObject([whole]);

      old.send(20, 10);
      expect(await settledAfter(() => now.send(30, 10), [callee], { packets: 30, reports: 3 })).toMatchObject([whole]);
    }
    await call.hangUp();
    await Promise.all([second.stop(), third.stop()]);
  });

  test.for(FORKED)('early media of one branch and the call of another, with %s', async (profile) => {
    const { callee, number } = forks.get(profile)!;
    const caller = await stage.rtpengine({ profile: 'GCM-128', firstSequence: BEFORE_WRAP });
    const [early, taker] = [
      await stage.rtpengine({ profile, firstSequence: BEFORE_WRAP }),
      await stage.rtpengine({ profile, firstSequence: 1, begins: true }),
    ];
    taker.media.countFrom(1000);
    const earlyAnswers: string[] = [];
    const agent = await openAgent(
      `fork-${randomBytes(6).toString('hex')}`,
      undefined,
      bindWithEarlyAnswers((sdp) => earlyAnswers.push(sdp)),
    );
    const node = { address: '127.0.0.1', port: stage.node.sipPort };
    const uri = `sip:${number}@127.0.0.1:${node.port}`;
    const invite = agent.invite({ uri, nextHop: node, sdp: await caller.offer(), deadlineMs: 30_000 });

    await callee.ring(early, 'early');
    await until('the early answer came', () => earlyAnswers.length > 0);
    await caller.accept(earlyAnswers[0]!);
    await warmUp(early, caller);
    const inBoth = { packets: 30, reports: 3 };
    const begin = (both: readonly { send(packets: number, every: number): void }[]) => (): void =>
      both.forEach((end) => end.send(30, 10));
    const whole = { received: 30, reportsReceived: 3, ...NOTHING_WRONG };
    expect(await settledAfter(begin([early, caller]), [early, caller], inBoth)).toMatchObject([whole, whole]);

    await callee.answer(taker, 'taker');
    const call = await invite.answered;
    await caller.accept(String(call.peerSdp));
    await warmUp(taker, caller);
    early.send(20, 10);
    expect(await settledAfter(begin([taker, caller]), [taker, caller], inBoth)).toMatchObject([whole, whole]);

    expect(saidOf(String(call.peerSdp))).toEqual(saidOf(earlyAnswers[0]!));
    const hangingUp = call.hangUp();
    await callee.beHungUp();
    await hangingUp;
    await agent.stop();
    await Promise.all([caller, early, taker].map((end) => end.stop()));
  });
});

/** What a description says of where and how; not its version. */
function saidOf(sdp: string): readonly string[] {
  return sdp.split('\r\n').filter((line) => /^(m=|c=|a=(rtcp|crypto|fingerprint|setup))/.test(line));
}
