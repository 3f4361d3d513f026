import { expect, test } from 'vitest';
import { Latch } from '../../../../src/call/media/worker/latch.ts';

const SDP = { address: '192.0.2.1', port: 4000 };

/** A packet as a plain leg takes it: admitted, found valid, learnt from. */
function plainPacket(latch: Latch, address: string, port: number): boolean {
  if (!latch.admitsPlain(address, port)) return false;
  latch.learnPlain(address, port);
  return true;
}

test('before anything arrives, SDP says where to send and from where a plain leg accepts', () => {
  const latch = new Latch(SDP, null);

  expect(latch.target).toEqual(SDP);
  expect(latch.admitsPlain('192.0.2.1', 4000)).toBe(true);
  expect(latch.admitsPlain('192.0.2.99', 4000)).toBe(false);
});

test('a plain leg learns the first port of its SDP address and then no other that SDP did not name', () => {
  const latch = new Latch(SDP, null);

  expect(plainPacket(latch, '192.0.2.1', 4444)).toBe(true);

  expect(latch.target).toEqual({ address: '192.0.2.1', port: 4444 });
  expect(plainPacket(latch, '192.0.2.1', 5555)).toBe(false);
  expect(plainPacket(latch, '192.0.2.99', 4444)).toBe(false);
  expect(latch.target).toEqual({ address: '192.0.2.1', port: 4444 });
});

test('late packets of another call of the same gateway keep a plain leg only until its own peer speaks', () => {
  const latch = new Latch(SDP, null);
  plainPacket(latch, '192.0.2.1', 4444);

  expect(plainPacket(latch, '192.0.2.1', 4000)).toBe(true);

  expect(latch.target).toEqual(SDP);
  expect(plainPacket(latch, '192.0.2.1', 4444)).toBe(false);
});

test('on hold not even the endpoint named before it moves the stream', () => {
  const latch = new Latch(SDP, null);
  plainPacket(latch, '192.0.2.1', 4444);

  latch.relearn({ address: '0.0.0.0', port: 4000 });

  expect(plainPacket(latch, '192.0.2.1', 4000)).toBe(false);
});

test('an authentic packet moves a secure leg to wherever it came from', () => {
  const latch = new Latch(SDP, null);

  latch.learnAuthentic('203.0.113.7', 50_000);

  expect(latch.target).toEqual({ address: '203.0.113.7', port: 50_000 });
});

test('a signaling event with the same endpoint keeps the learnt target and allows learning once more', () => {
  const latch = new Latch(SDP, null);
  plainPacket(latch, '192.0.2.1', 4444);

  latch.relearn(SDP);

  expect(latch.target?.port).toBe(4444);
  expect(plainPacket(latch, '192.0.2.1', 5555)).toBe(true);
  expect(latch.target?.port).toBe(5555);
  expect(plainPacket(latch, '192.0.2.1', 4444)).toBe(false);
});

test('a new endpoint is believed at once, and packets of the old peer are not learnt', () => {
  const latch = new Latch(SDP, null);
  plainPacket(latch, '192.0.2.1', 4444);
  const moved = { address: '192.0.2.1', port: 7000 };

  latch.relearn(moved);

  expect(latch.target).toEqual(moved);
  expect(plainPacket(latch, '192.0.2.1', 4444)).toBe(false);
  expect(plainPacket(latch, '192.0.2.1', 7000)).toBe(true);
  expect(plainPacket(latch, '192.0.2.1', 4444)).toBe(false);
});

test('a peer that never sends from where it said is believed again after 50 packets', () => {
  const latch = new Latch(SDP, null);
  plainPacket(latch, '192.0.2.1', 4444);
  latch.relearn({ address: '192.0.2.1', port: 7000 });

  const taken = Array.from({ length: 51 }, () => plainPacket(latch, '192.0.2.1', 4444));

  expect(taken.indexOf(true)).toBe(50);
  expect(latch.target?.port).toBe(4444);
});

test('on hold nothing is sent, even to a learnt address, and the holder may still play music', () => {
  const latch = new Latch(SDP, null);
  plainPacket(latch, '192.0.2.1', 4444);

  latch.relearn({ address: '0.0.0.0', port: 4000 });
  latch.learnAuthentic('192.0.2.1', 4444);

  expect(latch.target).toBeUndefined();
  expect(latch.admitsPlain('192.0.2.1', 4444)).toBe(true);
  expect(latch.admitsPlain('192.0.2.1', 4445)).toBe(false);
});

