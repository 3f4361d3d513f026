import { expect, test } from 'vitest';
import { ManualClock } from '../../../../src/base/clock.ts';
import { silentLog } from '../../../../src/base/log.ts';
import type { MediaPair } from '../../../../src/call/media/session-state.ts';
import { PortReserve, type PortReserveOptions } from '../../../../src/call/media/worker/port-reserve.ts';
import { settle } from '../../../link/byte-pipe.ts';
import { FakePorts } from './fake-port.ts';

function rig(change: Partial<PortReserveOptions> & { portMin?: number; portMax?: number } = {}) {
  const clock = new ManualClock();
  const ports = new FakePorts();
  const ready: MediaPair[] = [];
  const counts = { exhausted: 0, ids: 0 };
  const { portMin = 20_000, portMax = 20_009, ...options } = change;
  const reserve = new PortReserve({
    interface: {
      name: 'outside',
      bindAddress: '127.0.0.1',
      advertisedAddress: '203.0.113.9',
      family: 4,
      portMin,
      portMax,
    },
    worker: 0,
    workers: 1,
    readyPairs: 2,
    clock,
    log: silentLog,
    openPort: ports.open,
    nextPairId: () => ++counts.ids,
    onReady: (pair) => ready.push(pair),
    onExhausted: () => (counts.exhausted += 1),
    ...options,
  });
  /** Ports reported ready since the last call. */
  const reported = () => ready.splice(0).map(({ rtpPort }) => rtpPort);
  return { clock, ports, ready, counts, reserve, reported };
}

test('pairs are even and odd, bound ahead, and say both of their addresses', async () => {
  const { reserve, ready, ports } = rig({ portMin: 20_001 });

  await reserve.fill();

  expect(ready).toEqual([
    {
      pair: 1,
      worker: 0,
      interface: 'outside',
      bindAddress: '127.0.0.1',
      advertisedAddress: '203.0.113.9',
      family: 4,
      rtpPort: 20_002,
      rtcpPort: 20_003,
    },
    expect.objectContaining({ rtpPort: 20_004, rtcpPort: 20_005 }),
  ]);
  expect([...ports.opened.keys()]).toEqual([20_002, 20_003, 20_004, 20_005]);
});

test('a pair whose RTCP port lies outside of the range is not used', async () => {
  const { reserve, reported } = rig({ portMin: 20_000, portMax: 20_002, readyPairs: 9 });

  await reserve.fill();

  expect(reported()).toEqual([20_000]);
});

test('workers share a range without meeting', async () => {
  const first = rig({ worker: 0, workers: 2, readyPairs: 9 });
  const second = rig({ worker: 1, workers: 2, readyPairs: 9 });

  await first.reserve.fill();
  await second.reserve.fill();

  expect(first.reported()).toEqual([20_000, 20_004, 20_008]);
  expect(second.reported()).toEqual([20_002, 20_006]);
});

test('a taken pair is made up for', async () => {
  const { reserve, reported } = rig();
  await reserve.fill();
  reported();

  reserve.take(1);
  await settle();

  expect(reported()).toEqual([20_004]);
  expect(reserve.portsOf(1)?.rtp.localPort).toBe(20_000);
  expect(reserve.portsOf(2)).toBeUndefined();
});

test('a freed pair rests two seconds, hears nothing meanwhile, and comes back once', async () => {
  const { reserve, reported, clock, ports } = rig();
  await reserve.fill();
  reserve.take(1);
  await settle();
  reported();
  ports.at(20_000).receiver = { onBatch: () => undefined };

  reserve.free(1);
  reserve.free(1);
  expect(ports.at(20_000).receiver).toBeUndefined();
  expect(reserve.portsOf(1)).toBeUndefined();
  clock.advance(1999);
  expect(reported()).toEqual([]);
  clock.advance(1);

  expect(reported()).toEqual([20_000]);
});

test('a port that somebody else has is skipped, with both its halves', async () => {
  const { reserve, reported, ports } = rig();
  ports.busy.add(20_001);
  ports.busy.add(20_002);

  await reserve.fill();

  expect(reported()).toEqual([20_004, 20_006]);
  expect(ports.at(20_000).isClosed).toBe(true);
});

test('when nothing is left it says so once, and tries again what others had', async () => {
  const { reserve, reported, counts, ports, clock } = rig({ portMax: 20_003 });
  ports.busy.add(20_002);
  await reserve.fill();
  reported();

  reserve.take(1);
  await settle();
  expect(counts.exhausted).toBe(1);
  ports.busy.clear();
  clock.advance(5000);
  await settle();
  clock.advance(5000);
  await settle();

  expect(reported()).toEqual([20_002]);
  expect(counts.exhausted).toBe(1);
});

test('taking or freeing what is not there changes nothing', async () => {
  const { reserve, reported, clock } = rig();
  await reserve.fill();
  reported();

  reserve.take(99);
  reserve.free(1);
  clock.advance(10_000);
  await settle();

  expect(reported()).toEqual([]);
});

test('stopping closes every port', async () => {
  const { reserve, ports } = rig();
  await reserve.fill();

  reserve.stop();

  expect([...ports.opened.values()].every((port) => port.isClosed)).toBe(true);
});

const KEPT = {
  pair: 77,
  worker: 0,
  interface: 'outside',
  bindAddress: '127.0.0.1',
  advertisedAddress: '203.0.113.9',
  family: 4,
  rtpPort: 20_002,
  rtcpPort: 20_003,
} as const;

test('a pair that a call has already is bound as it was, and never offered to another call meanwhile', async () => {
  const { reserve, reported, clock } = rig({ readyPairs: 9 });

  const adopted = await reserve.adopt(KEPT);
  await reserve.fill();

  expect(adopted?.rtp.localPort).toBe(20_002);
  expect(reserve.portsOf(77)?.pair).toEqual(KEPT);
  expect(reported()).toEqual([20_000, 20_004, 20_006, 20_008]);
  reserve.free(77);
  clock.advance(2000);
  expect(reported()).toEqual([20_002]);
});

test('ports that are not free yet are tried again for a second', async () => {
  const { reserve, ports, clock } = rig();
  ports.busy.add(20_003);

  const adopting = reserve.adopt(KEPT);
  await settle();
  clock.advance(50);
  await settle();
  ports.busy.clear();
  clock.advance(50);

  expect((await adopting)?.rtcp.localPort).toBe(20_003);
});

test('ports that stay with somebody else are given up, and none is left open', async () => {
  const { reserve, ports, clock } = rig();
  ports.busy.add(20_003);

  const adopting = reserve.adopt(KEPT);
  for (let attempt = 0; attempt < 20; attempt++) {
    await settle();
    clock.advance(50);
  }

  expect(await adopting).toBeUndefined();
  expect(ports.at(20_002).isClosed).toBe(true);
  expect(reserve.portsOf(77)).toBeUndefined();
});

test('ports that a call of another worker has are left to that', async () => {
  const { reserve, reported, clock } = rig({ elsewhere: [20_000], readyPairs: 9 });

  await reserve.fill();
  clock.advance(60_000);

  expect(reported()).toEqual([20_002, 20_004, 20_006, 20_008]);
});

test('a pair that is bound when its reserve has stopped is closed again', async () => {
  const { reserve, ports } = rig();

  const adopting = reserve.adopt(KEPT);
  reserve.stop();

  expect(await adopting).toBeUndefined();
  expect([...ports.opened.values()].every(({ isClosed }) => isClosed)).toBe(true);
});
