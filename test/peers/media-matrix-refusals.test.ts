/**
 * Less security than was asked for, in every way that an answer or an offer can bring it about: the call fails, says why,
 * and no packet passes. And where best effort is asked for, what was taken holds.
 */

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keySaltBytes, type SrtpSuite } from '../../src/protocol/srtp/suite.ts';
import { until } from '../journeys/support/stage.ts';
import { HostileWire } from './matrix/hostile-wire.ts';
import { plainSdp } from './matrix/describe.ts';
import { NOTHING_WRONG, type MediaEnd } from './matrix/media-end.ts';
import { PlainEnd } from './matrix/plain-end.ts';
import { matrixPrograms, MatrixStage } from './matrix/stage.ts';
import { ScriptedEnd, type Script } from './matrix/scripted-end.ts';

const programs = matrixPrograms();
const isMissing = programs === undefined;

const SDES_SUITES = ['AEAD_AES_256_GCM', 'AES_CM_128_HMAC_SHA1_80'] as const;
const [TO_SDES, TO_DTLS, TO_BEST_EFFORT, TO_BEST_EFFORT_OR_NOTHING] = ['31', '32', '33', '34'];
const [FROM_SDES, FROM_DTLS, FROM_BEST_EFFORT, FROM_PLAIN, FROM_256] = ['21', '22', '23', '24', '25'];

let stage: MatrixStage;

beforeAll(async () => {
  if (programs === undefined) return;
  const bestEffort = { profile: 'osrtp', suites: ['AEAD_AES_128_GCM'] } as const;
  stage = await MatrixStage.start(programs, [
    { number: TO_SDES, media: { caller: 'rtp', callee: { profile: 'sdes', suites: SDES_SUITES } } },
    { number: TO_DTLS, media: { caller: 'rtp', callee: 'dtls' } },
    { number: TO_BEST_EFFORT, media: { caller: 'rtp', callee: bestEffort } },
    { number: TO_BEST_EFFORT_OR_NOTHING, media: { caller: 'rtp', callee: { ...bestEffort, floor: 'srtp' } } },
    { number: FROM_SDES, media: { caller: { profile: 'sdes', suites: SDES_SUITES }, callee: 'rtp' } },
    { number: FROM_DTLS, media: { caller: 'dtls', callee: 'rtp' } },
    { number: FROM_BEST_EFFORT, media: { caller: bestEffort, callee: 'rtp' } },
    { number: FROM_PLAIN, media: { caller: 'rtp', callee: 'rtp' } },
    { number: FROM_256, media: { caller: { profile: 'as-offered', floor: 'srtp-256' }, callee: 'rtp' } },
  ]);
});

afterAll(async () => {
  if (!isMissing) await stage.stop();
});

const FINGERPRINT = `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`;

const ANSWERS: readonly (readonly [string, string, string, Script])[] = [
  ['plain RTP to an offer of SDES', TO_SDES, 'profile_mismatch', (_, port) => plainSdp(port)],
  ['RTP/AVP with the keys', TO_SDES, 'profile_mismatch', (_, port) => plainSdp(port, [crypto(1, SDES_SUITES[0])])],
  ['SDES without a key', TO_SDES, 'no_crypto', (_, port) => savp(port)],
  [
    'the tag of one suite with another',
    TO_SDES,
    'crypto_mismatch',
    (_, port) => savp(port, [crypto(1, SDES_SUITES[1])]),
  ],
  [
    'a suite nobody offered',
    TO_SDES,
    'crypto_mismatch',
    (_, port) => savp(port, [crypto(1, 'AES_256_CM_HMAC_SHA1_80')]),
  ],
  ['a tag nobody offered', TO_SDES, 'crypto_mismatch', (_, port) => savp(port, [crypto(3, SDES_SUITES[1])])],
  ['our own key sent back', TO_SDES, 'key_reused', (offer, port) => savp(port, [/^a=crypto:1 .*$/m.exec(offer)![0]])],
  ['plain RTP to an offer of a handshake', TO_DTLS, 'profile_mismatch', (_, port) => plainSdp(port)],
  [
    'SDES to an offer of a handshake',
    TO_DTLS,
    'profile_mismatch',
    (_, port) => savp(port, [crypto(1, SDES_SUITES[0])]),
  ],
  ['a handshake with nobody', TO_DTLS, 'no_fingerprint', (_, port) => tls(port, ['a=setup:active'])],
  ['a handshake that nobody begins', TO_DTLS, 'setup', (_, port) => tls(port, ['a=setup:actpass', FINGERPRINT])],
  ['plain RTP where best effort must succeed', TO_BEST_EFFORT_OR_NOTHING, 'floor', (_, port) => plainSdp(port)],
];

