import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalEndpoint } from '../../../../src/call/media/worker/endpoint.ts';
import { PeerSources, PeerTargets } from '../../../../src/call/media/worker/native-peers.ts';

/** A sockaddr as the kernel writes it, with whatever was there before behind it. */
function sockaddr(family: 4 | 6, address: readonly number[], port: number): DataView {
  const bytes = Buffer.alloc(32, 0xa5);
  bytes.writeUInt16LE(family === 4 ? 2 : 10, 0);
  bytes.writeUInt16BE(port, 2);
  Buffer.from(address).copy(bytes, family === 4 ? 4 : 8);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

const byte = fc.nat(255);
const port = fc.nat(65_535);

test('an IPv4 source is its dotted text and port', () => {
  fc.assert(
    fc.property(fc.array(byte, { minLength: 4, maxLength: 4 }), port, (address, number) => {
      const found = new PeerSources(4).find(sockaddr(4, address, number), 0);

      expect(found).toMatchObject({ address: address.join('.'), port: number });
    }),
  );
});

test('an IPv6 source is written as signaling is, so that the two compare', () => {
  const group = fc.oneof(fc.constant(0), fc.nat(0xffff));
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), port, (groups, number) => {
      const address = groups.flatMap((each) => [each >> 8, each & 0xff]);
      const found = new PeerSources(6).find(sockaddr(6, address, number), 0);

      const named = groups.map((each) => each.toString(16)).join(':');
      expect({ address: found.address, port: found.port }).toEqual(canonicalEndpoint({ address: named, port: number }));
    }),
  );
});

test('the same peer is the same object, and one that differs in a bit is another', () => {
  const sources = new PeerSources(6);
  const address = Array.from({ length: 16 }, (_, at) => at);
  const first = sources.find(sockaddr(6, address, 4000), 0);

  expect(sources.find(sockaddr(6, address, 4000), 0)).toBe(first);
  expect(sources.find(sockaddr(6, address, 4001), 0).port).toBe(4001);
  expect(sources.find(sockaddr(6, address.with(15, 14), 4000), 0).address).not.toBe(first.address);
  expect(sources.find(sockaddr(6, address.with(0, 128), 4000), 0).address).not.toBe(first.address);
});

test('the flow label of a peer does not make it another', () => {
  const sources = new PeerSources(6);
  const address = Array.from({ length: 16 }, () => 1);
  const labelled = sockaddr(6, address, 4000);
  labelled.setUint32(4, 7);

  expect(sources.find(labelled, 0)).toBe(sources.find(sockaddr(6, address, 4000), 0));
});

test('sprayed sources displace each other and are all told apart', () => {
  const sources = new PeerSources(4);
  for (let n = 0; n < 10_000; n++) {
    const { address } = sources.find(sockaddr(4, [10, 0, n >> 8, n & 0xff], 5), 0);
    expect(address).toBe(`10.0.${n >> 8}.${n & 0xff}`);
  }
});

test('a target is found by address and port, and the oldest makes room', () => {
  const targets = new PeerTargets();
  for (let n = 0; n < 5; n++) targets.remember({ address: '192.0.2.1', port: n }, Buffer.alloc(28, n), 4);

  expect(targets.find('192.0.2.1', 4)).toMatchObject({ port: 4, first: 0x04040404 });
  expect(targets.find('192.0.2.1', 0)).toBeUndefined();
  expect(targets.find('192.0.2.2', 4)).toBeUndefined();
});
