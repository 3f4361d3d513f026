import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  clientRandom,
  hasCookie,
  isClientHello,
  isHelloVerifyRequest,
  isOpenHandshake,
} from '../../../src/protocol/dtls/client-hello.ts';

const RANDOM = Buffer.alloc(32, 0x5a);

test('a ClientHello in the clear is one, whatever follows its random', () => {
  const hello = clientHello();

  expect(isClientHello(hello)).toBe(true);
  expect(isHelloVerifyRequest(hello)).toBe(false);
  expect(clientRandom(hello)).toEqual(RANDOM);
});

test('a cookie is found behind a session id of any length', () => {
  expect(hasCookie(clientHello())).toBe(false);
  expect(hasCookie(clientHello({ cookieBytes: 32 }))).toBe(true);
  expect(hasCookie(clientHello({ sessionIdBytes: 32 }))).toBe(false);
  expect(hasCookie(clientHello({ sessionIdBytes: 32, cookieBytes: 20 }))).toBe(true);
  expect(hasCookie(clientHello({ sessionIdBytes: 32, cookieBytes: 20 }).subarray(0, 70))).toBe(false);
});

test('a later piece of a ClientHello begins nothing, and may be the rest of one', () => {
  const piece = clientHello();
  piece[21] = 40;
  const sealed = clientHello();
  sealed[4] = 1;

  expect([piece, sealed].map(isClientHello)).toEqual([false, false]);
  expect([clientHello(), piece, sealed].map(isOpenHandshake)).toEqual([true, true, false]);
});

test('a HelloVerifyRequest is one', () => {
  const verify = clientHello();
  verify[13] = 3;

  expect(isHelloVerifyRequest(verify)).toBe(true);
  expect(isClientHello(verify)).toBe(false);
});

test('another content type, version, epoch, message, later piece or a cut one is none', () => {
  for (const [at, value] of [
    [0, 23],
    [1, 0x03],
    [3, 1],
    [4, 1],
    [13, 2],
    [19, 1],
    [20, 1],
    [21, 1],
  ] as const) {
    const other = clientHello();
    other[at] = value;
    expect(isClientHello(other)).toBe(false);
  }
  for (let length = 0; length < 60; length += 1) expect(isClientHello(clientHello().subarray(0, length))).toBe(false);
});

test('any bytes are looked at without throwing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const datagram = Buffer.from(bytes);
      isHelloVerifyRequest(datagram);
      hasCookie(datagram);
      if (isClientHello(datagram)) expect(clientRandom(datagram)).toHaveLength(32);
    }),
  );
});

function clientHello({ sessionIdBytes = 0, cookieBytes = 0 } = {}): Buffer {
  const body = Buffer.concat([
    Buffer.from([0xfe, 0xfd]),
    RANDOM,
    Buffer.from([sessionIdBytes]),
    Buffer.alloc(sessionIdBytes, 1),
    Buffer.from([cookieBytes]),
    Buffer.alloc(cookieBytes, 2),
    Buffer.from([0, 2, 0xc0, 0x2b, 1, 0]),
  ]);
  const message = Buffer.from([1, 0, 0, body.length, 0, 0, 0, 0, 0, 0, 0, body.length]);
  const record = Buffer.from([22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, message.length + body.length]);
  return Buffer.concat([record, message, body]);
}
