import { expect, test } from 'vitest';
import {
  ANSWER,
  CARRIER,
  INSIDE,
  OFFER,
  OUTSIDE,
  PBX,
  recordRoutes,
  request,
  respond,
  ROUTES,
  routeLines,
  Stage,
  startLine,
  STRANGER,
} from './stage.ts';

test('an INVITE is answered 100 and reaches the PBX with nothing changed but what a proxy must', async () => {
  const stage = await Stage.open();
  const original = request('INVITE', { sdp: OFFER, extra: ['X-Odd :  kept   as is', 'k: 100rel,timer'] });

  const [trying, forwarded] = stage.fromCarrier(original);

  expect(startLine(trying)).toBe('SIP/2.0 100 Trying');
  expect(trying).toMatchObject({ to: CARRIER, from: OUTSIDE });
  expect(forwarded).toMatchObject({ to: PBX, from: INSIDE });
  const undone = (forwarded?.text ?? '')
    .replace(/Via: SIP\/2\.0\/UDP 10\.0\.0\.1:5060;branch=z9hG4bKe00[0-9a-f]{24}\r\n/, '')
    .replace(/Record-Route: <sip:[\w-]{35}@10\.0\.0\.1:5060;lr>\r\n/, '')
    .replace(/Record-Route: <sip:[\w-]{35}@198\.51\.100\.1:5060;lr>\r\n/, '')
    .replace('Max-Forwards: 69', 'Max-Forwards: 70')
    .replace(`Content-Length: ${OFFER.length + 1}`, `Content-Length: ${OFFER.length}`)
    .replace('m=audio 40000', 'm=audio 4000');
  expect(undone).toBe(original);
});

test('the answer comes back with our Via gone and only its SDP edited', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  const original = respond(invite, 200, { tag: 'bob1', sdp: ANSWER });

  const [ok] = stage.fromInside(original);

  expect(ok).toMatchObject({ to: CARRIER, from: OUTSIDE });
  const expected = original
    .replace(/Via: SIP\/2\.0\/UDP 10\.0\.0\.1[^\r]*\r\n/, '')
    .replace('m=audio 6000', 'm=audio 60000')
    .replace(`Content-Length: ${ANSWER.length}`, `Content-Length: ${ANSWER.length + 1}`);
  expect(ok?.text).toBe(expected);
});

test('a call is told and confirmed once, however often its 2xx repeats', async () => {
  const stage = await Stage.open();
  const { invite } = stage.establish();

  stage.fromInside(respond(invite, 200, { tag: 'bob1', sdp: ANSWER }));

  expect(stage.events).toEqual(['started early', 'changed confirmed']);
  expect(stage.anchor.notes).toEqual([
    'open',
    'offer caller caller:INVITE:1: []',
    'answer callee caller:INVITE:1: [bob1]',
    'confirm caller:INVITE:1: [bob1]',
    'answer callee caller:INVITE:1: [bob1]',
  ]);
  expect(stage.signaling.liveCalls()).toHaveLength(1);
});

test('BYE is routed by its token, and its answer ends the call', async () => {
  const stage = await Stage.open();
  const { ok } = stage.establish();

  const [bye] = stage.fromCarrier(
    request('BYE', {
      cseq: 2,
      branch: 'z9hG4bKbye',
      toTag: 'bob1',
      uri: 'sip:bob@10.0.0.20:5060',
      extra: routeLines(recordRoutes(ok).reverse()),
    }),
  );
  const [answered] = bye ? stage.fromInside(respond(bye, 200)) : [];

  expect(bye).toMatchObject({ to: PBX, from: INSIDE });
  expect(bye?.text).not.toContain('Route:');
  expect(startLine(bye)).toBe('BYE sip:bob@10.0.0.20:5060 SIP/2.0');
  expect(answered).toMatchObject({ to: CARRIER });
  expect(stage.events.at(-1)).toBe('ended bye');
  expect(stage.anchor.notes.at(-1)).toBe('end');
  expect(stage.signaling.liveCalls()).toEqual([]);
});

test('a BYE from the callee goes out on the side of the caller', async () => {
  const stage = await Stage.open();
  const { invite } = stage.establish();
  const text = request('BYE', {
    cseq: 1,
    branch: 'z9hG4bKcallee',
    uri: 'sip:alice@192.0.2.10:5060',
    extra: routeLines(recordRoutes(invite)),
  })
    .replace('From: <sip:alice@example.org>;tag=alice1', 'From: <sip:bob@example.com>;tag=bob1')
    .replace('To: <sip:bob@example.com>', 'To: <sip:alice@example.org>;tag=alice1')
    .replace('192.0.2.10:5060;branch', '10.0.0.20:5060;branch');

  const [bye] = stage.fromInside(text);

  expect(bye).toMatchObject({ to: CARRIER, from: OUTSIDE });
});

