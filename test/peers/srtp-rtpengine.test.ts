/** rtpengine as the judge of our SRTP: it opens what we seal and seals what we open, between an SDES leg and a plain one. */

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { decodeBase64 } from '../../src/base/bytes.ts';
import { SrtpReceiver } from '../../src/protocol/srtp/receiver.ts';
import { SrtpSender } from '../../src/protocol/srtp/sender.ts';
import { createTransform } from '../../src/protocol/srtp/suites.ts';
import { rtpPacket, senderReport } from '../protocol/rtp/packets.ts';
import { bytesOf } from '../protocol/srtp/keys.ts';
import { requirePeer } from './require-peer.ts';
import { Rtpengine } from './rtpengine.ts';
import { UdpPeer, until } from './udp-peer.ts';

const SUITE = 'AES_CM_128_HMAC_SHA1_80';
const program = requirePeer('rtpengine');
const isMissing = program === undefined;

let engine: Rtpengine;
let secure: { rtp: UdpPeer; rtcp: UdpPeer };
let plain: { rtp: UdpPeer; rtcp: UdpPeer };
/** Ports of rtpengine towards each leg, and the key it sends to the secure one with. */
let bridge: { securePort: number; plainPort: number; theirKey: Buffer };
let ourKey: Buffer;

beforeAll(async () => {
  if (program !== undefined) engine = await Rtpengine.start(program);
});

afterAll(async () => {
  if (!isMissing) await engine.stop();
});

beforeEach(async () => {
  if (isMissing) return;
  secure = { rtp: await UdpPeer.open(), rtcp: await UdpPeer.open() };
  plain = { rtp: await UdpPeer.open(), rtcp: await UdpPeer.open() };
  ourKey = randomBytes(30);
  bridge = await openBridge();
});

afterEach(() => {
  if (isMissing) return;
  for (const peer of [secure.rtp, secure.rtcp, plain.rtp, plain.rtcp]) peer.close();
});

function sdp(leg: { rtp: UdpPeer; rtcp: UdpPeer }, profile: string, lines: readonly string[]): string {
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${leg.rtp.port} ${profile} 0`,
    `a=rtcp:${leg.rtcp.port}`,
    'a=rtpmap:0 PCMU/8000',
    ...lines,
    '',
  ].join('\r\n');
}

/** An SDES caller and a plain callee, with rtpengine between them. */
async function openBridge() {
  const call = { 'call-id': randomBytes(8).toString('hex'), 'from-tag': 'secure', ICE: 'remove', DTLS: 'off' };
  const crypto = `a=crypto:1 ${SUITE} inline:${ourKey.toString('base64')}`;
  const offer = await engine.ask({
    ...call,
    command: 'offer',
    'transport-protocol': 'RTP/AVP',
    sdp: sdp(secure, 'RTP/SAVP', [crypto]),
  });
  const answer = await engine.ask({ ...call, command: 'answer', 'to-tag': 'plain', sdp: sdp(plain, 'RTP/AVP', []) });
  const answerSdp = answer.get('sdp') ?? '';
  const inline = /inline:([A-Za-z0-9+/=]+)/.exec(answerSdp)?.[1] ?? '';
  const theirKey = decodeBase64(inline);
  if (!theirKey) throw new Error('rtpengine gave no key');
  return { securePort: audioPort(answerSdp), plainPort: audioPort(offer.get('sdp') ?? ''), theirKey };
}

function audioPort(body: string): number {
  return Number(/m=audio (\d+) /.exec(body)?.[1]);
}

function packets(count: number, ssrc: number): Buffer[] {
  return Array.from({ length: count }, (_, at) =>
    rtpPacket({ sequence: (65_500 + at) % 65_536, timestamp: at * 160, ssrc, payload: randomBytes(160) }),
  );
}

async function sendAll(from: UdpPeer, wire: readonly Buffer[], port: number): Promise<void> {
  for (const packet of wire) {
    from.send(packet, port);
    await sleep(2);
  }
}

test.skipIf(isMissing)('rtpengine opens every SRTP packet of ours, through a wrap of the sequence', async () => {
  const sent = packets(100, 0x1234);
  const sender = new SrtpSender(createTransform(SUITE, ourKey));

  await sendAll(
    secure.rtp,
    sent.map((packet) => bytesOf(sender.protectRtp(packet))),
    bridge.securePort,
  );
  await until(() => plain.rtp.received.length >= sent.length);

  expect(plain.rtp.received.map(payloadOf)).toEqual(sent.map(payloadOf));
});

test.skipIf(isMissing)('we open every SRTP packet of rtpengine, through a wrap of the sequence', async () => {
  const sent = packets(100, 0x5678);
  const receiver = new SrtpReceiver(createTransform(SUITE, bridge.theirKey));

  await sendAll(plain.rtp, sent, bridge.plainPort);
  await until(() => secure.rtp.received.length >= sent.length);

  const opened = secure.rtp.received.map((packet) => bytesOf(receiver.unprotectRtp(packet)));
  expect(opened.map(payloadOf)).toEqual(sent.map(payloadOf));
  expect(receiver.state()[0]).toMatchObject({ roc: 1 });
});

test.skipIf(isMissing)('what we tampered with, rtpengine does not pass on', async () => {
  const [first, second] = packets(2, 0x1234);
  const sender = new SrtpSender(createTransform(SUITE, ourKey));
  const tampered = bytesOf(sender.protectRtp(first!));
  tampered[20]! ^= 1;

  await sendAll(secure.rtp, [tampered, bytesOf(sender.protectRtp(second!))], bridge.securePort);
  await until(() => plain.rtp.received.length > 0);

  expect(plain.rtp.received.map(payloadOf)).toEqual([payloadOf(second!)]);
});

test.skipIf(isMissing)('rtpengine opens our SRTCP, and we open its', async () => {
  const sender = new SrtpSender(createTransform(SUITE, ourKey));
  const receiver = new SrtpReceiver(createTransform(SUITE, bridge.theirKey));
  // Media first: rtpengine passes RTCP on once it knows the streams it is about.
  await sendAll(secure.rtp, [bytesOf(sender.protectRtp(rtpPacket({ ssrc: 0x1234 })))], bridge.securePort);
  await sendAll(plain.rtp, [rtpPacket({ ssrc: 0x5678 })], bridge.plainPort);

  const reports = Array.from({ length: 3 }, () => bytesOf(sender.protectRtcp(senderReport(0x1234, 0x5678))));
  await sendAll(secure.rtcp, reports, bridge.securePort + 1);
  await sendAll(plain.rtcp, [senderReport(0x5678, 0x1234)], bridge.plainPort + 1);
  await until(() => plain.rtcp.received.length >= 3 && secure.rtcp.received.length > 0);

  expect(plain.rtcp.received.map((packet) => packet.readUInt32BE(4))).toEqual([0x1234, 0x1234, 0x1234]);
  const opened = bytesOf(receiver.unprotectRtcp(secure.rtcp.received[0]!));
  expect(opened.readUInt32BE(4)).toBe(0x5678);
});

function payloadOf(packet: Buffer): string {
  return packet.toString('hex', 12);
}