test('after a hold the same endpoint goes on as it was', () => {
  const latch = new Latch(SDP, null);
  plainPacket(latch, '192.0.2.1', 4444);

  latch.relearn({ address: '0.0.0.0', port: 4000 });
  latch.relearn(SDP);

  expect(latch.target?.port).toBe(4444);
});

test('nobody is sent to at port 0, an unspecified, group or named address', () => {
  const places = [
    { address: '192.0.2.1', port: 0 },
    { address: '0.0.0.0', port: 9 },
    { address: '239.1.1.1', port: 9 },
    { address: '255.255.255.255', port: 9 },
    { address: '::', port: 9 },
    { address: 'ff02::1', port: 9 },
    { address: 'media.example', port: 9 },
  ];

  expect(places.map((place) => new Latch(place, null).target)).toEqual(places.map(() => undefined));
});

test('an IPv6 address is the same however SDP writes it', () => {
  const latch = new Latch({ address: '2001:DB8:0:0::1', port: 4000 }, null);

  expect(latch.admitsPlain('2001:db8::1', 4001)).toBe(true);
});

test('a restored latch accepts only what it had learnt, and what SDP names', () => {
  const latch = new Latch(SDP, { address: '192.0.2.1', port: 4444 });

  expect(latch.target?.port).toBe(4444);
  expect(plainPacket(latch, '192.0.2.1', 5555)).toBe(false);
  expect(plainPacket(latch, '192.0.2.1', 4000)).toBe(true);
});

test('behind NAT a plain leg learns whoever speaks first, and then nobody else', () => {
  const latch = new Latch({ address: '10.0.0.5', port: 4000 }, null, true);
  expect(latch.target).toEqual({ address: '10.0.0.5', port: 4000 });

  expect(plainPacket(latch, '203.0.113.7', 50_000)).toBe(true);

  expect(latch.target).toEqual({ address: '203.0.113.7', port: 50_000 });
  expect(plainPacket(latch, '203.0.113.7', 50_001)).toBe(false);
  expect(plainPacket(latch, '203.0.113.66', 50_000)).toBe(false);
  expect(latch.target).toEqual({ address: '203.0.113.7', port: 50_000 });
});

test('a peer that is where its SDP says is not kept from its stream by who sprayed ports before it spoke', () => {
  const latch = new Latch(SDP, null, true);
  plainPacket(latch, '203.0.113.66', 666);

  expect(plainPacket(latch, SDP.address, SDP.port)).toBe(true);

  expect(latch.target).toEqual(SDP);
  expect(plainPacket(latch, '203.0.113.66', 666)).toBe(false);
});

test('behind NAT a signaling event allows learning once more, the same endpoint or another', () => {
  const latch = new Latch({ address: '10.0.0.5', port: 4000 }, null, true);
  plainPacket(latch, '203.0.113.7', 50_000);

  latch.relearn({ address: '10.0.0.5', port: 4000 }, true);
  expect(latch.target?.port).toBe(50_000);
  expect(plainPacket(latch, '203.0.113.7', 50_010)).toBe(true);
  expect(plainPacket(latch, '203.0.113.7', 50_011)).toBe(false);
  latch.relearn({ address: '10.0.0.5', port: 4002 }, true);

  expect(latch.target).toEqual({ address: '10.0.0.5', port: 4002 });
  expect(plainPacket(latch, '203.0.113.7', 50_010)).toBe(false);
  expect(plainPacket(latch, '198.51.100.9', 7)).toBe(true);
});

test('on hold nobody is learnt behind NAT either', () => {
  const latch = new Latch({ address: '10.0.0.5', port: 4000 }, null, true);

  latch.relearn({ address: '0.0.0.0', port: 4000 }, true);

  expect(plainPacket(latch, '203.0.113.7', 50_000)).toBe(false);
  expect(latch.target).toBeUndefined();
});

test('where a policy does not say NAT, a signaling event does not allow any address', () => {
  const latch = new Latch(SDP, null, true);
  plainPacket(latch, SDP.address, SDP.port);

  latch.relearn({ ...SDP, port: 4002 });

  expect(plainPacket(latch, '203.0.113.66', 4002)).toBe(false);
});