test('a challenged BYE does not end the call, and one that nobody answers does', async () => {
  const stage = await Stage.open();
  const { ok } = stage.establish();
  const bye = (branch: string, cseq: number): string =>
    request('BYE', {
      cseq,
      branch,
      toTag: 'bob1',
      uri: 'sip:bob@10.0.0.20',
      extra: routeLines(recordRoutes(ok).reverse()),
    });
  const [first] = stage.fromCarrier(bye('z9hG4bKb1', 2));
  if (first) stage.fromInside(respond(first, 407));

  expect(stage.signaling.liveCalls()).toHaveLength(1);

  stage.fromCarrier(bye('z9hG4bKb2', 3));
  const late = stage.advance(33_000);

  expect(stage.events.at(-1)).toBe('ended timeout');
  expect(late.filter(({ to }) => to.address === CARRIER.address)).toEqual([]);
});

test('the ACK of a 2xx goes end to end without a transaction, as often as it comes', async () => {
  const stage = await Stage.open();
  const { ok } = stage.establish();
  const before = stage.signaling.stats().transactions;
  const ack = request('ACK', {
    branch: 'z9hG4bKack',
    toTag: 'bob1',
    uri: 'sip:bob@10.0.0.20:5060',
    extra: routeLines(recordRoutes(ok).reverse()),
  });

  const [first] = stage.fromCarrier(ack);
  const [second] = stage.fromCarrier(ack);

  expect(first).toMatchObject({ to: PBX, from: INSIDE });
  expect(second?.bytes).toEqual(first?.bytes);
  expect(stage.signaling.stats().transactions).toBe(before);
});

test('a repeated INVITE gets the stored bytes, and the PBX and the anchor hear of it once', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  const [ringing] = stage.fromInside(respond(invite, 180, { tag: 'bob1' }));

  const again = stage.fromCarrier(request('INVITE', { sdp: OFFER }));

  expect(again).toHaveLength(1);
  expect(again[0]?.bytes).toEqual(ringing?.bytes);
  expect(stage.anchor.notes.filter((note) => note.startsWith('offer'))).toHaveLength(1);
});

test('a repeated 2xx is passed on with the very same bytes', async () => {
  const stage = await Stage.open();
  const { invite, ok } = stage.establish();

  const [again] = stage.fromInside(respond(invite, 200, { tag: 'bob1', sdp: ANSWER }));

  expect(again?.bytes).toEqual(ok.bytes);
});

test('two answerers of a forked INVITE are both passed on and told apart, and one BYE leaves the other', async () => {
  const stage = await Stage.open();
  const { invite, ok } = stage.establish();
  const [second] = stage.fromInside(respond(invite, 200, { tag: 'carol1', sdp: ANSWER }));
  const bye = (tag: string): string =>
    request('BYE', {
      cseq: 2,
      branch: `z9hG4bKbye${tag}`,
      toTag: tag,
      uri: 'sip:bob@10.0.0.20',
      extra: routeLines(recordRoutes(ok).reverse()),
    });

  expect(second?.text).toContain('tag=carol1');
  expect(stage.anchor.notes).toContain('confirm caller:INVITE:1: [carol1]');
  const [first] = stage.fromCarrier(bye('bob1'));
  if (first) stage.fromInside(respond(first, 200));
  expect(stage.signaling.liveCalls()).toHaveLength(1);
  const [last] = stage.fromCarrier(bye('carol1'));
  if (last) stage.fromInside(respond(last, 200));
  expect(stage.signaling.liveCalls()).toEqual([]);
});

test('a refusal is acknowledged by us, passed on, repeated until the ACK, and ends the call', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();

  const sent = stage.fromInside(respond(invite, 486, { tag: 'bob1' }));
  const repeated = stage.advance(600);
  const toPbx = stage.fromInside(respond(invite, 486, { tag: 'bob1' }));
  const afterAck = stage.fromCarrier(request('ACK', { toTag: 'bob1' }));
  const later = stage.advance(10_000);

  expect(sent.map(startLine)).toEqual(['ACK sip:bob@example.com SIP/2.0', 'SIP/2.0 486 Whatever']);
  expect(sent[0]?.text).toContain(invite.text.split('\r\n')[1] ?? 'no via');
  expect(sent[0]?.text).toContain(';tag=bob1');
  expect(repeated.map(({ bytes }) => bytes)).toEqual([sent[1]?.bytes]);
  expect(toPbx.map(({ bytes }) => bytes)).toEqual([sent[0]?.bytes]);
  expect([...afterAck, ...later]).toEqual([]);
  expect(stage.events).toEqual(['started early', 'ended refused']);
  expect(stage.anchor.notes.slice(-2)).toEqual(['refuse caller:INVITE:1:', 'end']);
});

