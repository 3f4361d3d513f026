/**
 * What a receiver and a sender must do under every cipher suite, whoever implements it: the rules that other systems
 * learned from calls that went silent, loud or readable. Not for what one suite does to one packet's bytes.
 */

import { expect, test } from 'vitest';
import type { SsrcIndexState } from '../../../src/protocol/srtp/index-state.ts';
import { SrtpReceiver } from '../../../src/protocol/srtp/receiver.ts';
import { SrtpSender } from '../../../src/protocol/srtp/sender.ts';
import { keySaltBytes, type SrtpSuite } from '../../../src/protocol/srtp/suite.ts';
import type { CreateTransform } from '../../../src/protocol/srtp/transform.ts';
import { rtpPacket, senderReport } from '../rtp/packets.ts';
import { bytesOf } from './keys.ts';

export function testTenRules(
  suite: SrtpSuite,
  { isMissing = false, by, create }: { isMissing?: boolean; by: string; create: () => CreateTransform },
): void {
  const key = (filler: number) => Buffer.alloc(keySaltBytes(suite), filler);
  const receiver = (known: readonly SsrcIndexState[] = [], filler = 0xa1) =>
    new SrtpReceiver(create()(suite, key(filler)), known);
  const sender = (known: readonly SsrcIndexState[] = [], filler = 0xa1) =>
    new SrtpSender(create()(suite, key(filler)), known);
  const rule = (title: string, check: () => void) => test.skipIf(isMissing)(`${suite}, ${by}: ${title}`, check);

  /** Packets as one sender seals them; sequences may go beyond 65535 to mean the next cycle. */
  function sealed(sequences: readonly number[], ssrc = 1): Buffer[] {
    const from = sender();
    return sequences.map((sequence) => bytesOf(from.protectRtp(rtpPacket({ sequence: sequence % 65536, ssrc }))));
  }

  rule('RTP and RTCP come through as they were, of every length', () => {
    const [from, to] = [sender(), receiver()];
    let sequence = 0;

    for (const length of [0, 1, 15, 16, 17, 160, 255, 256, 257, 1400]) {
      const packet = rtpPacket({ sequence: ++sequence, payload: Buffer.alloc(length, length) });

      expect(to.unprotectRtp(bytesOf(from.protectRtp(packet)))).toEqual(packet);
    }
    expect(to.unprotectRtcp(bytesOf(from.protectRtcp(senderReport(1, 2))))).toEqual(senderReport(1, 2));
  });

  rule('a replayed packet is refused, within the window and behind it, and the next one opens', () => {
    const wire = sealed(Array.from({ length: 201 }, (_, at) => at));
    const to = receiver();
    for (const packet of wire.slice(0, 200)) bytesOf(to.unprotectRtp(Buffer.from(packet)));

    expect(to.unprotectRtp(Buffer.from(wire[199]!))).toBe('srtp_replayed');
    expect(to.unprotectRtp(Buffer.from(wire[72]!))).toBe('srtp_replayed');
    expect(to.unprotectRtp(Buffer.from(wire[71]!))).toBe('srtp_too_old');
    expect(to.unprotectRtp(wire[200]!)).toBeInstanceOf(Buffer);
  });

  rule('SRTCP has a window of its own for each sender', () => {
    const [from, to] = [sender(), receiver()];
    const wire = Array.from({ length: 200 }, () => bytesOf(from.protectRtcp(senderReport(1, 2))));
    bytesOf(to.unprotectRtcp(bytesOf(from.protectRtcp(senderReport(9, 2)))));

    expect(to.unprotectRtcp(Buffer.from(wire[5]!))).toEqual(senderReport(1, 2));
    expect(to.unprotectRtcp(Buffer.from(wire[5]!))).toBe('srtp_replayed');
    expect(to.unprotectRtcp(wire[199]!)).toEqual(senderReport(1, 2));
    expect(to.unprotectRtcp(wire[71]!)).toBe('srtp_too_old');
    expect(to.unprotectRtcp(wire[72]!)).toEqual(senderReport(1, 2));
  });

  rule('SRTCP without the encryption bit is refused', () => {
    const wire = bytesOf(sender().protectRtcp(senderReport(1, 2)));
    const behindBytes = suite.startsWith('AEAD') ? 4 : 14;
    wire[wire.length - behindBytes]! &= 0x7f;

    expect(receiver().unprotectRtcp(wire)).toBe('srtcp_unencrypted');
  });

  rule('the roll-over counter is found at, above and below the one we stand at', () => {
    const wire = sealed([65533, 65534, 65535, 65536, 65537]);
    const to = receiver();

    for (const at of [0, 1, 3, 2, 4]) expect(to.unprotectRtp(wire[at]!)).toBeInstanceOf(Buffer);
    expect(to.state()).toEqual([{ ssrc: 1, roc: 1, highestSequence: 1, rtcpIndex: -1 }]);
  });

  rule('a first packet near 65535 opens, and so does one after a wrap we did not see', () => {
    for (const first of [65535, 65534, 65530]) {
      const wire = sealed([first, 65536, 65537]);

      const fromStart = receiver();
      for (const packet of wire) expect(fromStart.unprotectRtp(Buffer.from(packet))).toBeInstanceOf(Buffer);
      const joined = receiver();
      expect(joined.unprotectRtp(Buffer.from(wire[1]!))).toBeInstanceOf(Buffer);
      expect(joined.lastIndex).toBe(65536);
      expect(joined.unprotectRtp(Buffer.from(wire[0]!))).toBeInstanceOf(Buffer);
    }
  });

  rule('no changed byte goes unnoticed, leaves a trace in the packet, or changes what is known', () => {
    const [from, to] = [sender(), receiver()];
    const rtp = bytesOf(from.protectRtp(rtpPacket({ sequence: 7, payload: Buffer.alloc(40, 1) })));
    const rtcp = bytesOf(from.protectRtcp(senderReport(1, 2)));

    for (let at = 0; at < Math.max(rtp.length, rtcp.length); at++) {
      const [first, second] = [rtp, rtcp].map((packet) => Buffer.from(packet));
      if (at < rtp.length) first![at]! ^= 0x10;
      if (at < rtcp.length) second![at]! ^= 0x10;
      const before = [Buffer.from(first!), Buffer.from(second!)];

      if (at < rtp.length) expect(typeof to.unprotectRtp(first!)).toBe('string');
      if (at < rtcp.length) expect(typeof to.unprotectRtcp(second!)).toBe('string');
      if (at < Math.min(rtp.length, rtcp.length)) expect([first, second]).toEqual(before);
    }
    expect(to.state()).toEqual([]);
    expect(to.unprotectRtp(rtp)).toBeInstanceOf(Buffer);
    expect(to.unprotectRtcp(rtcp)).toBeInstanceOf(Buffer);
  });

  rule('a forgery far ahead does not move the window, and packets cut short are refused', () => {
    const [from, to] = [sender(), receiver()];
    bytesOf(to.unprotectRtp(bytesOf(from.protectRtp(rtpPacket({ sequence: 10 })))));
    const forged = bytesOf(sender([], 0xb2).protectRtp(rtpPacket({ sequence: 30_000 })));
    const next = bytesOf(from.protectRtp(rtpPacket({ sequence: 11 })));

    expect(to.unprotectRtp(forged)).toBe('srtp_unauthentic');
    for (let size = 0; size < next.length; size++) {
      expect(typeof to.unprotectRtp(Buffer.from(next.subarray(0, size)))).toBe('string');
    }
    expect(to.unprotectRtp(next)).toBeInstanceOf(Buffer);
  });

  rule('each source has a counter of its own: a late one begins at 0, a returning one goes on', () => {
    const [from, to] = [sender(), receiver()];
    const pass = (sequence: number, ssrc: number) =>
      to.unprotectRtp(bytesOf(from.protectRtp(rtpPacket({ sequence, ssrc }))));
    for (const sequence of [65535, 0]) bytesOf(pass(sequence, 1));
    for (let sequence = 700; sequence < 1000; sequence++) bytesOf(pass(sequence, 2));

    expect(pass(1, 1)).toBeInstanceOf(Buffer);
    expect(to.state().map(({ ssrc, roc }) => [ssrc, roc])).toEqual([
      [1, 1],
      [2, 0],
    ]);
  });

  rule('any order within the window delivers each packet once', () => {
    const wire = sealed(Array.from({ length: 100 }, (_, at) => 65480 + at));
    const to = receiver();
    bytesOf(to.unprotectRtp(Buffer.from(wire[0]!)));
    // 37 and 100 have no common factor, so this visits every packet, far from the order of sending.
    const order = Array.from({ length: 99 }, (_, at) => 1 + ((at * 37) % 99));

    const opened = [...order, ...order].filter((at) => typeof to.unprotectRtp(Buffer.from(wire[at]!)) !== 'string');

    expect(new Set(opened).size).toBe(opened.length);
    expect(opened.length).toBe(new Set(order).size);
  });

  rule('never are two packets protected under one key, source and index', () => {
    const from = sender();
    bytesOf(from.protectRtp(rtpPacket({ sequence: 5, ssrc: 1 })));
    bytesOf(from.protectRtp(rtpPacket({ sequence: 300, ssrc: 1 })));

    expect(from.protectRtp(rtpPacket({ sequence: 300, ssrc: 1, payload: Buffer.from('other') }))).toBe(
      'srtp_index_used',
    );
    expect(from.protectRtp(rtpPacket({ sequence: 5, ssrc: 1 }))).toBe('srtp_index_too_old');
    expect(from.protectRtp(rtpPacket({ sequence: 300, ssrc: 2 }))).toBeInstanceOf(Buffer);
    const goneOn = sender(from.state());
    expect(goneOn.protectRtp(rtpPacket({ sequence: 300, ssrc: 1 }))).toBe('srtp_index_used');
  });

  rule('a key that has served as long as it may is refused, whether the RFC or the SDP says how long', () => {
    const last = [{ ssrc: 1, roc: 2 ** 32 - 1, highestSequence: 65535, rtcpIndex: 2 ** 31 - 1 }];
    const short = new SrtpSender(create()(suite, key(1)), [], 2);
    const shortHeard = new SrtpReceiver(create()(suite, key(1)), [], 1);
    const wire = [1, 2].map((sequence) => bytesOf(short.protectRtp(rtpPacket({ sequence, ssrc: sequence }))));
    const reports = [1, 2].map((ssrc) => bytesOf(short.protectRtcp(senderReport(ssrc, 9))));

    expect(sender(last).protectRtp(rtpPacket({ sequence: 0, ssrc: 1 }))).toBe('srtp_key_exhausted');
    expect(sender(last).protectRtcp(senderReport(1, 2))).toBe('srtp_key_exhausted');
    expect(receiver(last).unprotectRtp(sealed([0])[0]!)).toBe('srtp_key_exhausted');
    expect(short.protectRtp(rtpPacket({ sequence: 3, ssrc: 3 }))).toBe('srtp_key_exhausted');
    expect(short.protectRtcp(senderReport(1, 9))).toBe('srtp_key_exhausted');
    expect(shortHeard.unprotectRtp(wire[0]!)).toBeInstanceOf(Buffer);
    expect(shortHeard.unprotectRtp(wire[1]!)).toBe('srtp_key_exhausted');
    expect(shortHeard.unprotectRtcp(reports[0]!)).toBeInstanceOf(Buffer);
    expect(shortHeard.unprotectRtcp(reports[1]!)).toBe('srtp_key_exhausted');
    expect([short.lifetimeLeft, shortHeard.lifetimeLeft]).toEqual([0, 0]);
  });

  rule('a forgery does not use up the life of a key', () => {
    const to = new SrtpReceiver(create()(suite, key(0xa1)), [], 1);
    to.unprotectRtp(bytesOf(sender([], 0xb2).protectRtp(rtpPacket())));

    expect(to.unprotectRtp(sealed([1])[0]!)).toBeInstanceOf(Buffer);
  });

  rule('packets carry the key identifier they were told to, and no other is taken', () => {
    const [mki, other] = [Buffer.from('c0ffee01', 'hex'), Buffer.from('c0ffee02', 'hex')];
    const from = new SrtpSender(create()(suite, key(1), mki));
    const plain = new SrtpSender(create()(suite, key(1)));
    const rtp = bytesOf(from.protectRtp(rtpPacket()));
    const rtcp = bytesOf(from.protectRtcp(senderReport(1, 2)));
    const bare = bytesOf(plain.protectRtp(rtpPacket()));
    const bareReport = bytesOf(plain.protectRtcp(senderReport(1, 2)));

    // RFC 3711 §3.1, §3.4: before the tag. RFC 7714 §8.2, §9.2: the tag belongs to the ciphertext, so behind it.
    const rtpTagBytes = suite.startsWith('AEAD') ? 0 : suite.endsWith('_32') ? 4 : 10;
    const rtcpTagBytes = suite.startsWith('AEAD') ? 0 : 10;
    expect(withoutMki(rtp, rtpTagBytes, mki)).toEqual(bare);
    expect(withoutMki(rtcp, rtcpTagBytes, mki)).toEqual(bareReport);
    for (const [demanded, refused] of [
      [other, true],
      [mki, false],
      [Buffer.from('00c0ffee01', 'hex'), true],
      [undefined, true],
    ] as const) {
      const to = new SrtpReceiver(create()(suite, key(1), demanded));
      expect(typeof to.unprotectRtp(Buffer.from(rtp)) === 'string').toBe(refused);
      expect(typeof to.unprotectRtcp(Buffer.from(rtcp)) === 'string').toBe(refused);
    }
    const strict = new SrtpReceiver(create()(suite, key(1), mki));
    expect(typeof strict.unprotectRtp(bare)).toBe('string');
    expect(typeof strict.unprotectRtcp(bareReport)).toBe('string');
  });

  rule('a wiped key opens and protects nothing', () => {
    const [from, to] = [sender(), receiver()];
    const [wire] = sealed([1]);
    from.wipe();
    to.wipe();

    expect(to.unprotectRtp(wire!)).toBe('srtp_wiped');
    expect(to.unprotectRtcp(wire!)).toBe('srtp_wiped');
    expect(from.protectRtp(rtpPacket())).toBe('srtp_wiped');
    expect(from.protectRtcp(senderReport(1, 2))).toBe('srtp_wiped');
  });
}

/** The packet without the MKI that stands before its last `tagBytes`. */
function withoutMki(packet: Buffer, tagBytes: number, mki: Buffer): Buffer {
  const at = packet.length - tagBytes - mki.length;
  expect(packet.subarray(at, at + mki.length)).toEqual(mki);
  return Buffer.concat([packet.subarray(0, at), packet.subarray(at + mki.length)]);
}
