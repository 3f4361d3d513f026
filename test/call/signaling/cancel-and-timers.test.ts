import { expect, test } from 'vitest';
import {
  ANSWER,
  CARRIER,
  OFFER,
  PBX,
  request,
  respond,
  ROUTES,
  SPARE,
  Stage,
  startLine,
  STRANGER,
  OUTSIDE,
} from './stage.ts';
import type { Sent } from './fake-network.ts';

function to(remote: { readonly address: string }, sent: readonly Sent[]): Sent[] {
  return sent.filter((each) => each.to.address === remote.address);
}

test('a CANCEL after ringing is answered, sent on at once, and its 487 ends the call', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  stage.fromInside(respond(invite, 180, { tag: 'bob1' }));

  const sent = stage.fromCarrier(request('CANCEL', { extra: ['Reason: SIP;cause=200'] }));
  const [cancel] = to(PBX, sent);
  if (cancel) stage.fromInside(respond(cancel, 200));
  const [, refused] = stage.fromInside(respond(invite, 487, { tag: 'bob1' }));

  expect(to(CARRIER, sent).map(startLine)).toEqual(['SIP/2.0 200 OK']);
  expect(cancel?.text.split('\r\n')[1]).toBe(invite.text.split('\r\n')[1]);
  expect(cancel?.text).toContain('CSeq: 1 CANCEL');
  expect(cancel?.text).toContain('Reason: SIP;cause=200');
  expect(startLine(refused)).toBe('SIP/2.0 487 Whatever');
  expect(stage.events.at(-1)).toBe('ended cancelled');
});

test('a CANCEL before any provisional response is held until one arrives', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();

  const held = stage.fromCarrier(request('CANCEL'));
  const released = stage.fromInside(respond(invite, 100));

  expect(held.map(startLine)).toEqual(['SIP/2.0 200 OK']);
  expect(released.map(startLine)).toEqual(['CANCEL sip:bob@example.com SIP/2.0']);
});

test('a CANCEL that loses against the 200 changes nothing: the call stands', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  stage.fromCarrier(request('CANCEL'));

  const sent = stage.fromInside(respond(invite, 200, { tag: 'bob1', sdp: ANSWER }));

  expect(sent.map(startLine)).toEqual(['SIP/2.0 200 Whatever']);
  expect(stage.signaling.liveCalls()[0]?.state).toBe('confirmed');
});

test('a repeated CANCEL is answered again and sent on once', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  stage.fromInside(respond(invite, 180, { tag: 'bob1' }));
  stage.fromCarrier(request('CANCEL'));

  expect(stage.fromCarrier(request('CANCEL')).map(startLine)).toEqual(['SIP/2.0 200 OK']);
});

test('a CANCEL from somebody else does not touch the call', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  stage.fromInside(respond(invite, 180, { tag: 'bob1' }));

  stage.network.deliver(STRANGER, OUTSIDE, request('CANCEL'));

  expect(stage.network.take().map(startLine)).toEqual(['SIP/2.0 403 Forbidden']);
});

test('a CANCEL that nobody honours ends in 487 after 32 s', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  stage.fromInside(respond(invite, 180, { tag: 'bob1' }));
  stage.fromCarrier(request('CANCEL'));

  const sent = to(CARRIER, stage.advance(32_000));

  expect(startLine(sent[0])).toBe('SIP/2.0 487 Request Terminated');
  expect(stage.events.at(-1)).toBe('ended cancelled');
});

test('ringing for more than three minutes is cancelled', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  stage.fromInside(respond(invite, 180, { tag: 'bob1' }));

  expect(stage.advance(180_000)).toEqual([]);
  expect(stage.advance(1000).map(startLine)).toEqual(['CANCEL sip:bob@example.com SIP/2.0']);
  const [, refused] = stage.fromInside(respond(invite, 487, { tag: 'bob1' }));
  expect(startLine(refused)).toBe('SIP/2.0 487 Whatever');
});

test('a silent next hop gives way to the next one, and is tried last from then on', async () => {
  const stage = await Stage.open();
  stage.invite();

  const first = stage.advance(3900);
  const [failover] = to(SPARE, stage.advance(200));
  if (failover) stage.fromInside(respond(failover, 200, { tag: 'bob1', sdp: ANSWER }), SPARE);
  const [next] = stage
    .fromCarrier(request('INVITE', { sdp: OFFER, branch: 'z9hG4bKsecond' }))
    .filter(({ text }) => text.startsWith('INVITE'));

  expect(to(PBX, first).length).toBe(3);
  expect(failover?.text).toContain('branch=z9hG4bKe10');
  expect(failover?.text).toContain('m=audio 40000 ');
  expect(stage.events.slice(0, 2)).toEqual(['started early', 'changed confirmed']);
  expect(next?.to).toEqual(SPARE);
});

test('a hop that wakes up late is cancelled, and its answer is not mixed into the other one', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  stage.advance(4100);

  const late = stage.fromInside(respond(invite, 180, { tag: 'late' }));
  const refused = stage.fromInside(respond(invite, 487, { tag: 'late' }));

  expect(late.map(startLine)).toEqual(['CANCEL sip:bob@example.com SIP/2.0']);
  expect(refused.map(startLine)).toEqual(['ACK sip:bob@example.com SIP/2.0']);
});

