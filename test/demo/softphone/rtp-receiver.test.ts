import { expect, test } from 'vitest';
import { systemRandom } from '../../../src/base/ids.ts';
import { RtpReceiver } from '../../../src/demo/softphone/rtp-receiver.ts';
import { RtpSender } from '../../../src/demo/softphone/rtp-sender.ts';
import { writeSenderReport } from '../../../src/demo/softphone/rtcp-report.ts';
import { samplesAt } from '../../../src/demo/softphone/resample.ts';
import { isRtcp } from '../../../src/protocol/rtp/rtcp.ts';
import { tone } from '../tone.ts';

const FRAME = tone({ sampleRateHz: 8000, lengthMs: 20 });

test('a number heard twice counts once, and a hole is missing until it is filled', () => {
  const packets = packetsOf(5);
  const receiver = new RtpReceiver({ codec: 'PCMU', keepMs: 0 });

  for (const at of [0, 1, 1, 4, 3]) receiver.receive(packets[at]!, undefined);

  expect([receiver.received, receiver.missing, receiver.refused]).toEqual([4, 1, { rtp_duplicate: 1 }]);
});

test('numbers that wrap are still in a row', () => {
  const receiver = new RtpReceiver({ codec: 'PCMU', keepMs: 0 });
  const packets = packetsOf(4);
  packets.forEach((packet, at) => packet.writeUInt16BE((0xfffe + at) & 0xffff, 2));

  for (const packet of packets) receiver.receive(packet, undefined);

  expect([receiver.received, receiver.missing]).toEqual([4, 0]);
});

test('another payload type and malformed packets are refused by reason', () => {
  const receiver = new RtpReceiver({ codec: 'PCMA', keepMs: 0 });
  const padded = Buffer.from(packetsOf(1)[0]!);
  padded[0] = 0xa0;
  padded[padded.length - 1] = 255;

  for (const packet of [packetsOf(1)[0]!, padded, Buffer.from([0x80]), Buffer.alloc(3, 0x80), Buffer.alloc(0)]) {
    receiver.receive(packet, undefined);
  }

  expect(receiver.refused).toEqual({ rtp_payload_type: 1, rtp_malformed: 2, not_rtp: 2 });
});

test('the recording keeps each packet at its time, up to its limit', () => {
  const receiver = new RtpReceiver({ codec: 'PCMU', keepMs: 60 });
  const packets = packetsOf(5);

  for (const at of [0, 2, 3, 4]) receiver.receive(packets[at]!, undefined);
  const { samples } = receiver.recording;

  expect(samples.length).toBe(480);
  expect(samples.slice(160, 320).every((sample) => sample === 0)).toBe(true);
  expect(samples.slice(320).some((sample) => Math.abs(sample) > 1000)).toBe(true);
});

test('a report is RTCP that every reader accepts', () => {
  const base = { ssrc: 1, wallMs: 1_800_000_000_500, rtpTimestamp: 2, packets: 3, payloadBytes: 4, cname: 'abcd' };

  for (const heard of [undefined, { ssrc: 9, highestSequence: 70_000, lost: 2 }]) {
    for (let length = 0; length < 9; length += 1) {
      expect(isRtcp(writeSenderReport({ ...base, heard, cname: 'x'.repeat(length) }))).toBe(true);
    }
  }
});

test('a recording is brought to double and half its rate and to no other', () => {
  const wav = { sampleRateHz: 16_000, samples: Int16Array.of(0, 100, 200, 300, 400, 500) };

  expect([...samplesAt(wav, 16_000)]).toEqual([0, 100, 200, 300, 400, 500]);
  expect([...samplesAt(wav, 8000)]).toEqual([25, 200, 400]);
  expect([...samplesAt({ ...wav, sampleRateHz: 8000 }, 16_000).slice(0, 5)]).toEqual([0, 50, 100, 150, 200]);
  expect(() => samplesAt(wav, 11_025)).toThrow('cannot be played');
});

function packetsOf(count: number): Buffer[] {
  const sender = new RtpSender({ codec: 'PCMU', srtp: undefined, random: systemRandom });
  return Array.from({ length: count }, () => sender.nextPacket(FRAME)!);
}
