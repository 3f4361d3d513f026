/**
 * Whole messages of every legal shape through the proxy and the real anchor, in memory: where no edit applies they
 * leave as they came, byte for byte; where one does, they differ by the closed list and by nothing else.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { Metrics } from '../../../src/base/metrics.ts';
import { Anchor } from '../../../src/call/signaling/anchor/anchor.ts';
import type { Remote } from '../../../src/call/signaling/datagram-port.ts';
import { Signaling } from '../../../src/call/signaling/signaling.ts';
import { countingRandom, FakePorts, FINGERPRINT, keyOf, pair } from './anchor/rig.ts';
import { FakeNetwork } from './fake-network.ts';
import { CARRIER, INSIDE, OUTSIDE, PBX, ROUTES } from './stage.ts';
import {
  answering,
  anyDescription,
  anyHead,
  anyOtherBody,
  writeList,
  writeMessage,
  writeSdp,
  type AnyDescription,
  type AnyHead,
} from './untouched/any-message.ts';
import {
  bodyOf,
  expectAnchored,
  expectForwarded,
  expectPassedOn,
  listOf,
  RECORD_ROUTE,
  VIA,
  type Anchored,
  type Says,
} from './untouched/byte-judge.ts';

const SDP = 'application/sdp';
const KEYS = { caller: keyOf('A'), callee: keyOf('B') };
const THEIR_KEYS = [...Object.values(KEYS), 'AA:AA', 'thei'];
const SUITES = ['AEAD_AES_256_GCM', 'AEAD_AES_128_GCM', 'AES_256_CM_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_80'];
const OUR_PRINT = `a=fingerprint:sha-256 ${FINGERPRINT}`;

function keyLine(tag: number, suite: string): RegExp {
  return new RegExp(`^a=crypto:${tag} ${suite} inline:[A-Za-z0-9+/]{38,62}={0,2}$`);
}

function iceLines(address: string, ports: readonly number[]): (string | RegExp)[] {
  const candidates = ports.map(
    (port, index) => `a=candidate:1 ${index + 1} UDP ${2_130_706_431 - index} ${address} ${port} typ host`,
  );
  return ['a=ice-options:ice2', /^a=ice-ufrag:[\w+/]{8}$/, /^a=ice-pwd:[\w+/]{24}$/, ...candidates];
}

function hasMux(it: AnyDescription): boolean {
  return it.audio.includes('a=rtcp-mux');
}

/** What the section must say towards the callee of an offer: every suite, a handshake that either begins. */
function toCallee(offered: AnyDescription): Anchored {
  const { keying } = offered;
  const isDtls = keying === 'dtls' || keying === 'ice';
  const lines = [
    ...(keying === 'sdes' || keying === 'osrtp' ? SUITES.map((suite, index) => keyLine(index + 1, suite)) : []),
    ...(isDtls || keying === 'osrtp' ? ['a=setup:actpass', OUR_PRINT] : []),
    ...(keying === 'ice' ? iceLines('10.9.9.9', [40_004, 40_005]) : []),
    ...(isDtls || hasMux(offered) ? ['a=rtcp-mux'] : []),
  ];
  const says: Says = { lines, rtcp: 'apart', iceLite: keying === 'ice', mid: undefined };
  return { address: '10.9.9.9', rtpPort: 40_004, theirKeys: THEIR_KEYS, says };
}

/** And towards the caller of the answer: the one suite and role that were taken. */
function toCaller(offered: AnyDescription): Anchored {
  const { keying } = offered;
  const isDtls = keying === 'dtls' || keying === 'ice';
  const ports = hasMux(offered) ? [40_002] : [40_002, 40_003];
  const lines = [
    ...(keying === 'sdes' || keying === 'osrtp' ? [keyLine(7, 'AES_CM_128_HMAC_SHA1_80')] : []),
    ...(isDtls ? ['a=setup:active', OUR_PRINT] : []),
    ...(keying === 'ice' ? iceLines('198.51.100.1', ports) : []),
    ...(hasMux(offered) ? ['a=rtcp-mux'] : []),
  ];
  const mid = isDtls && offered.isNamed ? 'au' : undefined;
  const says: Says = { lines, rtcp: hasMux(offered) ? 'muxed' : 'apart', iceLite: keying === 'ice', mid };
  return { address: '198.51.100.1', rtpPort: 40_002, theirKeys: THEIR_KEYS, says };
}
const BELOW = ['<sip:10.0.0.20;lr>', '"a, b" <sip:deeper.example;lr;x=y>;z="c,d"'];
const ABOVE = ['<sip:192.0.2.10;lr>', '<sip:farther.example;lr>'];