const OFFERS: readonly (readonly [string, string, string])[] = [
  ['plain RTP where SDES is asked for', FROM_SDES, plainSdp(9)],
  ['plain RTP with a key where SDES is asked for', FROM_SDES, plainSdp(9, [crypto(1, SDES_SUITES[0])])],
  ['a suite that is not among those asked for', FROM_SDES, savp(9, [crypto(1, 'AES_256_CM_HMAC_SHA1_80')])],
  ['SDES where a handshake is asked for', FROM_DTLS, savp(9, [crypto(1, SDES_SUITES[0])])],
  ['plain RTP where a handshake is asked for', FROM_DTLS, plainSdp(9)],
  ['SDES where only plain RTP is expected', FROM_PLAIN, savp(9, [crypto(1, SDES_SUITES[0])])],
  ['128 bits where 256 are the least', FROM_256, savp(9, [crypto(1, SDES_SUITES[1])])],
  ['plain RTP where 256 bits are the least', FROM_256, plainSdp(9)],
];

describe.skipIf(isMissing)('less than was asked for', () => {
  test.for(ANSWERS)(
    'an answer of %s closes the line, says why, and nothing passes',
    async ([, number, reason, script]) => {
      const caller = await PlainEnd.open(1);
      const callee = await ScriptedEnd.open({ answer: script });
      const [closed, dropped] = [await closedFor(reason), await allDropped()];

      const call = await stage.dial(number, caller, callee);
      callee.send(10, 5);

      expect(caller.heardSdp).toMatch(/^m=audio 0 RTP\/AVP /m);
      expect(caller.heardSdp).not.toContain('a=crypto');
      await until('it is counted', async () => (await closedFor(reason)) === closed + 1);
      // Its RTP is kept for a session that never comes to be, and so is in no count; the last of its reports came after it.
      await until('the node has had it all', async () => (await allDropped()) === dropped + 2);
      expect(await caller.counts()).toMatchObject({ received: 0, altered: 0, reportsReceived: 0 });
      await call.hangUp();
    },
  );

  test.for(OFFERS)('an offer of %s is refused with 488', async ([, number, sdp]) => {
    const caller = await ScriptedEnd.open({ offer: sdp });
    const callee = await PlainEnd.open(1);

    await expect(stage.dial(number, caller, callee)).rejects.toThrow('refused with 488');

    await until('nothing is left of it', async () => (await stage.node.metric('earshot_calls')) === 0);
  });
});

