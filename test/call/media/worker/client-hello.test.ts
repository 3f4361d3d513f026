import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  clientRandom,
  hasCookie,
  isClientHello,
  isHelloVerifyRequest,
  isOpenHandshake,
} from '../../../../src/call/media/worker/client-hello.ts';
import { ALERT, clientHello, finished, HELLO_VERIFY, SERVER_FLIGHT } from './fake-dtls.ts';

test('a ClientHello is told from everything else of a handshake', () => {
  const datagrams = [
    clientHello(1),
    clientHello(1, 'no cookie'),
    HELLO_VERIFY,
    SERVER_FLIGHT,
    finished('AL:IC'),
    ALERT,
  ];

  expect(datagrams.map(isClientHello)).toEqual([true, true, false, false, false, false]);
  expect(datagrams.map(isHelloVerifyRequest)).toEqual([false, false, true, false, false, false]);
  expect(datagrams.map(isOpenHandshake)).toEqual([true, true, true, true, false, false]);
});

test('a later fragment of a ClientHello is none by itself', () => {
  const fragment = clientHello(1);
  fragment[21] = 40;

  expect(isClientHello(fragment)).toBe(false);
  expect(isOpenHandshake(fragment)).toBe(true);
});

test('random and cookie are found behind any session id', () => {
  const hello = clientHello(7);
  const withSession = Buffer.concat([hello.subarray(0, 59), Buffer.of(4, 1, 2, 3, 4), hello.subarray(60)]);

  expect(clientRandom(hello)).toEqual(Buffer.alloc(32, 7));
  expect([hello, withSession, clientHello(7, 'no cookie')].map(hasCookie)).toEqual([true, true, false]);
});

test('no bytes make it fail', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const datagram = Buffer.from(bytes);
      const isHello = isClientHello(datagram);
      expect(typeof hasCookie(datagram)).toBe('boolean');
      expect(isHello && clientRandom(datagram).length !== 32).toBe(false);
    }),
  );
});
