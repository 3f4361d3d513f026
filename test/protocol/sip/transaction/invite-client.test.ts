import { expect, test } from 'vitest';
import type { ClientEvent } from '../../../../src/protocol/sip/transaction/client-event.ts';
import { InviteClient } from '../../../../src/protocol/sip/transaction/invite-client.ts';

const INVITE = Buffer.from('INVITE');
const ACK = Buffer.from('ACK');
const makeAck = (): Buffer => ACK;

function client(patienceMs?: number): InviteClient {
  return new InviteClient({ request: INVITE, nowMs: 0, ...(patienceMs === undefined ? {} : { patienceMs }) });
}

function kinds(events: readonly ClientEvent[]): string[] {
  return events.map((event) => event.kind);
}

/** Runs every deadline up to `untilMs`; what happened, with when. */
function run(machine: InviteClient, untilMs: number): [number, string][] {
  const happened: [number, string][] = [];
  while (machine.wakeAtMs <= untilMs) {
    const now = machine.wakeAtMs;
    for (const event of machine.wake(now)) happened.push([now, event.kind]);
  }
  return happened;
}

test('an unanswered INVITE is repeated, doubling, and times out after 32 s', () => {
  const machine = client();

  expect(run(machine, 60_000)).toEqual([
    [500, 'send'],
    [1500, 'send'],
    [3500, 'send'],
    [7500, 'send'],
    [15_500, 'send'],
    [31_500, 'send'],
    [32_000, 'timeout'],
  ]);
  expect(machine.terminated).toBe(true);
});

test('what is repeated is the very buffer first sent', () => {
  const [event] = client().wake(500);

  expect(event?.kind === 'send' && event.bytes).toBe(INVITE);
});

test('a provisional response stops the repetition', () => {
  const machine = client();

  expect(kinds(machine.receive(100, 100, makeAck))).toEqual(['deliver']);
  expect(run(machine, 180_000)).toEqual([]);
});

test('Timer C fires after three minutes of ringing, and each 18x, but no 100, starts it anew', () => {
  const machine = client();
  machine.receive(180, 1000, makeAck);
  machine.receive(183, 100_000, makeAck);
  machine.receive(100, 200_000, makeAck);

  expect(run(machine, 281_000)).toEqual([[281_000, 'rang_too_long']]);
  expect(kinds(machine.cancel(281_000))).toEqual(['send_cancel']);
});

test('a refusal is acknowledged and handed on once; its repetition is acknowledged with the same bytes', () => {
  const machine = client();

  const first = machine.receive(486, 100, makeAck);
  const again = machine.receive(486, 600, () => {
    throw new Error('the ACK was made already');
  });

  expect(kinds(first)).toEqual(['send', 'deliver']);
  expect(again).toEqual([{ kind: 'send', bytes: ACK }]);
  expect(run(machine, 40_000)).toEqual([]);
  expect(machine.terminated).toBe(true);
});

test('every 2xx is handed on for 32 s, nothing is acknowledged, and then it ends', () => {
  const machine = client();

  expect(kinds(machine.receive(200, 100, makeAck))).toEqual(['deliver']);
  expect(kinds(machine.receive(200, 600, makeAck))).toEqual(['deliver']);
  expect(machine.receive(486, 700, makeAck)).toEqual([]);
  expect(machine.receive(180, 700, makeAck)).toEqual([]);
  expect(run(machine, 32_100)).toEqual([]);
  expect(machine.terminated).toBe(true);
});

test('a CANCEL waits for the first provisional response, and is sent once', () => {
  const machine = client();

  expect(machine.cancel(100)).toEqual([]);
  expect(kinds(machine.wake(500))).toEqual(['send']);
  expect(kinds(machine.receive(180, 600, makeAck))).toEqual(['deliver', 'send_cancel']);
  expect(kinds(machine.receive(180, 700, makeAck))).toEqual(['deliver']);
  expect(machine.cancel(800)).toEqual([]);
});

test('after a CANCEL nobody waits longer than 32 s, however long it rings on', () => {
  const machine = client();
  machine.receive(180, 0, makeAck);
  machine.cancel(1000);
  machine.receive(180, 20_000, makeAck);

  expect(run(machine, 300_000)).toEqual([[33_000, 'timeout']]);
});

test('patience ends once, only before any response', () => {
  const silent = client(4000);
  const ringing = client(4000);
  ringing.receive(100, 100, makeAck);

  expect(run(silent, 7000).filter(([, kind]) => kind === 'impatient')).toEqual([[4000, 'impatient']]);
  expect(run(ringing, 10_000)).toEqual([]);
});

test('an abandoned attempt falls silent, is cancelled when it speaks, and only its 2xx is handed on', () => {
  const late = client(4000);
  expect(late.abandon(4000)).toEqual([]);
  expect(run(late, 31_000)).toEqual([]);

  expect(kinds(late.receive(180, 31_000, makeAck))).toEqual(['send_cancel']);
  expect(kinds(late.receive(200, 31_500, makeAck))).toEqual(['deliver']);
});

test('an abandoned attempt that is refused is acknowledged and no more', () => {
  const machine = client(4000);
  machine.abandon(4000);

  expect(kinds(machine.receive(503, 5000, makeAck))).toEqual(['send']);
});

test('an abandoned attempt that never speaks ends without a word', () => {
  const machine = client(4000);
  machine.abandon(4000);

  expect(run(machine, 100_000)).toEqual([]);
  expect(machine.terminated).toBe(true);
});
