import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rtpPacket, senderReport } from '../rtp/packets.ts';
import { bytesOf, KEY_B, receiver, sender } from './keys.ts';

/** Seals packets in order of sending; the result is by sequence number of the call. */
function sealed(sequences: readonly number[], ssrc = 1): Buffer[] {
  const from = sender();
  return sequences.map((sequence) => bytesOf(from.protectRtp(rtpPacket({ sequence: sequence % 65536, ssrc }))));
}

test('what was protected opens to the very same bytes', () => {
  const packet = rtpPacket({ payload: Buffer.from('speech, or so it seems') });
  const original = Buffer.from(packet);
  const wire = bytesOf(sender().protectRtp(packet));

  expect(packet).toEqual(original);
  expect(wire.includes('speech')).toBe(false);
  expect(receiver().unprotectRtp(wire)).toEqual(original);
});

test('a replayed packet is refused and a packet after it still opens', () => {
  const [first, second] = sealed([1, 2]);
  const to = receiver();
  bytesOf(to.unprotectRtp(Buffer.from(first!)));

  expect(to.unprotectRtp(Buffer.from(first!))).toBe('srtp_replayed');

  expect(to.unprotectRtp(second!)).toBeInstanceOf(Buffer);
});

test('packets out of order open within the window and not behind it', () => {
  const wire = sealed(Array.from({ length: 200 }, (_, sequence) => sequence));
  const to = receiver();
  bytesOf(to.unprotectRtp(wire[199]!));

  expect(to.unprotectRtp(wire[72]!)).toBeInstanceOf(Buffer);
  expect(to.unprotectRtp(wire[71]!)).toBe('srtp_too_old');
});

test('the roll-over counter grows at 65535 and a late packet uses the old one', () => {
  const wire = sealed([65533, 65534, 65535, 65536, 65537]);
  const to = receiver();

  const order = [0, 1, 3, 2, 4].map((at) => to.unprotectRtp(wire[at]!));

  expect(order.every((result) => typeof result !== 'string')).toBe(true);
  expect(to.state()).toEqual([{ ssrc: 1, roc: 1, highestSequence: 1, rtcpIndex: -1 }]);
});

test('joining a source that has already wrapped once finds its counter', () => {
  const wire = sealed([65535, 65536]);

  const to = receiver();

  expect(to.unprotectRtp(wire[1]!)).toBeInstanceOf(Buffer);
  expect(to.lastIndex).toBe(65536);
});

test('after a silence of more than half a cycle the source is found again', () => {
  const from = sender();
  const to = receiver();
  bytesOf(to.unprotectRtp(bytesOf(from.protectRtp(rtpPacket({ sequence: 1000 })))));
  for (const sequence of [20_000, 40_000]) bytesOf(from.protectRtp(rtpPacket({ sequence })));
  const after = bytesOf(from.protectRtp(rtpPacket({ sequence: 45_000 })));

  expect(to.unprotectRtp(after)).toBeInstanceOf(Buffer);
});

test('every source counts for itself: a new one starts at counter 0', () => {
  const from = sender();
  const to = receiver();
  for (const sequence of [65535, 0]) {
    bytesOf(to.unprotectRtp(bytesOf(from.protectRtp(rtpPacket({ sequence, ssrc: 1 })))));
  }

  bytesOf(to.unprotectRtp(bytesOf(from.protectRtp(rtpPacket({ sequence: 700, ssrc: 2 })))));

  expect(to.state().map(({ ssrc, roc }) => [ssrc, roc])).toEqual([
    [1, 1],
    [2, 0],
  ]);
});

test('a source that falls silent and comes back keeps its counter', () => {
  const from = sender();
  const to = receiver();
  const pass = (sequence: number, ssrc: number) =>
    to.unprotectRtp(bytesOf(from.protectRtp(rtpPacket({ sequence, ssrc }))));
  for (const sequence of [65535, 0]) pass(sequence, 1);
  for (let sequence = 0; sequence < 300; sequence++) pass(sequence, 2);

  expect(pass(1, 1)).toBeInstanceOf(Buffer);
});

test('no changed byte goes unnoticed, and none changes what is known', () => {
  const [wire] = sealed([7]);
  const to = receiver();

  for (let at = 0; at < wire!.length; at++) {
    const tampered = Buffer.from(wire!);
    tampered[at]! ^= 0x01;
    const before = Buffer.from(tampered);

    expect(typeof to.unprotectRtp(tampered)).toBe('string');
    expect(tampered).toEqual(before);
  }

  expect(to.state()).toEqual([]);
  expect(to.unprotectRtp(wire!)).toBeInstanceOf(Buffer);
});

test('a forgery far ahead does not move the window', () => {
  const from = sender();
  const to = receiver();
  bytesOf(to.unprotectRtp(bytesOf(from.protectRtp(rtpPacket({ sequence: 10 })))));
  const forged = bytesOf(sender(KEY_B).protectRtp(rtpPacket({ sequence: 30_000 })));

  expect(to.unprotectRtp(forged)).toBe('srtp_unauthentic');

  expect(to.unprotectRtp(bytesOf(from.protectRtp(rtpPacket({ sequence: 11 }))))).toBeInstanceOf(Buffer);
});

