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
  routeLines,
  Stage,
  startLine,
  STRANGER,
} from './stage.ts';

test('a response to a request from before a restart still finds its way back', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  await stage.restart();

  const original = respond(invite, 200, { tag: 'bob1', sdp: ANSWER });
  const [ok] = stage.fromInside(original);

  expect(ok).toMatchObject({ to: CARRIER, from: OUTSIDE });
  expect(ok?.text).toBe(original.replace(/Via: SIP\/2\.0\/UDP 10\.0\.0\.1[^\r]*\r\n/, ''));
});

test('a response that we never asked for is sent nowhere', async () => {
  const stage = await Stage.open();
  const invite = stage.invite();
  await stage.restart();
  const elsewhere = respond(invite, 200, { tag: 'bob1' }).replace('192.0.2.10:5060;branch', '203.0.113.99:5060;branch');
  const madeUp = respond(invite, 200, { tag: 'bob1' }).replace(/z9hG4bKe00[0-9a-f]{24}/, `z9hG4bKe00${'a'.repeat(24)}`);

  const sent = [...stage.fromInside(elsewhere), ...stage.fromInside(madeUp)];

  expect(sent).toEqual([]);
  expect(stage.count('earshot_sip_dropped_total', { reason: 'stray_response' })).toBe(2);
});

test('in-dialog requests from both sides survive a restart, and so does a CANCEL', async () => {
  const stage = await Stage.open();
  const { invite, ok } = stage.establish();
  await stage.restart();

  const [bye] = stage.fromCarrier(
    request('BYE', {
      cseq: 2,
      branch: 'z9hG4bKb',
      toTag: 'bob1',
      uri: 'sip:bob@10.0.0.20',
      extra: routeLines(recordRoutes(ok).reverse()),
    }),
  );
  const [cancel] = stage.fromCarrier(request('CANCEL'));

  expect(bye).toMatchObject({ to: PBX, from: INSIDE });
  expect(cancel).toMatchObject({ to: PBX, from: INSIDE });
  // The same branch as the INVITE had, or the PBX would not know what is cancelled.
  expect(cancel?.text.split('\r\n')[1]).toBe(invite.text.split('\r\n')[1]);
});

test('a dialog request without our token is 481, and with a forged one 403', async () => {
  const stage = await Stage.open();
  const { ok } = stage.establish();
  const [route = ''] = recordRoutes(ok);
  const bye = (extra: readonly string[], branch: string): string =>
    request('BYE', { cseq: 2, branch, toTag: 'bob1', uri: 'sip:victim@10.9.9.9', extra });

  const [without] = stage.fromCarrier(bye([], 'z9hG4bKb1'));
  const [forged] = stage.fromCarrier(bye(routeLines([route.replace(/sip:..../, 'sip:AAAA')]), 'z9hG4bKb2'));
  const [made] = stage.fromCarrier(bye([`Route: <sip:${'A'.repeat(35)}@198.51.100.1:5060;lr>`], 'z9hG4bKb3'));

  expect([without, forged, made].map(startLine)).toEqual([
    'SIP/2.0 481 Call/Transaction Does Not Exist',
    'SIP/2.0 403 Forbidden',
    'SIP/2.0 403 Forbidden',
  ]);
});

test('a token taken from one dialog opens no other', async () => {
  const stage = await Stage.open();
  const { ok } = stage.establish();
  const text = request('BYE', {
    cseq: 2,
    branch: 'z9hG4bKb',
    toTag: 'bob1',
    uri: 'sip:victim@10.9.9.9',
    extra: routeLines(recordRoutes(ok).reverse()),
  });

  stage.network.deliver(STRANGER, OUTSIDE, text.replace('call-1@192.0.2.10', 'another-call'));
  stage.network.deliver(STRANGER, OUTSIDE, text.replace('tag=alice1', 'tag=mallory'));

  expect(stage.network.take().map(startLine)).toEqual(['SIP/2.0 403 Forbidden', 'SIP/2.0 403 Forbidden']);
});

test('an ACK without a token goes nowhere and is never answered', async () => {
  const stage = await Stage.open();

  expect(stage.fromCarrier(request('ACK', { toTag: 'bob1', branch: 'z9hG4bKx' }))).toEqual([]);
  expect(stage.fromCarrier(request('ACK', { branch: 'z9hG4bKy' }))).toEqual([]);
});

test('a target that no listener of the interface can reach is said so', async () => {
  const stage = await Stage.open();
  const { ok } = stage.establish();
  const bye = (uri: string, branch: string): string =>
    request('BYE', { cseq: 2, branch, toTag: 'bob1', uri, extra: routeLines(recordRoutes(ok).reverse()) });

  const [secure] = stage.fromCarrier(bye('sips:bob@10.0.0.20', 'z9hG4bKb1'));
  const [tcp] = stage.fromCarrier(bye('sip:bob@10.0.0.20;transport=tcp', 'z9hG4bKb2'));
  const [family] = stage.fromCarrier(bye('sip:bob@[2001:db8::1]', 'z9hG4bKb3'));

  const [sctp] = stage.fromCarrier(bye('sip:bob@10.0.0.20;transport=sctp', 'z9hG4bKb4'));

  expect([secure, tcp, family, sctp].map(startLine)).toEqual(Array(4).fill('SIP/2.0 503 Service Unavailable'));
  for (const refused of [secure, tcp, family]) expect(refused?.text).toContain('"no_reachable_next_hop"');
  expect(sctp?.text).toContain('"unsupported_transport"');
});

test('a claimed address in a Via is overruled by where the datagram came from', async () => {
  const stage = await Stage.open();
  const text = request('INVITE', { sdp: OFFER }).replace(
    '192.0.2.10:5060;branch=z9hG4bKcarrier1',
    'victim.example:53;branch=z9hG4bKcarrier1;rport',
  );

  const sent = stage.fromCarrier(text);

  expect(sent[0]?.to).toEqual(CARRIER);
  expect(sent[1]?.text).toContain(
    'Via: SIP/2.0/UDP victim.example:53;branch=z9hG4bKcarrier1;rport=5060;received=192.0.2.10\r\n',
  );
});

test('a call that lost its BYE is swept once neither signaling nor media was seen for long enough', async () => {
  const stage = await Stage.open({ idleCallMs: 60_000, sweepEveryMs: 10_000 });
  stage.establish();
  const [fact] = stage.signaling.liveCalls();

  stage.advance(50_000);
  if (fact) stage.signaling.touch(fact.call);
  stage.advance(50_000);
  expect(stage.signaling.liveCalls()).toHaveLength(1);
  stage.advance(20_000);

  expect(stage.signaling.liveCalls()).toEqual([]);
  expect(stage.events.at(-1)).toBe('ended swept');
  expect(stage.anchor.notes.at(-1)).toBe('end');
});

test('stopping closes the ports and sets no more alarms', async () => {
  const stage = await Stage.open();
  stage.invite();

  await stage.signaling.stop();

  expect(stage.network.openPorts).toBe(0);
  expect(stage.advance(60_000)).toEqual([]);
});

test('a port in use is one clear error that names the interface, and leaves nothing open', async () => {
  const first = await Stage.open();
  const second = new Stage();
  await first.signaling.stop();
  await second.network.open({ ...INSIDE, onDatagram: () => undefined, onError: () => undefined });

  await expect(second.signaling.start()).rejects.toThrow(
    'interface inside: cannot listen on udp 10.0.0.1:5060 (EADDRINUSE)',
  );
  expect(second.network.openPorts).toBe(1);
});
