import { expect, test } from 'vitest';
import { EarlyPackets } from '../../../../src/call/media/worker/early-packets.ts';
import { rtpPacket } from '../../../protocol/rtp/packets.ts';

test('what is held is not what the port writes into the same memory afterwards', () => {
  const early = new EarlyPackets(() => undefined);
  const first = rtpPacket({ sequence: 1 });
  const arrival = { bytes: Buffer.from(first), address: '192.0.2.1', port: 4000, arrivalUs: 1000 };
  early.onBatch([arrival]);

  rtpPacket({ sequence: 2 }).copy(arrival.bytes);
  arrival.address = '203.0.113.66';
  const released: { bytes: Buffer; address: string }[] = [];
  early.release({ onBatch: (arrivals) => released.push(...arrivals) }, 1000);

  expect(released).toMatchObject([{ bytes: first, address: '192.0.2.1' }]);
});
