import { expect, test } from 'vitest';
import { RequestClient } from '../../../../src/protocol/sip/transaction/request-client.ts';
import { RequestServer } from '../../../../src/protocol/sip/transaction/request-server.ts';
import { serverKey } from '../../../../src/protocol/sip/transaction/transaction-key.ts';
import { asRequest, invite } from '../messages.ts';

const BYE = Buffer.from('BYE');
const OK = Buffer.from('200');

function run(machine: RequestClient, untilMs: number): [number, string][] {
  const happened: [number, string][] = [];
  while (machine.wakeAtMs <= untilMs) {
    const now = machine.wakeAtMs;
    for (const event of machine.wake(now)) happened.push([now, event.kind]);
  }
  return happened;
}

test('an unanswered request is repeated at T1 doubling to T2, and times out after 32 s', () => {
  const happened = run(new RequestClient({ request: BYE, nowMs: 0 }), 60_000);

  expect(happened.map(([now]) => now)).toEqual([
    500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500, 32_000,
  ]);
  expect(happened.at(-1)).toEqual([32_000, 'timeout']);
});

test('a provisional response slows the repetition to T2 but does not stop it', () => {
  const machine = new RequestClient({ request: BYE, nowMs: 0 });
  machine.receive(183, 100);

  expect(run(machine, 9000)).toEqual([
    [500, 'send'],
    [4500, 'send'],
    [8500, 'send'],
  ]);
});

test('one final response is handed on, its repetition is absorbed, and it ends after T4', () => {
  const machine = new RequestClient({ request: BYE, nowMs: 0 });

  expect(machine.receive(200, 100)).toEqual([{ kind: 'deliver' }]);
  expect(machine.receive(200, 600)).toEqual([]);
  expect(run(machine, 5100)).toEqual([]);
  expect(machine.terminated).toBe(true);
});

test('an abandoned request hands nothing on and times out without a word', () => {
  const machine = new RequestClient({ request: BYE, nowMs: 0, patienceMs: 4000 });
  machine.abandon();

  expect(machine.receive(200, 5000)).toEqual([]);
  expect(run(machine, 60_000)).toEqual([]);
});

test('a repeated request gets the stored answer; before one it is absorbed', () => {
  const server = new RequestServer();

  expect(server.retransmitted()).toBeUndefined();
  expect(server.respond(200, OK, 0)).toBe(OK);
  expect(server.retransmitted()).toBe(OK);
  expect(server.respond(500, OK, 1)).toBeUndefined();
  server.wake(32_000);
  expect(server.terminated).toBe(true);
  expect(server.retransmitted()).toBeUndefined();
});

test('a transaction is named by branch, sender and method, so that a stranger cannot touch it', () => {
  const request = asRequest(invite());

  expect(serverKey(request, '192.0.2.10')).not.toBe(serverKey(request, '203.0.113.66'));
  expect(serverKey(request, '192.0.2.10')).not.toBe(serverKey(request, '192.0.2.10', 'CANCEL'));
});

test('without the magic cookie the fields that INVITE, ACK and CANCEL share name it', () => {
  const old = (text: string): Buffer => Buffer.from(text.replace('z9hG4bKabc', 'old'));
  const request = asRequest(old(invite().toString()));
  const ack = asRequest(
    old(invite().toString().replaceAll('INVITE', 'ACK').replace('bob@example.com>', 'bob@example.com>;tag=b')),
  );

  expect(serverKey(ack, 'x', 'INVITE')).toBe(serverKey(request, 'x'));
});