test('a refused re-INVITE is rolled back and the call goes on', async () => {
  const stage = await Stage.open();
  const { ok } = stage.establish();
  const [again] = stage
    .fromCarrier(
      request('INVITE', {
        sdp: OFFER,
        cseq: 2,
        branch: 'z9hG4bKre',
        toTag: 'bob1',
        uri: 'sip:bob@10.0.0.20',
        extra: routeLines(recordRoutes(ok).reverse()),
      }),
    )
    .filter(({ to }) => to.address === PBX.address);
  if (again) stage.fromInside(respond(again, 488));

  expect(stage.anchor.notes).toContain('offer caller caller:INVITE:2:bob1 [bob1]');
  expect(stage.anchor.notes.at(-1)).toBe('refuse caller:INVITE:2:bob1');
  expect(stage.signaling.liveCalls()).toHaveLength(1);
});

test('an INVITE without SDP asks nothing of the anchor before an answerer makes an offer', async () => {
  const stage = await Stage.open();
  const invite = stage.invite({ sdp: '' });

  stage.fromInside(respond(invite, 180, { tag: 'bob1' }));
  const ringing = [...stage.anchor.notes];
  const [ok] = stage.fromInside(respond(invite, 200, { tag: 'bob1', sdp: ANSWER }));

  expect(ringing).toEqual(['open']);
  expect(ok?.text).toContain('m=audio 40000 ');
  expect(stage.events).toEqual(['started early', 'changed confirmed']);
});

test('an anchor that rejects answers the caller and nothing reaches the PBX', async () => {
  const stage = await Stage.open();
  stage.anchor.next = { kind: 'reject', status: 488, phrase: 'Not Acceptable Here', reason: 'no_audio' };

  const sent = stage.fromCarrier(request('INVITE', { sdp: OFFER }));

  expect(sent.map(startLine)).toEqual(['SIP/2.0 100 Trying', 'SIP/2.0 488 Not Acceptable Here']);
  expect(stage.signaling.liveCalls()).toEqual([]);
  expect(stage.events).toEqual([]);
  expect(stage.anchor.notes.at(-1)).toBe('end');
});

test('an anchor that breaks is counted, and the call goes on with its SDP as it came', async () => {
  const stage = await Stage.open();
  stage.anchor.next = 'throw';

  const invite = stage.invite();
  const [ok] = stage.fromInside(respond(invite, 200, { tag: 'bob1', sdp: ANSWER }));

  expect(invite.text).toContain('m=audio 4000 ');
  expect(ok?.text).toContain('m=audio 6000 ');
  expect(stage.count('earshot_anchor_failed_total', { step: 'offer' })).toBe(1);
});

test('without routes everything new is answered 503 with the reason, while dialogs go on', async () => {
  const stage = await Stage.open();
  const { ok } = stage.establish();
  stage.signaling.setRoutes(null);

  const [refused] = stage.fromCarrier(request('INVITE', { branch: 'z9hG4bKnew', sdp: OFFER }));
  const [bye] = stage.fromCarrier(
    request('BYE', {
      cseq: 2,
      branch: 'z9hG4bKb',
      toTag: 'bob1',
      uri: 'sip:bob@10.0.0.20',
      extra: routeLines(recordRoutes(ok).reverse()),
    }),
  );

  expect(startLine(refused)).toBe('SIP/2.0 503 Service Unavailable');
  expect(refused?.text).toContain('Warning: 399 198.51.100.1:5060 "no_routes"');
  expect(bye).toMatchObject({ to: PBX });
});

test('a stranger is answered 403, counted, and only so often', async () => {
  const stage = await Stage.open({ maxRefusalsPerSourcePerSecond: 2 });
  for (let count = 0; count < 5; count += 1)
    stage.network.deliver(STRANGER, OUTSIDE, request('INVITE', { sdp: OFFER }));

  const sent = stage.network.take();

  expect(sent.map(startLine)).toEqual(['SIP/2.0 403 Forbidden', 'SIP/2.0 403 Forbidden']);
  expect(sent.every(({ to }) => to.address === STRANGER.address)).toBe(true);
  expect(stage.count('earshot_sip_refused_total', { status: '403', reason: 'unknown_source' })).toBe(5);
  expect(stage.signaling.stats()).toEqual({ calls: 0, transactions: 0 });
});