/** A node in memory with what a test needs of it. */
class Node {
  readonly metrics = new Metrics();
  readonly #network = new FakeNetwork();

  static async open(): Promise<Node> {
    const node = new Node();
    const signaling = new Signaling({
      interfaces: [
        { name: 'outside', listeners: [OUTSIDE], advertisedHost: OUTSIDE.address },
        { name: 'inside', listeners: [INSIDE], advertisedHost: INSIDE.address },
      ],
      clock: new ManualClock(),
      random: countingRandom(),
      log: silentLog,
      metrics: node.metrics,
      tokenKey: Buffer.alloc(32, 5),
      anchor: new Anchor({
        ports: new FakePorts([pair(1, 'outside'), pair(2, 'inside')]),
        random: countingRandom(),
        metrics: node.metrics,
        dtls: { fingerprint: FINGERPRINT },
      }),
      sink: { callStarted: () => undefined, callChanged: () => undefined, callEnded: () => undefined },
      openPort: node.#network.open,
    });
    await signaling.start();
    signaling.setRoutes(ROUTES);
    return node;
  }

  /** What becomes of a message of the caller's, on the other side; of the callee's with `fromCallee`. */
  carry(message: string): string {
    return this.#pass(message, { source: CARRIER, at: OUTSIDE, to: PBX });
  }

  carryBack(message: string): string {
    return this.#pass(message, { source: PBX, at: INSIDE, to: CARRIER });
  }

  #pass(message: string, way: { readonly source: Remote; readonly at: Remote; readonly to: Remote }): string {
    this.#network.deliver(way.source, way.at, message);
    return this.#network.take().find(({ to }) => to.address === way.to.address)?.text ?? '';
  }
}

const FROM_CALLER = { source: CARRIER, out: INSIDE, recordRoutes: 0, routes: [] };
const FROM_CALLEE = { source: PBX, out: OUTSIDE, recordRoutes: 0, routes: [] };

test('every message of a call that is anchored leaves as it came but for the closed list, and the same SDP twice the same', async () => {
  let anchored = 0;
  const runs = 80;

  await fc.assert(
    fc.asyncProperty(
      fc.array(anyHead, { minLength: 8, maxLength: 8 }),
      fc.tuple(anyDescription, anyDescription),
      anyOtherBody,
      async (heads, [offered, answered], otherBody) => {
        const node = await Node.open();
        const [inviteHead, earlyHead, okHead, ackHead, againHead, okAgainHead, infoHead, byeHead] = heads as Heads;
        const crypto = `a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:${KEYS.caller}`;
        const offer = {
          type: SDP,
          bytes: writeSdp(offered, { address: '192.0.2.10', port: 4000, crypto, setup: 'actpass' }),
        };
        const theirs = `a=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:${KEYS.callee}`;
        const shape = answering(offered, answered);
        const answerer = { address: '10.0.0.20', port: 6000, crypto: theirs, setup: 'active' };
        const answer = { type: SDP, bytes: writeSdp(shape, answerer) };

        const invite = request(inviteHead, 'INVITE', { number: 1, body: offer });
        const forwarded = node.carry(invite);
        expectForwarded(invite, forwarded, { ...FROM_CALLER, recordRoutes: 2 });
        expectAnchored(offer.bytes, bodyOf(forwarded), toCallee(offered));

        const early = response(earlyHead, forwarded, { line: '183 Tr\xe8s bien', to: inviteHead.to, body: answer });
        const earlyPassed = node.carryBack(early);
        expectPassedOn(early, earlyPassed);
        expectAnchored(answer.bytes, bodyOf(earlyPassed), toCaller(offered));
        const ok = response(okHead, forwarded, { line: '200 OK', to: inviteHead.to, body: answer });
        const okPassed = node.carryBack(ok);
        expectPassedOn(ok, okPassed);
        expect(bodyOf(okPassed)).toBe(bodyOf(earlyPassed));

        const ours = listOf(okPassed, RECORD_ROUTE)
          .slice(-2 - inviteHead.recordRoutes.length * 2)
          .slice(0, 2);
        const [inner = '', outer = ''] = ours;
        const place = { to: inviteHead.to, from: inviteHead.from, tag: 'bob1' };
        const down = { ...place, routes: [outer, inner, ...BELOW] };
        const way = { ...FROM_CALLER, routes: [outer, inner] };
        const ack = request(ackHead, 'ACK', { number: 1, dialog: down });
        expectForwarded(ack, node.carry(ack), way);

        const again = request(againHead, 'INVITE', { number: 2, body: offer, dialog: down });
        const againForwarded = node.carry(again);
        expectForwarded(again, againForwarded, way);
        expect(bodyOf(againForwarded)).toBe(bodyOf(forwarded));
        const okAgain = response(okAgainHead, againForwarded, { line: '200 OK', to: inviteHead.to, body: answer });
        const okAgainPassed = node.carryBack(okAgain);
        expectPassedOn(okAgain, okAgainPassed);
        expect(bodyOf(okAgainPassed)).toBe(bodyOf(okPassed));

        const info = request(infoHead, 'INFO', {
          number: 9,
          body: otherBody,
          dialog: { ...place, routes: [inner, outer, ...ABOVE], isCallee: true },
        });
        const infoForwarded = node.carryBack(info);
        expectForwarded(info, infoForwarded, { ...FROM_CALLEE, routes: [inner, outer] });
        expect(bodyOf(infoForwarded)).toBe(otherBody.bytes);

        const bye = request(byeHead, 'BYE', { number: 3, dialog: down });
        expectForwarded(bye, node.carry(bye), way);
        anchored += node.metrics.counter('earshot_anchor_total', {
          step: 'answer',
          result: 'edit',
          reason: 'none',
        }).value;
      },
    ),
    { numRuns: runs },
  );

  // The property would say nothing about calls that went by unanchored: none did.
  expect(anchored).toBe(runs * 3);
});

