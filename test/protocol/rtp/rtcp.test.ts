import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRtcp, MAX_RTCP_PACKETS, renameRtcpSsrcs, rtcpSenderSsrc } from '../../../src/protocol/rtp/rtcp.ts';
import { senderReport } from './packets.ts';

const SPEAKS = 0x11111111;
const HEARD = 0x22222222;
const names = { ofSender: (ssrc: number) => ssrc + 1, ofHeard: (ssrc: number) => ssrc + 2 };

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4));
  return bytes;
}

const receiverReport = words(0x81c90007, SPEAKS, HEARD, 0, 0, 0, 0, 0);
const description = Buffer.concat([words(0x81ca0003, SPEAKS), Buffer.from([1, 3, 0x61, 0x62, 0x63, 0, 0, 0])]);
const goodbye = words(0x82cb0002, SPEAKS, SPEAKS);
const application = words(0x80cc0003, SPEAKS, 0x74657374, 0xffffffff);
const nack = words(0x81cd0003, SPEAKS, HEARD, 0x00010000);
const bandwidth = words(0x83cd0004, SPEAKS, 0, HEARD, 0);
const pictureLoss = words(0x81ce0002, SPEAKS, HEARD);
const intraRequest = words(0x84ce0004, SPEAKS, 0, HEARD, 0x01000000);
const boundNotice = words(0x84cd0006, SPEAKS, 0, HEARD, 0, HEARD, 0);
const tradeOff = words(0x85ce0004, SPEAKS, 0, HEARD, 0x01000010);
const backChannel = words(0x87ce0007, SPEAKS, 0, HEARD, 0x01600003, 0x61626300, HEARD, 0x02600000);
const estimate = words(0x8fce0006, SPEAKS, 0, 0x52454d42, 0x02081234, HEARD, HEARD);
const otherApplication = words(0x8fce0004, SPEAKS, HEARD, 0x6f776e00, HEARD);
const streams = [HEARD, 0x00010003, 0x80018002, 0x80030000, HEARD, 0x00010000];
const congestion = words(0x8bcd0008, SPEAKS, ...streams, 0x12345678);
const packetCongestion = words(0x8fcd0004, SPEAKS, HEARD, 0x00010001, HEARD);
const jitters = words(0x82c30002, HEARD, SPEAKS);
const runLength = words(0x80cf0004, SPEAKS, 0x01000002, HEARD, 0x00010005);
const voip = words(0x80cf000a, SPEAKS, 0x07000008, HEARD, 0, 0, 0, 0, 0, 0, 0);
const summary = words(0x80cf000b, SPEAKS, 0x06e00009, HEARD, 0, 0, 0, 0, 0, 0, 0, 0);
const unknownBlock = words(0x80cf0004, SPEAKS, 0x1e000002, HEARD, 9);
const unknownType = words(0x80d50002, SPEAKS, HEARD);
const profileSpecific = words(0x80c90002, SPEAKS, HEARD);
const extended = words(0x80cf0008, SPEAKS, 0x04000002, 1, 2, 0x05000003, HEARD, 7, 8);

test('every SSRC of every packet type takes its name on the other side', () => {
  const cases: [Buffer, number[], number[]][] = [
    [senderReport(SPEAKS, HEARD), [4], [28]],
    [receiverReport, [4], [8]],
    [description, [4], []],
    [goodbye, [4, 8], []],
    [application, [4], []],
    [nack, [4], [8]],
    [bandwidth, [4], [12]],
    [pictureLoss, [4], [8]],
    [intraRequest, [4], [12]],
    [extended, [4], [24]],
    [boundNotice, [4], [12, 20]],
    [tradeOff, [4], [12]],
    [backChannel, [4], [12, 24]],
    [estimate, [4], [20, 24]],
    [otherApplication, [4], [8]],
    [congestion, [4], [8, 24]],
    [packetCongestion, [4], [8]],
    [jitters, [], []],
    [runLength, [4], [12]],
    [voip, [4], [12]],
    [summary, [4], [12]],
    [unknownBlock, [4], [12]],
    [unknownType, [4], []],
    [profileSpecific, [4], []],
  ];

  for (const [original, senders, heard] of cases) {
    const expected = Buffer.from(original);
    for (const at of senders) expected.writeUInt32BE(SPEAKS + 1, at);
    for (const at of heard) expected.writeUInt32BE(HEARD + 2, at);
    const packet = Buffer.from(original);

    expect(renameRtcpSsrcs(packet, names)).toBe(true);

    expect(packet).toEqual(expected);
  }
});