test('no hops left is 483, and OPTIONS for us is 200 even then', async () => {
  const stage = await Stage.open();

  const [tooMany] = stage.fromCarrier(request('INVITE', { maxForwards: 0 }));
  const [options] = stage.fromCarrier(request('OPTIONS', { maxForwards: 0, uri: 'sip:198.51.100.1' }));

  expect(startLine(tooMany)).toBe('SIP/2.0 483 Too Many Hops');
  expect(startLine(options)).toBe('SIP/2.0 200 OK');
});

test('REGISTER is carried to the PBX without Record-Route and without a call', async () => {
  const stage = await Stage.open();

  const [register] = stage.fromCarrier(request('REGISTER'));

  expect(register).toMatchObject({ to: PBX });
  expect(register?.text).not.toContain('Record-Route');
  expect(stage.signaling.stats().calls).toBe(0);
});

test('a malformed request is answered 400 once it can be, and an unreadable one not at all', async () => {
  const stage = await Stage.open();

  const [refused] = stage.fromCarrier(request('INVITE').replace('CSeq: 1 INVITE', 'CSeq: 1 BYE'));
  const [version] = stage.fromCarrier(request('INVITE').replace('SIP/2.0\r\n', 'SIP/9.0\r\n'));
  const junk = stage.fromCarrier('\0\0\0 junk');
  const ack = stage.fromCarrier(request('ACK').replace('CSeq: 1 ACK', 'CSeq: 1 BYE'));

  expect(startLine(refused)).toBe('SIP/2.0 400 Bad Request');
  expect(startLine(version)).toBe('SIP/2.0 505 Version Not Supported');
  expect([...junk, ...ack]).toEqual([]);
  expect(stage.count('earshot_sip_dropped_total', { reason: 'cseq_method' })).toBe(2);
});

test('a datagram from port 0 is dropped before anything is read of it', async () => {
  const stage = await Stage.open();
  stage.network.deliver({ ...CARRIER, port: 0 }, OUTSIDE, request('INVITE', { sdp: OFFER }));

  expect(stage.network.take()).toEqual([]);
  expect(stage.count('earshot_sip_dropped_total', { reason: 'source_port' })).toBe(1);
});

test('draining refuses new calls and nothing else', async () => {
  const stage = await Stage.open();
  stage.signaling.refuseNewCalls(true);

  const [refused] = stage.fromCarrier(request('INVITE', { sdp: OFFER }));
  const [register] = stage.fromCarrier(request('REGISTER', { branch: 'z9hG4bKreg' }));

  expect(refused?.text).toContain('"draining"');
  expect(register).toMatchObject({ to: PBX });
});

test('a listener for call events that throws stops nothing', async () => {
  const stage = await Stage.open();
  stage.events.push = () => {
    throw new Error('sink broke');
  };

  const { ok } = stage.establish();

  expect(startLine(ok)).toBe('SIP/2.0 200 Whatever');
  expect(stage.count('earshot_call_sink_failed_total', { event: 'started' })).toBe(1);
});

test('a source that floods is cut off without touching others', async () => {
  const stage = await Stage.open({ maxDatagramsPerSourcePerSecond: 3 });
  for (let count = 0; count < 10; count += 1) stage.network.deliver(STRANGER, OUTSIDE, 'junk');

  expect(stage.count('earshot_sip_dropped_total', { reason: 'source_rate' })).toBe(7);
  expect(stage.invite().to).toEqual(PBX);
});

test('calls past the limit are refused, and the ones that exist keep their room', async () => {
  const stage = await Stage.open({ maxCalls: 1, maxExchanges: 4 });
  stage.invite();

  const [refused] = stage.fromCarrier(request('INVITE', { branch: 'z9hG4bKtwo', sdp: OFFER }));

  expect(refused?.text).toContain('"too_many_calls"');
});

test('routes of a tenant whose egress does not exist are refused, not guessed', async () => {
  const stage = await Stage.open();
  const [tenant] = ROUTES.tenants;
  if (tenant) stage.signaling.setRoutes({ ...ROUTES, tenants: [{ ...tenant, egress: 'nowhere' }] });

  const [refused] = stage.fromCarrier(request('INVITE', { sdp: OFFER }));

  expect(refused?.text).toContain('"no_egress_interface"');
});
