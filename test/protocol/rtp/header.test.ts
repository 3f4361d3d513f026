import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  rtpHeaderBytes,
  rtpPaddingBytes,
  rtpPayloadType,
  rtpSequence,
  rtpSsrc,
  rtpTimestamp,
  writeRtpSsrc,
} from '../../../src/protocol/rtp/header.ts';
import { rtpPacket } from './packets.ts';

test('fields are read as unsigned numbers', () => {
  const packet = rtpPacket({ sequence: 0xfffe, timestamp: 0xfffffffd, ssrc: 0xdeadbeef, payloadType: 0xe5 });

  expect(rtpHeaderBytes(packet)).toBe(12);
  expect(rtpSequence(packet)).toBe(0xfffe);
  expect(rtpTimestamp(packet)).toBe(0xfffffffd);
  expect(rtpSsrc(packet)).toBe(0xdeadbeef);
  expect(rtpPayloadType(packet)).toBe(0x65);
});

test('contributing sources and an extension belong to the header', () => {
  const packet = Buffer.concat([rtpPacket({ payload: Buffer.alloc(0) }), Buffer.alloc(8 + 4 + 8 + 5)]);
  packet[0] = 0x92;
  packet.writeUInt16BE(2, 12 + 8 + 2);

  expect(rtpHeaderBytes(packet)).toBe(12 + 8 + 4 + 8);
});

test('another version, a short header, too many contributing sources or a long extension are not RTP', () => {
  const wrongVersion = rtpPacket();
  wrongVersion[0] = 0x40;
  const manySources = rtpPacket({ payload: Buffer.alloc(8) });
  manySources[0] = 0x8f;
  const longExtension = rtpPacket({ payload: Buffer.alloc(8) });
  longExtension[0] = 0x90;
  longExtension.writeUInt16BE(2, 14);

  const sizes = [wrongVersion, rtpPacket().subarray(0, 11), manySources, longExtension].map(rtpHeaderBytes);

  expect(sizes).toEqual([0, 0, 0, 0]);
});

test('padding is believed only where it fits', () => {
  const padded = rtpPacket({ payload: Buffer.from([1, 2, 3, 0, 0, 3]) });
  padded[0] = 0xa0;
  const withCount = (count: number) => {
    const copy = Buffer.from(padded);
    copy[copy.length - 1] = count;
    return rtpPaddingBytes(copy, 12);
  };

  expect(rtpPaddingBytes(rtpPacket(), 12)).toBe(0);
  expect([3, 6].map(withCount)).toEqual([3, 6]);
  expect([0, 7, 255].map(withCount)).toEqual([-1, -1, -1]);
});

test('a padded packet without payload is refused', () => {
  const empty = rtpPacket({ payload: Buffer.alloc(0) });
  empty[0] = 0xa0;

  expect(rtpPaddingBytes(empty, 12)).toBe(-1);
});

test('a renamed source changes four bytes and no other', () => {
  const packet = rtpPacket();
  const original = Buffer.from(packet);

  writeRtpSsrc(packet, 0xf0000001);

  expect(rtpSsrc(packet)).toBe(0xf0000001);
  expect(packet.subarray(0, 8)).toEqual(original.subarray(0, 8));
  expect(packet.subarray(12)).toEqual(original.subarray(12));
});

test('whatever arrives, a header never reaches past the packet', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const headerBytes = rtpHeaderBytes(bytes);

      expect(headerBytes === 0 || (headerBytes >= 12 && headerBytes <= bytes.length)).toBe(true);
      if (headerBytes > 0) expect(rtpPaddingBytes(bytes, headerBytes)).toBeLessThanOrEqual(bytes.length - headerBytes);
    }),
  );
});
