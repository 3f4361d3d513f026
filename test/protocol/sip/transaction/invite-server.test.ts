import { expect, test } from 'vitest';
import { InviteServer } from '../../../../src/protocol/sip/transaction/invite-server.ts';

const TRYING = Buffer.from('100');
const RINGING = Buffer.from('180');
const OK = Buffer.from('200');
const BUSY = Buffer.from('486');

test('a repeated INVITE gets the very bytes sent last', () => {
  const server = new InviteServer();
  server.respond(100, TRYING, 0);

  expect(server.retransmitted()).toBe(TRYING);
  server.respond(180, RINGING, 10);
  expect(server.retransmitted()).toBe(RINGING);
});

test('after a 2xx a repeated INVITE is absorbed, further 2xx go through, and it ends after 32 s', () => {
  const server = new InviteServer();

  expect(server.respond(200, OK, 0)).toBe(OK);
  expect(server.retransmitted()).toBeUndefined();
  expect(server.respond(200, OK, 500)).toBe(OK);
  expect(server.respond(180, RINGING, 600)).toBeUndefined();
  expect(server.respond(486, BUSY, 700)).toBeUndefined();
  expect(server.wakeAtMs).toBe(32_000);
  server.wake(32_000);
  expect(server.terminated).toBe(true);
});

test('a refusal is repeated at T1, doubling to T2, until the ACK', () => {
  const server = new InviteServer();
  server.respond(486, BUSY, 0);
  const sentAt: number[] = [];

  for (let count = 0; count < 6; count += 1) {
    const now = server.wakeAtMs;
    if (server.wake(now)) sentAt.push(now);
  }
  server.acknowledged(16_000);

  expect(sentAt).toEqual([500, 1500, 3500, 7500, 11_500, 15_500]);
  expect(server.state).toBe('confirmed');
  expect(server.retransmitted()).toBeUndefined();
  expect(server.wakeAtMs).toBe(21_000);
  server.wake(21_000);
  expect(server.terminated).toBe(true);
});

test('a refusal without ACK ends after 32 s, and keeps no bytes', () => {
  const server = new InviteServer();
  server.respond(486, BUSY, 0);

  server.wake(32_000);

  expect(server.terminated).toBe(true);
  expect(server.retransmitted()).toBeUndefined();
  expect(server.wakeAtMs).toBe(Number.POSITIVE_INFINITY);
});

test('a second final response is not sent', () => {
  const server = new InviteServer();
  server.respond(486, BUSY, 0);

  expect(server.respond(200, OK, 1)).toBeUndefined();
  expect(server.respond(503, BUSY, 1)).toBeUndefined();
});

test('an ACK before any refusal changes nothing', () => {
  const server = new InviteServer();

  server.acknowledged(0);

  expect(server.state).toBe('proceeding');
});
