/**
 * libsrtp on the other end of every suite, both ways, against our transforms on node:crypto and those of the addon:
 * through a wrap of the sequence, out of order, repeated and changed.
 */

import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, expect, test } from 'vitest';
import { nativeTransforms, type SrtpExports } from '../../src/native/srtp-transforms.ts';
import { SrtpReceiver } from '../../src/protocol/srtp/receiver.ts';
import { SrtpSender } from '../../src/protocol/srtp/sender.ts';
import { keySaltBytes, SRTP_SUITES, type SrtpSuite } from '../../src/protocol/srtp/suite.ts';
import { createTransform } from '../../src/protocol/srtp/suites.ts';
import type { CreateTransform } from '../../src/protocol/srtp/transform.ts';
import { addonUnderTest } from '../native/addon-under-test.ts';
import { rtpPacket, senderReport } from '../protocol/rtp/packets.ts';
import { bytesOf } from '../protocol/srtp/keys.ts';
import { LibsrtpOracle, type PacketKind } from './libsrtp-oracle.ts';
import { requireBuilt, requirePeer } from './require-peer.ts';

const LIBSRTP = { header: 'srtp2/srtp.h', library: 'srtp2' };
const built = requireBuilt(requirePeer('cc'), new URL('libsrtp-oracle.c', import.meta.url), LIBSRTP);
const loaded = addonUnderTest<SrtpExports>();

const IMPLEMENTATIONS: readonly { readonly by: string; readonly create: CreateTransform | undefined }[] = [
  { by: 'node:crypto', create: createTransform },
  { by: 'the addon', create: loaded.kind === 'loaded' ? nativeTransforms(loaded.exports) : undefined },
];

const oracles: LibsrtpOracle[] = [];

afterEach(async () => {
  await Promise.all(oracles.splice(0).map((oracle) => oracle.stop()));
});

afterAll(() => {
  built?.remove();
});

/** libsrtp and both ends of ours, under one fresh key. */
function meet(suite: SrtpSuite, create: CreateTransform, mki?: Buffer) {
  const keySalt = randomBytes(keySaltBytes(suite));
  const oracle = new LibsrtpOracle(built!.path, { suite, keySalt, ...(mki && { mki }) });
  oracles.push(oracle);
  return {
    oracle,
    sender: new SrtpSender(create(suite, keySalt, mki)),
    receiver: new SrtpReceiver(create(suite, keySalt, mki)),
  };
}

/** Packets of every length up to a long one, through a wrap of the sequence, from two sources in turn. */
function speech(count: number): Buffer[] {
  return Array.from({ length: count }, (_, at) =>
    rtpPacket({
      sequence: (65_480 + (at >> 1)) % 65_536,
      timestamp: at * 160,
      ssrc: 0x1000 + (at & 1),
      payload: randomBytes((at * 13) % 1200),
    }),
  );
}

/** Each four packets the other way round: within everybody's window, across the wrap too. */
function shuffled<Item>(items: readonly Item[]): Item[] {
  return items.map((_, at) => items[Math.min(items.length - 1, (at & ~3) + (3 - (at & 3)))]!);
}

function flipped(packet: Buffer, at: number): Buffer {
  const changed = Buffer.from(packet);
  changed[at]! ^= 0x01;
  return changed;
}