describe.skipIf(isMissing)('a handshake with somebody else', () => {
  const WAYS = [
    { side: 'callee', begins: true },
    { side: 'callee', begins: false },
    { side: 'caller', begins: true },
    { side: 'caller', begins: false },
  ] as const;

  test.for(WAYS)(
    'than the $side that was named gives no keys, and nothing passes ($begins)',
    async ({ side, begins }) => {
      const plain = await PlainEnd.open(1);
      const secure = await HostileWire.before(await stage.rtpengine({ profile: 'DTLS', firstSequence: 1, begins }));
      secure.onSaid = (sdp) => sdp.replace(/^a=fingerprint:.*$/m, FINGERPRINT);
      const before = await failedHandshakes();
      const call =
        side === 'callee' ? await stage.dial(TO_DTLS, plain, secure) : await stage.dial(FROM_DTLS, secure, plain);

      await until('it failed', async () => (await failedHandshakes()) > before);
      const dropped = await stage.dropped('dtls_not_ready');
      plain.send(20, 10);
      secure.send(20, 10);

      await until('the node let it fall', async () => (await stage.dropped('dtls_not_ready')) >= dropped + 22);
      for (const end of [plain, secure]) {
        expect(await end.counts()).toMatchObject({ received: 0, altered: 0, reportsReceived: 0 });
      }
      await call.hangUp();
    },
  );

  function failedHandshakes(): Promise<number> {
    return stage.node.metric('earshot_media_dtls_total', { result: 'fingerprint_mismatch' });
  }
});

describe.skipIf(isMissing)('best effort', () => {
  const TALK = { packets: 40, reports: 2 };
  const WHOLE = { received: 40, reportsReceived: 2, ...NOTHING_WRONG };
  const suite = 'AEAD_AES_128_GCM';

  test('is taken by a callee that has it: libsrtp', async () => {
    const callee = await stage.libsrtp({ suite, firstSequence: 1, isBestEffort: true });

    expect(await talked(TO_BEST_EFFORT, await PlainEnd.open(1), callee)).toMatchObject({
      caller: WHOLE,
      callee: WHOLE,
    });
  });

  test('is taken by a callee that has it: rtpengine', async () => {
    const callee = await stage.rtpengine({ profile: 'GCM-128', firstSequence: 1, isBestEffort: true });

    expect(await talked(TO_BEST_EFFORT, await PlainEnd.open(1), callee)).toMatchObject({
      caller: WHOLE,
      callee: WHOLE,
    });
  });

  test('is not taken by a callee that does not have it', async () => {
    const callee = await PlainEnd.open(1);

    expect(await talked(TO_BEST_EFFORT, await PlainEnd.open(1), callee)).toMatchObject({
      caller: WHOLE,
      callee: WHOLE,
    });
    expect(callee.heardSdp).toMatch(/^m=audio \d+ RTP\/AVP /m);
    expect(callee.heardSdp).toContain(`a=crypto:1 ${suite} inline:`);
  });

  test('is taken from a caller that offers it', async () => {
    const caller = await stage.libsrtp({ suite, firstSequence: 1, isBestEffort: true });

    expect(await talked(FROM_BEST_EFFORT, caller, await PlainEnd.open(1))).toMatchObject({
      caller: WHOLE,
      callee: WHOLE,
    });
  });

  test('asks nothing of a caller that does not offer it', async () => {
    const caller = await PlainEnd.open(1);

    expect(await talked(FROM_BEST_EFFORT, caller, await PlainEnd.open(1))).toMatchObject({
      caller: WHOLE,
      callee: WHOLE,
    });
    expect(caller.heardSdp).not.toContain('a=crypto');
  });

  async function talked(number: string, caller: MediaEnd, callee: MediaEnd): Promise<unknown> {
    const call = await stage.dial(number, caller, callee);
    await call.warmUp();
    const heard = await call.talk(TALK);
    await call.hangUp();
    return heard;
  }
});

function closedFor(reason: string): Promise<number> {
  return stage.node.metric('earshot_anchor_lines_closed_total', { reason });
}

function allDropped(): Promise<number> {
  return stage.node.metric('earshot_media_dropped_total');
}

function savp(port: number, more: readonly string[] = []): string {
  return plainSdp(port, more).replace('RTP/AVP', 'RTP/SAVP');
}

function tls(port: number, more: readonly string[]): string {
  return plainSdp(port, more).replace('RTP/AVP', 'UDP/TLS/RTP/SAVP');
}

function crypto(tag: number, suite: SrtpSuite): string {
  return `a=crypto:${tag} ${suite} inline:${randomBytes(keySaltBytes(suite)).toString('base64')}`;
}
