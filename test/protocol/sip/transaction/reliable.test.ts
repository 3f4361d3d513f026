/** Transactions over a transport that delivers (RFC 3261 §17): nothing is repeated, and nothing repeated is waited for. */

import { expect, test } from 'vitest';
import { InviteClient } from '../../../../src/protocol/sip/transaction/invite-client.ts';
import { InviteServer } from '../../../../src/protocol/sip/transaction/invite-server.ts';
import { RequestClient } from '../../../../src/protocol/sip/transaction/request-client.ts';
import { RequestServer } from '../../../../src/protocol/sip/transaction/request-server.ts';

const BYTES = Buffer.from('x');
const reliable = true;
const settings = { request: BYTES, nowMs: 0, reliable };
const makeAck = (): Buffer => BYTES;

test('Timers A and E are off, Timers B and F are not', () => {
  for (const client of [new InviteClient(settings), new RequestClient(settings)]) {
    expect(client.wakeAtMs).toBe(32_000);
    expect(client.wake(32_000)).toEqual([{ kind: 'timeout' }]);
    expect(client.terminated).toBe(true);
  }
});

test('a provisional answer does not begin any repetition', () => {
  const client = new RequestClient(settings);

  client.receive(183, 100);

  expect(client.wakeAtMs).toBe(32_000);
});

test('Timers D and K are zero, and a 2xx is still waited for as long as over UDP', () => {
  const refused = new InviteClient(settings);
  const accepted = new InviteClient(settings);
  const request = new RequestClient(settings);

  expect(refused.receive(486, 100, makeAck).map(({ kind }) => kind)).toEqual(['send', 'deliver']);
  accepted.receive(200, 100, makeAck);
  request.receive(200, 100);

  expect([refused.wakeAtMs, accepted.wakeAtMs, request.wakeAtMs]).toEqual([100, 32_100, 100]);
  expect(refused.wake(100)).toEqual([]);
  expect(refused.terminated).toBe(true);
});

test('Timer G is off, Timer I is zero, and Timer H still ends a refusal that nobody acknowledges', () => {
  const unacknowledged = new InviteServer({ reliable });
  const acknowledged = new InviteServer({ reliable });
  unacknowledged.respond(486, BYTES, 0);
  acknowledged.respond(486, BYTES, 0);

  acknowledged.acknowledged(200);

  expect([unacknowledged.wakeAtMs, acknowledged.wakeAtMs]).toEqual([32_000, 200]);
  acknowledged.wake(200);
  expect(acknowledged.terminated).toBe(true);
});

test('Timer J is zero, Timer L is not', () => {
  const request = new RequestServer({ reliable });
  const invite = new InviteServer({ reliable });

  request.respond(200, BYTES, 50);
  invite.respond(200, BYTES, 50);

  expect([request.wakeAtMs, invite.wakeAtMs]).toEqual([50, 32_050]);
});

test.each([
  ['an INVITE', () => new InviteClient(settings)],
  ['another request', () => new RequestClient(settings)],
])('%s that could not be sent says so once, and absorbs what comes all the same', (_name, make) => {
  const client = make();

  expect(client.failed(10)).toEqual([{ kind: 'unsent' }]);
  expect(client.failed(20)).toEqual([]);
  expect(client.receive(404, 30, makeAck).filter(({ kind }) => kind === 'deliver')).toEqual([]);
});

test('what was lost and comes to life all the same is cancelled as soon as it does', () => {
  const client = new InviteClient(settings);
  client.failed(10);

  expect(client.receive(180, 500, makeAck).map(({ kind }) => kind)).toEqual(['send_cancel']);
});

test('once anything was heard, a lost connection is no failure: the answer may come by another', () => {
  const invite = new InviteClient(settings);
  const request = new RequestClient(settings);
  invite.receive(100, 10, makeAck);
  request.receive(183, 10);

  expect([invite.failed(20), request.failed(), invite.terminated]).toEqual([[], [], false]);
});
