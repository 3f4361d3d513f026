import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rtpPacket, senderReport } from '../rtp/packets.ts';
import { bytesOf, receiver, sender } from './keys.ts';

test('a second packet with the same source and sequence is refused, whatever its payload', () => {
  const from = sender();
  bytesOf(from.protectRtp(rtpPacket({ sequence: 5 })));

  expect(from.protectRtp(rtpPacket({ sequence: 5, payload: Buffer.from('other') }))).toBe('srtp_index_used');
});

test('a late packet is protected once, and not when it is too late to know', () => {
  const from = sender();
  for (const sequence of [1, 3, 300]) bytesOf(from.protectRtp(rtpPacket({ sequence })));

  expect(from.protectRtp(rtpPacket({ sequence: 200 }))).toBeInstanceOf(Buffer);
  expect(from.protectRtp(rtpPacket({ sequence: 2 }))).toBe('srtp_index_too_old');
});

test('a sequence below the first of a source is refused: its index would be negative', () => {
  const from = sender();
  bytesOf(from.protectRtp(rtpPacket({ sequence: 3 })));

  expect(from.protectRtp(rtpPacket({ sequence: 65530 }))).toBe('srtp_index_too_old');
});

test('SRTCP indices grow by one for each source', () => {
  const from = sender();
  const index = (wire: Buffer) => wire.readUInt32BE(wire.length - 14) - 0x8000_0000;

  const indices = [1, 1, 2, 1].map((ssrc) => index(bytesOf(from.protectRtcp(senderReport(ssrc, 9)))));

  expect(indices).toEqual([0, 1, 0, 2]);
});

test('an exhausted key refuses instead of wrapping', () => {
  const from = sender(undefined, [{ ssrc: 1, roc: 2 ** 32 - 1, highestSequence: 65535, rtcpIndex: 2 ** 31 - 1 }]);

  expect(from.protectRtp(rtpPacket({ ssrc: 1, sequence: 0 }))).toBe('srtp_key_exhausted');
  expect(from.protectRtcp(senderReport(1, 2))).toBe('srtp_key_exhausted');
});

test('a sender rebuilt from its state uses no index again and keeps its counter', () => {
  const first = sender();
  const to = receiver();
  for (const sequence of [65535, 0, 1]) {
    bytesOf(to.unprotectRtp(bytesOf(first.protectRtp(rtpPacket({ sequence })))));
  }

  const second = sender(undefined, first.state());

  expect(second.protectRtp(rtpPacket({ sequence: 1 }))).toBe('srtp_index_used');
  expect(to.unprotectRtp(bytesOf(second.protectRtp(rtpPacket({ sequence: 2 }))))).toBeInstanceOf(Buffer);
});

test('a 65th source under one key is refused', () => {
  const from = sender();
  for (let ssrc = 0; ssrc < 64; ssrc++) bytesOf(from.protectRtp(rtpPacket({ ssrc })));

  expect(from.protectRtp(rtpPacket({ ssrc: 64 }))).toBe('srtp_too_many_ssrcs');
  expect(from.protectRtp(rtpPacket({ ssrc: 0, sequence: 2 }))).toBeInstanceOf(Buffer);
});

test('a wiped sender protects nothing', () => {
  const from = sender();

  from.wipe();

  expect(from.protectRtp(rtpPacket())).toBe('srtp_wiped');
  expect(from.protectRtcp(senderReport(1, 2))).toBe('srtp_wiped');
});

test('what is not RTP is refused', () => {
  expect(sender().protectRtp(Buffer.alloc(11, 0x80))).toBe('srtp_malformed');
  expect(sender().protectRtcp(Buffer.alloc(7, 0x80))).toBe('srtp_malformed');
});

test('whoever chooses the sequence numbers never gets the same keystream twice', () => {
  const silence = Buffer.alloc(16);
  const steps = fc.array(fc.integer({ min: 0, max: 65535 }), { minLength: 1, maxLength: 80 });

  fc.assert(
    fc.property(steps, (sequences) => {
      const from = sender();
      const keystreams = new Set<string>();
      let sealed = 0;
      for (const sequence of sequences) {
        const wire = from.protectRtp(rtpPacket({ sequence, payload: silence }));
        if (typeof wire === 'string') continue;
        sealed += 1;
        keystreams.add(wire.toString('hex', 12, 28));
      }

      expect(keystreams.size).toBe(sealed);
    }),
    { numRuns: 50 },
  );
});

test('payloads of every length come through', () => {
  const from = sender();
  const to = receiver();
  let sequence = 0;

  for (const length of [0, 1, 15, 16, 17, 160, 255, 256, 257, 1400, 5000]) {
    const packet = rtpPacket({ sequence: ++sequence, payload: Buffer.alloc(length, length) });

    expect(to.unprotectRtp(bytesOf(from.protectRtp(packet)))).toEqual(packet);
  }
});
