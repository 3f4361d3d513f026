import { expect, test } from 'vitest';
import { LegReception } from '../../../../src/call/media/worker/leg-reception.ts';
import { PayloadTable } from '../../../../src/call/media/worker/payload-table.ts';
import { rtpPacket } from '../../../protocol/rtp/packets.ts';

const payloads = new PayloadTable([
  { payloadType: 96, encoding: 'other', clockRateHz: 48_000 },
  { payloadType: 101, encoding: 'telephone-event', clockRateHz: 8000 },
]);

test('what is lost adds up over sources, those forgotten too, and doubled packets make up for none', () => {
  const reception = new LegReception();

  for (let ssrc = 0; ssrc < 100; ssrc++) {
    for (const sequence of [1, 2, 4]) reception.note(rtpPacket({ ssrc, sequence }), payloads, 0);
  }
  for (let again = 0; again < 50; again++) reception.note(rtpPacket({ ssrc: 99, sequence: 4 }), payloads, 0);

  expect(reception.lost).toBe(99);
});

test('jitter is told in the time of the payload that has it, whatever keys are pressed between', () => {
  const reception = new LegReception();

  for (let at = 0; at < 200; at++) {
    const timestamp = at * 960;
    const lateUs = (at % 2) * 4000;
    reception.note(rtpPacket({ payloadType: 96, sequence: 2 * at, timestamp }), payloads, at * 20_000 + lateUs);
    reception.note(rtpPacket({ payloadType: 101, sequence: 2 * at + 1, timestamp: 7 }), payloads, at * 20_000);
  }

  expect(reception.jitterMs).toBeGreaterThan(3.5);
  expect(reception.jitterMs).toBeLessThanOrEqual(4);
});

test('a leg nobody heard has lost nothing', () => {
  expect([new LegReception().lost, new LegReception().jitterMs]).toEqual([0, 0]);
});