for (const suite of SRTP_SUITES) {
  for (const { by, create } of IMPLEMENTATIONS) {
    const isMissing = built === undefined || create === undefined;
    const rule = (title: string, check: () => Promise<void>) =>
      test.skipIf(isMissing)(`${suite}, ${by}: ${title}`, check);

    rule('libsrtp opens each SRTP packet of ours once, out of order and through a wrap', async () => {
      const { oracle, sender } = meet(suite, create!);
      const plain = speech(240);
      const wire = plain.map((packet) => bytesOf(sender.protectRtp(packet)));

      expect(inHex(await oracle.open('rtp', shuffled(wire)))).toEqual(inHex(shuffled(plain)));
      expect(new Set(await oracle.open('rtp', wire))).toEqual(new Set(['replayed']));
    });

    rule('we open each SRTP packet of libsrtp once, out of order and through a wrap', async () => {
      const { oracle, receiver } = meet(suite, create!);
      const plain = speech(240);
      const wire = await protectedBy(oracle, 'rtp', plain);

      const opened = shuffled(wire).map((packet) => receiver.unprotectRtp(Buffer.from(packet)));

      expect(inHex(opened)).toEqual(inHex(shuffled(plain)));
      expect(receiver.state().map(({ roc }) => roc)).toEqual([1, 1]);
      for (const packet of wire) expect(receiver.unprotectRtp(packet)).toBe('srtp_replayed');
    });

    rule('libsrtp and we make the same bytes of the same packets', async () => {
      const { oracle, sender } = meet(suite, create!);
      const plain = speech(80);
      const report = senderReport(1, 9);
      const ours = plain.map((packet) => bytesOf(sender.protectRtp(packet)));

      expect(inHex(await oracle.protect('rtp', plain))).toEqual(inHex(ours));
      // libsrtp gives its first SRTCP packet index 1, we give ours 0.
      sender.protectRtcp(report);
      expect(inHex(await oracle.protect('rtcp', [report]))).toEqual(inHex([bytesOf(sender.protectRtcp(report))]));
    });

    rule('SRTCP is opened once, both ways, whoever of several sources sends it', async () => {
      const { oracle, sender, receiver } = meet(suite, create!);
      const reports = Array.from({ length: 60 }, (_, at) => senderReport(1 + (at % 3), 9));
      const ours = reports.map((report) => bytesOf(sender.protectRtcp(report)));
      const theirs = await protectedBy(oracle, 'rtcp', reports);

      expect(inHex(await oracle.open('rtcp', shuffled(ours)))).toEqual(inHex(shuffled(reports)));
      expect(new Set(await oracle.open('rtcp', ours))).toEqual(new Set(['replayed']));
      const opened = shuffled(theirs).map((packet) => receiver.unprotectRtcp(Buffer.from(packet)));
      expect(inHex(opened)).toEqual(inHex(shuffled(reports)));
      for (const packet of theirs) expect(receiver.unprotectRtcp(packet)).toBe('srtp_replayed');
    });

    rule('neither opens what was changed on the way', async () => {
      const { oracle, sender, receiver } = meet(suite, create!);
      const [rtp, rtcp] = [rtpPacket({ payload: randomBytes(20) }), senderReport(1, 2)];
      const ours = [bytesOf(sender.protectRtp(rtp)), bytesOf(sender.protectRtcp(rtcp))] as const;
      const [theirRtp] = await protectedBy(oracle, 'rtp', [rtp]);
      const [theirRtcp] = await protectedBy(oracle, 'rtcp', [rtcp]);

      // Beyond the fixed header: a changed version or length is refused before the tag, by other words.
      const changedRtp = Array.from({ length: ours[0].length - 12 }, (_, at) => flipped(ours[0], 12 + at));
      const changedRtcp = Array.from({ length: ours[1].length - 8 }, (_, at) => flipped(ours[1], 8 + at));
      for (const answer of await oracle.open('rtp', changedRtp)) expect(answer).not.toBeInstanceOf(Buffer);
      for (const answer of await oracle.open('rtcp', changedRtcp)) expect(answer).not.toBeInstanceOf(Buffer);
      for (let at = 12; at < theirRtp!.length; at++) {
        expect(receiver.unprotectRtp(flipped(theirRtp!, at))).toBe('srtp_unauthentic');
      }
      for (let at = 8; at < theirRtcp!.length; at++) {
        expect(typeof receiver.unprotectRtcp(flipped(theirRtcp!, at))).toBe('string');
      }
    });

    rule('key identifiers stand where libsrtp looks for them, both ways', async () => {
      for (const mki of [Buffer.from([1]), Buffer.from('00000001', 'hex'), randomBytes(128)]) {
        const { oracle, sender, receiver } = meet(suite, create!, mki);
        const [plain, reports] = [speech(6), [senderReport(1, 2), senderReport(1, 2)]];
        const ours = plain.map((packet) => bytesOf(sender.protectRtp(packet)));
        const ourReports = reports.map((report) => bytesOf(sender.protectRtcp(report)));
        const theirs = await protectedBy(oracle, 'rtp', plain);
        const theirReports = await protectedBy(oracle, 'rtcp', reports);

        expect(inHex(theirs)).toEqual(inHex(ours));
        expect(inHex(theirReports.slice(0, 1))).toEqual(inHex(ourReports.slice(1)));
        expect(inHex(await oracle.open('rtp', ours))).toEqual(inHex(plain));
        expect(inHex(theirs.map((packet) => receiver.unprotectRtp(packet)))).toEqual(inHex(plain));
        expect(inHex(theirReports.map((packet) => receiver.unprotectRtcp(packet)))).toEqual(inHex(reports));
        // Until 2.7 libsrtp opens SRTCP with an MKI as if its tag were as short as that of SRTP (its pull request 737).
        if (suite.endsWith('_32')) continue;
        expect(inHex(await oracle.open('rtcp', ourReports))).toEqual(inHex(reports));
      }
    });
  }
}

/** Text compares far faster than thousands of bytes do. */
function inHex(answers: readonly (Buffer | string)[]): string[] {
  return answers.map((answer) => (typeof answer === 'string' ? answer : answer.toString('hex')));
}

async function protectedBy(oracle: LibsrtpOracle, kind: PacketKind, packets: readonly Buffer[]): Promise<Buffer[]> {
  return (await oracle.protect(kind, packets)).map(bytesOf);
}