test('our own packets sent back to us are not authentic under the key of the other side', () => {
  const ours = bytesOf(sender(KEY_B).protectRtp(rtpPacket()));

  expect(receiver().unprotectRtp(ours)).toBe('srtp_unauthentic');
});

test('a 65th source is refused, no earlier one is forgotten, and forged sources take no room', () => {
  const from = Array.from({ length: 65 }, (_, ssrc) => sealed([1, 2], ssrc));
  const to = receiver();
  for (let ssrc = 100; ssrc < 300; ssrc++) to.unprotectRtp(bytesOf(sender(KEY_B).protectRtp(rtpPacket({ ssrc }))));
  for (const wire of from.slice(0, 64)) bytesOf(to.unprotectRtp(Buffer.from(wire[0]!)));

  expect(to.unprotectRtp(from[64]![0]!)).toBe('srtp_too_many_ssrcs');
  expect(to.unprotectRtp(from[0]![0]!)).toBe('srtp_replayed');
  expect(to.unprotectRtp(from[0]![1]!)).toBeInstanceOf(Buffer);
});

test('SRTCP opens once, keeps its own index per sender, and refuses what is late or changed', () => {
  const from = sender();
  const to = receiver();
  const wire = Array.from({ length: 200 }, () => bytesOf(from.protectRtcp(senderReport(1, 2))));
  const tampered = Buffer.from(wire[5]!);
  tampered[20]! ^= 1;

  expect(to.unprotectRtcp(tampered)).toBe('srtp_unauthentic');
  expect(to.unprotectRtcp(Buffer.from(wire[5]!))).toEqual(senderReport(1, 2));
  expect(to.unprotectRtcp(Buffer.from(wire[5]!))).toBe('srtp_replayed');
  expect(to.unprotectRtcp(wire[199]!)).toEqual(senderReport(1, 2));
  expect(to.unprotectRtcp(wire[71]!)).toBe('srtp_too_old');
  expect(to.state()).toEqual([{ ssrc: 1, roc: 0, highestSequence: -1, rtcpIndex: 199 }]);
});

test('SRTCP without the encryption bit is refused', () => {
  const wire = bytesOf(sender().protectRtcp(senderReport(1, 2)));
  wire[wire.length - 14]! &= 0x7f;

  expect(receiver().unprotectRtcp(wire)).toBe('srtcp_unencrypted');
});

test('a receiver rebuilt from its state goes on, and takes nothing a second time', () => {
  const wire = sealed([65534, 65535, 65536, 65537]);
  const first = receiver();
  for (const packet of wire.slice(0, 3)) bytesOf(first.unprotectRtp(Buffer.from(packet)));

  const second = receiver(undefined, first.state());

  expect(second.unprotectRtp(wire[2]!)).toBe('srtp_replayed');
  expect(second.unprotectRtp(wire[3]!)).toBeInstanceOf(Buffer);
});

test('index 2^48 is refused instead of starting again', () => {
  const last = [{ ssrc: 1, roc: 2 ** 32 - 1, highestSequence: 65535, rtcpIndex: 2 ** 31 - 1 }];
  const wire = bytesOf(sender().protectRtp(rtpPacket({ sequence: 0, ssrc: 1 })));

  expect(receiver(undefined, last).unprotectRtp(wire)).toBe('srtp_key_exhausted');
});

test('a wiped receiver opens nothing', () => {
  const [wire] = sealed([1]);
  const to = receiver();

  to.wipe();

  expect(to.unprotectRtp(wire!)).toBe('srtp_wiped');
  expect(to.unprotectRtcp(wire!)).toBe('srtp_wiped');
  expect(to.state()).toEqual([]);
});

test('whatever arrives is refused with a word, never a throw', () => {
  const to = receiver();

  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      const packet = Buffer.from(bytes);
      if (packet.length > 0) packet[0] = 0x80 | (packet[0]! & 0x3f);

      expect(typeof to.unprotectRtp(packet)).toBe('string');
      expect(typeof to.unprotectRtcp(packet)).toBe('string');
    }),
  );
  expect(to.state()).toEqual([]);
});

test('any reordering and repetition within the window delivers each packet exactly once', () => {
  const [first, ...wire] = sealed([65400, ...Array.from({ length: 60 }, (_, at) => 65500 + at)]);
  const arrivals = fc.array(fc.integer({ min: 0, max: 59 }), { minLength: 1, maxLength: 120 });

  fc.assert(
    fc.property(arrivals, (order) => {
      const to = receiver();
      to.unprotectRtp(Buffer.from(first!));

      const opened = order.filter((at) => typeof to.unprotectRtp(Buffer.from(wire[at]!)) !== 'string');

      expect(new Set(opened).size).toBe(opened.length);
      expect(new Set(opened)).toEqual(new Set(order));
    }),
    { numRuns: 30 },
  );
});