test('a message with nothing to anchor leaves with every byte of its body, and so does its answer', async () => {
  const method = fc.constantFrom('INVITE', 'MESSAGE', 'SUBSCRIBE', 'OPTIONS', 'PUBLISH');
  const line = fc.constantFrom('180 Ringing', '200 OK', '202 ', '302 Moved, \xe9', '407 Auth', '486 Busy', '603 No');

  await fc.assert(
    fc.asyncProperty(anyHead, anyHead, anyOtherBody, anyOtherBody, method, line, async (...drawn) => {
      const [asked, answered, body, answerBody, name, status] = drawn;
      const node = await Node.open();
      const sent = request(asked, name, { number: 1, body });
      const forwarded = node.carry(sent);
      const recordRoutes = name === 'INVITE' || name === 'SUBSCRIBE' ? 2 : 0;
      expectForwarded(sent, forwarded, { ...FROM_CALLER, recordRoutes });
      expect(bodyOf(forwarded)).toBe(body.bytes);

      const back = response(answered, forwarded, { line: status, to: asked.to, body: answerBody });
      const passed = node.carryBack(back);
      expectPassedOn(back, passed);
      expect(bodyOf(passed)).toBe(answerBody.bytes);
    }),
    { numRuns: 80 },
  );
});

type Heads = [AnyHead, AnyHead, AnyHead, AnyHead, AnyHead, AnyHead, AnyHead, AnyHead];
type Body = { readonly type: string; readonly bytes: string };

interface InDialog {
  readonly from: string;
  readonly to: string;
  readonly tag: string;
  readonly routes: readonly string[];
  /** Sent by who was called: From and To change places. */
  readonly isCallee?: boolean;
}

function request(
  head: AnyHead,
  method: string,
  { number, body, dialog }: { readonly number: number; readonly body?: Body; readonly dialog?: InDialog },
): string {
  const topVia = head.topVia.replace('#', `${method}${number}`);
  const to = dialog === undefined ? head.to : `${dialog.to};tag=${dialog.tag}`;
  const from = dialog?.from ?? head.from;
  const parties = dialog?.isCallee === true ? [swapped(to, 'From'), swapped(from, 'To')] : [from, to];
  return writeMessage(head, {
    start: `${method} sip:bob@example.com;x=y SIP/2.0`,
    cseq: `${number} ${method}`,
    blocks: [
      [topVia, ...head.lowerVias],
      ...parties.map((line) => [line]),
      writeList(head, 'Route', dialog?.routes ?? []),
      head.recordRoutes,
      head.maxForwards === undefined ? [] : [head.maxForwards],
    ],
    body,
  });
}

/** Via and Record-Route come back as the request had them, on the same lines or on others. */
function response(
  head: AnyHead,
  received: string,
  { line, to, body }: { readonly line: string; readonly to: string; readonly body: Body },
): string {
  const cseq = /^CSeq: (.*)$/m.exec(received)?.[1]?.trim() ?? '';
  const from = received.split('\r\n').find((each) => /^(from|f)\s*:/i.test(each)) ?? '';
  return writeMessage(head, {
    start: `SIP/2.0 ${line}`,
    cseq,
    blocks: [
      writeList(head, 'Via', listOf(received, VIA)),
      [from],
      [`${to};tag=bob1`],
      writeList(head, 'Record-Route', listOf(received, RECORD_ROUTE)),
    ],
    body,
  });
}

function swapped(line: string, name: string): string {
  return `${name}:${line.slice(line.indexOf(':') + 1)}`;
}
