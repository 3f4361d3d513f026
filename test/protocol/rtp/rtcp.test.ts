import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRtcp, renameRtcpSsrcs, rtcpSenderSsrc } from '../../../src/protocol/rtp/rtcp.ts';
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