test('a 503 before ringing gives way to the next hop, and is acknowledged', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  stage.fromInside(respond(invite, 100));

  const sent = stage.fromInside(respond(invite, 503, { tag: 'x' }));

  expect(sent.map(({ to: target }) => target)).toEqual([PBX, SPARE]);
  expect(sent.map(startLine)).toEqual(['ACK sip:bob@example.com SIP/2.0', 'INVITE sip:bob@example.com SIP/2.0']);
});

test('a 503 after ringing, or from the last hop, is passed on as it came', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  stage.fromInside(respond(invite, 180, { tag: 'bob1' }));

  const [, passed] = stage.fromInside(respond(invite, 503, { tag: 'bob1' }));

  expect(passed).toMatchObject({ to: CARRIER });
  expect(startLine(passed)).toBe('SIP/2.0 503 Whatever');
});

test('when no hop answers the caller gets 503 with the reason, and everything is freed', async () => {
  const stage = await Stage.open();
  stage.invite();

  const sent = to(CARRIER, stage.advance(36_500));
  stage.advance(40_000);

  expect(startLine(sent[0])).toBe('SIP/2.0 503 Service Unavailable');
  expect(sent[0]?.text).toContain('"no_answer_from_next_hop"');
  expect(stage.events).toEqual(['started early', 'ended timeout']);
  expect(stage.signaling.stats()).toEqual({ calls: 0, transactions: 0 });
});

test('a REGISTER that nobody answers is tried everywhere and then let go in silence', async () => {
  const stage = await Stage.open();
  stage.fromCarrier(request('REGISTER'));

  const sent = stage.advance(80_000);

  expect(to(SPARE, sent).length).toBeGreaterThan(0);
  expect(to(CARRIER, sent)).toEqual([]);
  expect(stage.signaling.stats().transactions).toBe(0);
});

test('after a whole call every transaction is freed', async () => {
  const stage = await Stage.open();
  stage.establish();

  stage.advance(40_000);

  expect(stage.signaling.stats()).toEqual({ calls: 1, transactions: 0 });
});

test('a name is resolved before the call, and a first call to an unknown one waits in its transaction', async () => {
  const stage = await Stage.open();
  const asked: string[] = [];
  let answer: (addresses: readonly string[]) => void = () => undefined;
  stage.lookup = (name) => {
    asked.push(name);
    return new Promise((resolve) => (answer = resolve));
  };
  const [tenant] = ROUTES.tenants;
  const nextHops = [{ host: 'pbx.example', port: 5070, transport: 'udp' as const }];
  if (tenant) stage.signaling.setRoutes({ ...ROUTES, tenants: [{ ...tenant, nextHops }] });

  const before = stage.fromCarrier(request('INVITE', { sdp: OFFER }));
  answer(['2001:db8::1', '10.0.0.20']);
  for (let turn = 0; turn < 16; turn += 1) await Promise.resolve();
  const after = stage.network.take();

  expect(asked).toEqual(['pbx.example']);
  expect(before.map(startLine)).toEqual(['SIP/2.0 100 Trying']);
  expect(after.map(({ to: target }) => target)).toEqual([{ address: '10.0.0.20', port: 5070 }]);
});

test('a name that does not resolve in time is 503, and a CANCEL meanwhile is 487', async () => {
  const stage = await Stage.open();
  stage.lookup = () => new Promise(() => undefined);
  const [tenant] = ROUTES.tenants;
  const nextHops = [{ host: 'pbx.example', port: 5070, transport: 'udp' as const }];
  if (tenant) stage.signaling.setRoutes({ ...ROUTES, tenants: [{ ...tenant, nextHops }] });
  stage.fromCarrier(request('INVITE', { sdp: OFFER }));
  stage.fromCarrier(request('INVITE', { sdp: OFFER, branch: 'z9hG4bKtwo' }));

  const cancelled = stage.fromCarrier(request('CANCEL', { branch: 'z9hG4bKtwo' }));
  const [late] = stage.advance(2000).filter(({ text }) => text.startsWith('SIP/2.0 503'));

  expect(cancelled.map(startLine)).toEqual(['SIP/2.0 200 OK', 'SIP/2.0 487 Request Terminated']);
  expect(late).toBeDefined();
});

test('a bug on the way to a next hop is counted, answered, and costs no more than its call', async () => {
  const stage = await Stage.open();
  const send = stage.network.fail(PBX);

  const sent = stage.fromCarrier(request('INVITE', { sdp: OFFER }));
  send.restore();

  expect(sent.map(startLine)).toEqual(['SIP/2.0 100 Trying', 'SIP/2.0 503 Service Unavailable']);
  expect(stage.count('earshot_sip_failures_total', { where: 'forward' })).toBe(1);
  expect(stage.signaling.liveCalls()).toEqual([]);
});

test('a bug on the way back of an answer leaves neither a caller waiting nor a transaction behind', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  const send = stage.network.fail(CARRIER);

  stage.fromInside(respond(invite, 200, { tag: 'bob1', sdp: ANSWER }));
  send.restore();
  stage.advance(40_000);

  expect(stage.count('earshot_sip_failures_total', { where: 'pass_up' })).toBe(1);
  expect(stage.signaling.stats().transactions).toBe(0);
});

test('a bug in the reading of an answer is answered with 500, and the call is over', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  const overlapping = { at: 0, remove: 5, insert: '' };
  stage.anchor.next = { kind: 'edit', edits: [overlapping, overlapping] };

  const sent = stage.fromInside(respond(invite, 200, { tag: 'bob1', sdp: ANSWER }));

  expect(sent.map(startLine)).toEqual(['SIP/2.0 500 Server Internal Error']);
  expect(stage.signaling.liveCalls()).toEqual([]);
});
