import { expect, test } from 'vitest';
import { SockaddrCache } from '../../../src/call/signaling/sockaddr-cache.ts';
import { SOCKADDR } from '../../../src/native/datagram-socket.ts';

/** Stands in for the addon and counts how often it is asked. */
function reading(family: 4 | 6) {
  const asked: string[] = [];
  const cache = new SockaddrCache({
    family,
    readSockaddr: (text) => {
      asked.push(text);
      return text.startsWith('no') ? undefined : new ArrayBuffer(SOCKADDR.end);
    },
  });
  return { cache, asked };
}

function sockaddr(last: number, place: number): Buffer {
  const bytes = Buffer.alloc(SOCKADDR.end + 3);
  bytes.writeUInt32BE(last, 3 + place);
  return bytes;
}

test('an address is translated once each way, whatever its port', () => {
  const { cache, asked } = reading(4);
  const bytes = sockaddr(7, SOCKADDR.v4);

  const first = cache.textOf(bytes, 3, () => '0.0.0.7');
  bytes.writeUInt16BE(5060, 3 + SOCKADDR.port);
  const second = cache.textOf(bytes, 3, () => 'never read');

  expect([first, second]).toEqual(['0.0.0.7', '0.0.0.7']);
  expect(cache.targetOf('192.0.2.1')).toBe(cache.targetOf('192.0.2.1'));
  expect(asked).toEqual(['192.0.2.1']);
});

test('IPv6 addresses differ in every byte and in their zone', () => {
  const { cache } = reading(6);
  const places = Array.from({ length: 5 }, (_, n) => SOCKADDR.v6 + 4 * n);

  const texts = places.map((place) => cache.textOf(sockaddr(1, place), 3, () => `at ${place}`));

  expect(texts).toEqual(places.map((place) => `at ${place}`));
});

test('what is no literal is asked about each time and never kept', () => {
  const { cache, asked } = reading(4);

  for (let n = 0; n < 3; n++) expect(cache.targetOf('no literal')).toBeUndefined();

  expect(asked).toHaveLength(3);
  expect(cache.size).toBe(0);
});

test('a hundred thousand sources and targets are forgotten again, and the next one is still translated', () => {
  const { cache } = reading(4);

  for (let n = 0; n < 100_000; n++) {
    cache.textOf(sockaddr(n, SOCKADDR.v4), 3, () => `${n}`);
    cache.targetOf(`${n}`);
  }

  expect(cache.size).toBeLessThanOrEqual(4096);
  expect(cache.textOf(sockaddr(99_999, SOCKADDR.v4), 3, () => 'never read')).toBe('99999');
});