test('reduced-size packets pass without a report before them, as RFC 5506 lets them', () => {
  expect([nack, pictureLoss, intraRequest, extended, application].map((packet) => isRtcp(packet))).not.toContain(false);
});

test('more packets than a call has reason to send are refused', () => {
  const empty = words(0x80ca0000);

  expect(isRtcp(Buffer.concat(Array.from({ length: MAX_RTCP_PACKETS }, () => empty)))).toBe(true);
  expect(isRtcp(Buffer.concat(Array.from({ length: MAX_RTCP_PACKETS + 1 }, () => empty)))).toBe(false);
});

test('control information and blocks that are not whole are refused', () => {
  const broken = [
    words(0x84ce0003, SPEAKS, 0, HEARD),
    words(0x83cd0005, SPEAKS, 0, HEARD, 0, HEARD),
    words(0x87ce0004, SPEAKS, 0, HEARD, 0x01600005),
    words(0x8fce0005, SPEAKS, 0, 0x52454d42, 0x02081234, HEARD),
    words(0x8bcd0003, SPEAKS, HEARD, 0x00010003),
    words(0x80cf0003, SPEAKS, 0x05000001, HEARD),
    words(0x80cf0002, SPEAKS, 0x07000000),
    words(0x80cf0003, SPEAKS, 0x04000001, 1),
    words(0x82c30001, 1),
  ];

  expect(broken.map((packet) => isRtcp(packet))).toEqual(broken.map(() => false));
});

test('a compound is walked to its end', () => {
  const compound = Buffer.concat([senderReport(SPEAKS, HEARD), description, goodbye]);

  expect(renameRtcpSsrcs(compound, names)).toBe(true);

  expect(rtcpSenderSsrc(compound)).toBe(SPEAKS + 1);
  expect(compound.readUInt32BE(compound.length - 4)).toBe(SPEAKS + 1);
});

test('padding counts only at the end of the compound', () => {
  const padded = words(0xa0c90002, SPEAKS, 4);

  expect(isRtcp(padded)).toBe(true);
  expect(isRtcp(Buffer.concat([padded, receiverReport]))).toBe(false);
  expect(isRtcp(words(0xa0c90002, SPEAKS, 0))).toBe(false);
  expect(isRtcp(words(0xa0c90002, SPEAKS, 12))).toBe(false);
});

test('a packet that promises more than it holds is refused', () => {
  const unterminated = Buffer.concat([words(0x81ca0002, SPEAKS), Buffer.from([1, 9, 0x61, 0x62])]);
  const malformed = [
    Buffer.alloc(0),
    words(0x80c90001),
    words(0x81c90001, SPEAKS),
    words(0x80c80001, SPEAKS).subarray(0, 7),
    words(0x85cb0001, SPEAKS),
    Buffer.concat([words(0x81cb0002, SPEAKS), Buffer.from([9, 0x61, 0x62, 0x63])]),
    words(0x81cd0001, SPEAKS),
    words(0x80cf0002, SPEAKS, 0x05000007),
    words(0x40c90001, SPEAKS),
    unterminated,
  ];

  expect(malformed.map((packet) => isRtcp(packet))).toEqual(malformed.map(() => false));
});

test('no cut of a compound is taken for whole, except between its packets', () => {
  const compound = Buffer.concat([senderReport(SPEAKS, HEARD), description]);

  for (let length = 0; length < compound.length; length++) {
    expect(isRtcp(Buffer.from(compound.subarray(0, length)))).toBe(length === 52);
  }
});

test('whatever arrives is walked without a throw, and checking changes nothing', () => {
  const almost = fc
    .tuple(fc.integer({ min: 192, max: 223 }), fc.uint8Array({ minLength: 4, maxLength: 120 }))
    .map(([type, bytes]) => {
      const packet = Buffer.from(bytes);
      packet[0] = 0x80 | (packet[0]! & 0x3f);
      packet[1] = type;
      packet.writeUInt16BE(Math.floor(packet.length / 4) - 1, 2);
      return packet;
    });

  fc.assert(
    fc.property(almost, (packet) => {
      const original = Buffer.from(packet);

      isRtcp(packet);

      expect(packet).toEqual(original);
    }),
  );
});
