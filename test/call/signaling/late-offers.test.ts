import { legPolicy } from '../../../src/model/leg-policy.ts';
import { expect, test } from 'vitest';
import { Metrics } from '../../../src/base/metrics.ts';
import { Anchor } from '../../../src/call/signaling/anchor/anchor.ts';
import type { SessionState } from '../../../src/call/media/session-state.ts';
import { audio, countingRandom, crypto, FakePorts, keysIn, ONE_SUITE, pair } from './anchor/rig.ts';
import { ANSWER, OFFER, recordRoutes, request, respond, ROUTES, routeLines, Stage, startLine } from './stage.ts';
import type { RequestChanges } from './stage.ts';
import type { Sent } from './fake-network.ts';

const SECURE = audio({ address: '192.0.2.10', port: 4000, proto: 'RTP/SAVP', lines: [crypto(1, 'C')] });
const RELIABLE = ['Require: 100rel', 'RSeq: 1'];
const PRACK = { cseq: 2, branch: 'z9hG4bKprack', more: ['RAck: 1 1 INVITE'] };
const PLAIN_CALLER = audio({ address: '192.0.2.10', port: 4000 });
const PLAIN = audio({ address: '10.0.0.20', port: 6000 });

test('an initial INVITE without an offer has the one in its 2xx anchored, and the answer in its ACK', async () => {
  const stage = await Stage.open();

  const { ok } = establishLate(stage);
  const [ack] = stage.fromCarrier(caller('ACK', ok, { cseq: 1, branch: 'z9hG4bKack', sdp: OFFER }));

  expect(ok.text).toContain('m=audio 40000 ');
  expect(ack?.text).toContain('m=audio 60000 ');
  expect(stage.anchor.notes).toEqual([
    'open',
    'offer callee caller:late:1:bob1 [bob1]',
    'confirm caller:late:1:bob1 [bob1]',
    'answer caller caller:late:1:bob1 [bob1]',
  ]);
});

test('a late offer and its answer, heard again, leave as the same bytes and confirm nothing twice', async () => {
  const { stage, ports } = await openAnchored();
  const invite = stage.invite({ sdp: '' });
  const okText = respond(invite, 200, { tag: 'bob1', sdp: PLAIN });

  const [ok] = stage.fromInside(okText);
  const [okAgain] = stage.fromInside(okText);
  const ackText = caller('ACK', ok!, { cseq: 1, branch: 'z9hG4bKack', sdp: PLAIN_CALLER });
  const toldBefore = stage.events.length;
  const [ack] = stage.fromCarrier(ackText);
  const [ackAgain] = stage.fromCarrier(ackText);
  const [okLate] = stage.fromInside(okText);

  expect(okAgain?.bytes).toEqual(ok?.bytes);
  expect(okLate?.bytes).toEqual(ok?.bytes);
  expect(ackAgain?.bytes).toEqual(ack?.bytes);
  expect(ok?.text).not.toContain('10.0.0.20:6000');
  expect(ok?.text).toContain('m=audio 40002 RTP/AVP');
  expect(ack?.text).toContain('m=audio 40004 RTP/AVP');
  expect(ports.applied).toHaveLength(1);
  expect(stage.events.slice(toldBefore)).toEqual(['changed confirmed']);
  expect(ports.last.sides.caller.branches[0]?.remoteRtp).toEqual({ address: '192.0.2.10', port: 4000 });
});

test('the caller’s re-INVITE without an offer leaves both sides with our addresses and the call’s keys', async () => {
  const { stage, ports, ok } = await establishSecure();
  const keysBefore = keysOf(ports.last);

  const [reinvite] = onwards(stage.fromCarrier(caller('INVITE', ok, { cseq: 2, branch: 'z9hG4bKre' })));
  const [reOk] = stage.fromInside(respond(reinvite!, 200, { sdp: PLAIN.replace('6000', '6002') }));
  const [ack] = stage.fromCarrier(caller('ACK', ok, { cseq: 2, branch: 'z9hG4bKreack', sdp: SECURE }));

  expect(sdpOf(reOk)).toContain('m=audio 40002 RTP/SAVP');
  expect(sdpOf(reOk)).toContain('c=IN IP4 198.51.100.1');
  expect(keysIn(sdpOf(reOk))).toEqual([keysBefore.caller]);
  expect(sdpOf(ack)).toContain('m=audio 40004 RTP/AVP');
  expect(sdpOf(ack)).toContain('c=IN IP4 10.9.9.9');
  expect(sdpOf(ack)).not.toContain('inline:');
  expect(keysOf(ports.last)).toEqual(keysBefore);
  expect(ports.last.sides.callee.branches[0]?.remoteRtp.port).toBe(6002);
});

test('the callee’s re-INVITE without an offer leaves both sides with our addresses and the call’s keys', async () => {
  const { stage, ports, invite } = await establishSecure();
  const keysBefore = keysOf(ports.last);

  const [reinvite] = onwards(stage.fromInside(callee('INVITE', invite, { cseq: 7, branch: 'z9hG4bKre' })));
  const [reOk] = stage.fromCarrier(respond(reinvite!, 200, { sdp: `${SECURE}a=recvonly\r\n` }));
  const [ack] = stage.fromInside(callee('ACK', invite, { cseq: 7, branch: 'z9hG4bKreack', sdp: PLAIN }));

  expect(sdpOf(reOk)).toContain('m=audio 40004 RTP/AVP');
  expect(sdpOf(reOk)).toContain('c=IN IP4 10.9.9.9');
  expect(sdpOf(reOk)).not.toContain('inline:');
  expect(sdpOf(ack)).toContain('m=audio 40002 RTP/SAVP');
  expect(keysIn(sdpOf(ack))).toEqual([keysBefore.caller]);
  expect(keysOf(ports.last)).toEqual(keysBefore);
  expect(ports.last.sides.caller.branches[0]?.direction).toBe('recvonly');
});

test('an ACK without an answer takes a late offer back, and the session goes on as it was', async () => {
  const { stage, ports, ok } = await establishSecure();
  const applied = ports.applied.length;

  for (let cseq = 2; cseq < 40; cseq += 1) {
    const branch = `z9hG4bKre${cseq}`;
    const [reinvite] = onwards(stage.fromCarrier(caller('INVITE', ok, { cseq, branch })));
    const [reOk] = stage.fromInside(respond(reinvite!, 200, { sdp: PLAIN.replace('6000', '6002') }));
    const [ack] = stage.fromCarrier(caller('ACK', ok, { cseq, branch: `${branch}ack` }));
    expect(sdpOf(reOk)).toContain('m=audio 40002 RTP/SAVP');
    expect(startLine(ack)).toMatch(/^ACK /);
  }

  expect(ports.applied).toHaveLength(applied);
  expect(ports.ended).toEqual([]);
});

test('an initial late offer that is never answered gives its ports back', async () => {
  const { stage, ports } = await openAnchored();
  const { ok } = establishLate(stage, PLAIN);

  stage.fromCarrier(caller('ACK', ok, { cseq: 1, branch: 'z9hG4bKack' }));

  expect(ports.freed).toEqual([1, 2]);
  expect(ports.applied).toEqual([]);
});

test('late offers whose ACK never comes are taken back when there are too many', async () => {
  const stage = await Stage.open({ maxLateOffers: 2 });
  const { ok } = stage.establish();

  for (const cseq of [2, 3, 4]) {
    const [reinvite] = onwards(stage.fromCarrier(caller('INVITE', ok, { cseq, branch: `z9hG4bKre${cseq}` })));
    stage.fromInside(respond(reinvite!, 200, { sdp: ANSWER }));
  }
  const [forgotten] = stage.fromCarrier(caller('ACK', ok, { cseq: 2, branch: 'z9hG4bKa2', sdp: OFFER }));

  expect(stage.anchor.notes.filter((note) => note.startsWith('refuse'))).toEqual(['refuse caller:late:2:bob1']);
  expect(sdpOf(forgotten)).toBe(OFFER);
});

test('an answered late offer is never taken back by a later ACK without a body', async () => {
  const stage = await Stage.open();
  const { ok } = establishLate(stage);

  stage.fromCarrier(caller('ACK', ok, { cseq: 1, branch: 'z9hG4bKack', sdp: OFFER }));
  stage.fromCarrier(caller('ACK', ok, { cseq: 1, branch: 'z9hG4bKack' }));

  expect(stage.anchor.notes.some((note) => note.startsWith('refuse'))).toBe(false);
});

test('each answerer of a fork has an offer of its own, answered by its own ACK', async () => {
  const stage = await Stage.open();
  const invite = stage.invite({ sdp: '' });
  const [first] = stage.fromInside(respond(invite, 200, { tag: 'bob1', sdp: ANSWER }));
  const [second] = stage.fromInside(respond(invite, 200, { tag: 'bob2', sdp: ANSWER }));

  stage.fromCarrier(caller('ACK', first!, { cseq: 1, branch: 'z9hG4bKa1' }));
  stage.fromCarrier(caller('ACK', second!, { cseq: 1, branch: 'z9hG4bKa2', toTag: 'bob2', sdp: OFFER }));

  expect(stage.anchor.notes.slice(-2)).toEqual([
    'refuse caller:late:1:bob1',
    'answer caller caller:late:1:bob2 [bob2]',
  ]);
});

test('a late offer that the anchor refuses has its audio closed and is counted, and its answer leaves as it came', async () => {
  const stage = await Stage.open();
  stage.anchor.next = { kind: 'reject', status: 488, phrase: 'Not Acceptable Here', reason: 'profile_refused' };

  const { ok } = establishLate(stage);
  const [ack] = stage.fromCarrier(caller('ACK', ok, { cseq: 1, branch: 'z9hG4bKack', sdp: OFFER }));

  expect([sdpOf(ok), sdpOf(ack)]).toEqual([ANSWER.replace('6000', '0'), OFFER]);
  expect(stage.count('earshot_sip_events_total', { event: 'late_offer_refused' })).toBe(1);
  expect(stage.anchor.notes.some((note) => /^(answer|confirm|refuse)/.test(note))).toBe(false);
});

test('an offer in a reliable provisional response is anchored, its answer in the PRACK, and its repetition in the 2xx', async () => {
  const { stage, ports } = await openAnchored();
  const invite = stage.invite({ sdp: '' });

  const [progress] = stage.fromInside(respond(invite, 183, { tag: 'bob1', sdp: PLAIN, extra: RELIABLE }));
  const [prack] = onwards(stage.fromCarrier(caller('PRACK', progress!, { ...PRACK, sdp: PLAIN_CALLER })));
  const [pracked] = stage.fromInside(respond(prack!, 200));
  expect(ports.applied).toHaveLength(1);
  const [ok] = stage.fromInside(respond(invite, 200, { tag: 'bob1', sdp: PLAIN }));
  const [ack] = stage.fromCarrier(caller('ACK', ok!, { cseq: 1, branch: 'z9hG4bKack' }));

  expect(sdpOf(progress)).toContain('m=audio 40002 RTP/AVP');
  expect(sdpOf(prack)).toContain('m=audio 40004 RTP/AVP');
  expect(startLine(pracked)).toBe('SIP/2.0 200 Whatever');
  expect(sdpOf(ok)).toBe(sdpOf(progress));
  expect(startLine(ack)).toMatch(/^ACK /);
  expect(ports.applied).toHaveLength(1);
  expect(ports.ended).toEqual([]);
});

test('a preview of a late offer in an unreliable response leaves as the offer in the 2xx does', async () => {
  const { stage, ports } = await openAnchored();
  const invite = stage.invite({ sdp: '' });

  const [progress] = stage.fromInside(respond(invite, 183, { tag: 'bob1', sdp: PLAIN }));
  const [ok] = stage.fromInside(respond(invite, 200, { tag: 'bob1', sdp: PLAIN }));
  const [ack] = stage.fromCarrier(caller('ACK', ok!, { cseq: 1, branch: 'z9hG4bKack', sdp: PLAIN_CALLER }));

  expect(sdpOf(progress)).toContain('m=audio 40002 RTP/AVP');
  expect(sdpOf(ok)).toBe(sdpOf(progress));
  expect(sdpOf(ack)).toContain('m=audio 40004 RTP/AVP');
  expect(ports.applied).toHaveLength(1);
});

test('after its answer came in a PRACK, the next PRACK’s SDP is an offer, answered in its 200', async () => {
  const { stage, ports } = await openAnchored();
  const invite = stage.invite({ sdp: '' });
  const [progress] = stage.fromInside(respond(invite, 183, { tag: 'bob1', sdp: PLAIN, extra: RELIABLE }));
  const [first] = onwards(stage.fromCarrier(caller('PRACK', progress!, { ...PRACK, sdp: PLAIN_CALLER })));
  stage.fromInside(respond(first!, 200));

  const moved = PLAIN_CALLER.replace('4000', '4002');
  const again = { cseq: 3, branch: 'z9hG4bKprack2', more: ['RAck: 2 1 INVITE'], sdp: moved };
  const [prack] = onwards(stage.fromCarrier(caller('PRACK', progress!, again)));
  const [ok] = stage.fromInside(respond(prack!, 200, { sdp: PLAIN.replace('6000', '6002') }));

  expect(sdpOf(prack)).toContain('m=audio 40004 RTP/AVP');
  expect(sdpOf(ok)).toContain('m=audio 40002 RTP/AVP');
  expect(ports.last.sides.caller.branches[0]?.remoteRtp.port).toBe(4002);
  expect(ports.last.sides.callee.branches[0]?.remoteRtp.port).toBe(6002);
});

test('an offer in an UPDATE is answered in its 200, in either direction, and a refused one leaves the session', async () => {
  const { stage, ports, invite, ok } = await establishSecure();

  const [update] = onwards(
    stage.fromInside(callee('UPDATE', invite, { cseq: 7, branch: 'z9hG4bKup', sdp: PLAIN.replace('6000', '6004') })),
  );
  const [answered] = stage.fromCarrier(respond(update!, 200, { sdp: SECURE }));
  const [glare] = onwards(
    stage.fromCarrier(caller('UPDATE', ok, { cseq: 3, branch: 'z9hG4bKglare', sdp: SECURE.replace('4000', '4008') })),
  );
  const applied = ports.applied.length;
  stage.fromInside(respond(glare!, 491));

  expect(sdpOf(update)).toContain('m=audio 40002 RTP/SAVP');
  expect(sdpOf(answered)).toContain('m=audio 40004 RTP/AVP');
  expect(ports.last.sides.callee.branches[0]?.remoteRtp.port).toBe(6004);
  expect(sdpOf(glare)).toContain('m=audio 40004 RTP/AVP');
  expect(ports.applied).toHaveLength(applied);
  expect(ports.last.sides.caller.branches[0]?.remoteRtp.port).toBe(4000);
});

test('a re-INVITE refused after its late offer was answered in a PRACK leaves the session as it was', async () => {
  const { stage, ports, ok } = await establishSecure();
  const before = ports.last.sides.callee.branches[0]?.remoteRtp;
  const [reinvite] = onwards(stage.fromCarrier(caller('INVITE', ok, { cseq: 2, branch: 'z9hG4bKre' })));
  const moved = PLAIN.replace('6000', '6002');
  stage.fromInside(respond(reinvite!, 183, { sdp: moved, extra: RELIABLE }));
  const rack = { cseq: 3, branch: 'z9hG4bKprack', more: ['RAck: 1 2 INVITE'], sdp: SECURE };
  onwards(stage.fromCarrier(caller('PRACK', ok, rack)));
  expect(ports.last.sides.callee.branches[0]?.remoteRtp.port).toBe(6002);

  stage.fromInside(respond(reinvite!, 488));

  expect(ports.last.sides.callee.branches[0]?.remoteRtp).toEqual(before);
});

test('a session refresh without SDP changes nothing', async () => {
  const { stage, ports, ok } = await establishSecure();
  const applied = ports.applied.length;

  const [update] = onwards(stage.fromCarrier(caller('UPDATE', ok, { cseq: 2, branch: 'z9hG4bKup' })));
  const [answered] = stage.fromInside(respond(update!, 200));

  expect([sdpOf(update), sdpOf(answered)]).toEqual(['', '']);
  expect(ports.applied).toHaveLength(applied);
});

test('SDP in a refusal says what could be, and is no answer', async () => {
  const { stage, ports } = await openAnchored();
  const invite = stage.invite({ sdp: PLAIN_CALLER });

  const sent = stage.fromInside(respond(invite, 488, { tag: 'bob1', sdp: PLAIN }));
  const refused = sent.find((message) => startLine(message).startsWith('SIP/2.0 488'));

  expect(sdpOf(refused)).toBe(PLAIN);
  expect(ports.applied).toEqual([]);
  expect(ports.freed).toEqual([1, 2]);
});

test('SDP in the 2xx to an INVITE whose body we cannot read is not taken for an offer', async () => {
  const stage = await Stage.open();
  const text = request('INVITE', { sdp: OFFER }).replace('application/sdp', 'multipart/mixed;boundary=b');
  const [invite] = onwards(stage.fromCarrier(text));

  const [ok] = stage.fromInside(respond(invite!, 200, { tag: 'bob1', sdp: ANSWER }));

  expect(sdpOf(ok)).toBe(ANSWER);
  expect(stage.anchor.notes).toEqual(['open']);
});

test('a call from before a restart has its late offers and their answers passed on as they came', async () => {
  const stage = await Stage.open();
  const { ok } = stage.establish();
  await stage.restart();
  stage.anchor.notes.length = 0;

  const [reinvite] = onwards(stage.fromCarrier(caller('INVITE', ok, { cseq: 2, branch: 'z9hG4bKre' })));
  const [reOk] = stage.fromInside(respond(reinvite!, 200, { sdp: ANSWER }));
  const [ack] = stage.fromCarrier(caller('ACK', ok, { cseq: 2, branch: 'z9hG4bKack', sdp: OFFER }));

  expect([sdpOf(reOk), sdpOf(ack)]).toEqual([ANSWER, OFFER]);
  expect(stage.anchor.notes).toEqual([]);
});

test('a 2xx with a late offer that comes again after its call ended is dropped, not passed on raw', async () => {
  const stage = await Stage.open();
  const { invite, ok } = establishLate(stage);
  const [bye] = stage.fromCarrier(caller('BYE', ok, { cseq: 2, branch: 'z9hG4bKbye' }));
  stage.fromInside(respond(bye!, 200));

  const again = stage.fromInside(respond(invite, 200, { tag: 'bob1', sdp: ANSWER }));

  expect(again).toEqual([]);
  expect(stage.count('earshot_sip_dropped_total', { reason: 'call_ended' })).toBe(1);
});

/** A stage with the real anchor: what the caller is outside, the callee is plain RTP inside. */
async function openAnchored(): Promise<{ readonly stage: Stage; readonly ports: FakePorts }> {
  const ports = new FakePorts([pair(1, 'outside'), pair(2, 'inside')]);
  const anchor = new Anchor({ ports, random: countingRandom(), metrics: new Metrics() });
  const stage = await Stage.open({}, anchor);
  const tenants = ROUTES.tenants.map((tenant) => ({
    ...tenant,
    media: { caller: legPolicy('as-offered', ONE_SUITE), callee: legPolicy('rtp') } as const,
  }));
  stage.signaling.setRoutes({ ...ROUTES, tenants });
  return { stage, ports };
}

/** A call of SDES outside and plain RTP inside, set up by an ordinary offer. */
async function establishSecure(): Promise<{
  readonly stage: Stage;
  readonly ports: FakePorts;
  readonly invite: Sent;
  readonly ok: Sent;
}> {
  const { stage, ports } = await openAnchored();
  const invite = stage.invite({ sdp: SECURE });
  const [ok] = stage.fromInside(respond(invite, 200, { tag: 'bob1', sdp: PLAIN }));
  if (!ok) throw new Error('the 200 was not passed on');
  return { stage, ports, invite, ok };
}

function establishLate(stage: Stage, sdp = ANSWER): { invite: Sent; ok: Sent } {
  const invite = stage.invite({ sdp: '' });
  const [ok] = stage.fromInside(respond(invite, 200, { tag: 'bob1', sdp }));
  if (!ok) throw new Error('the 200 was not passed on');
  return { invite, ok };
}

/** A request of the caller in the dialog that `ok` formed. */
function caller(method: string, ok: Sent, { more = [], ...changes }: RequestChanges & { more?: string[] }): string {
  const extra = [...routeLines(recordRoutes(ok).reverse()), ...more];
  return request(method, { toTag: 'bob1', uri: 'sip:bob@10.0.0.20:5060', extra, ...changes });
}

/** A request of the callee in the dialog that it joined by `invite`. */
function callee(method: string, invite: Sent, changes: RequestChanges): string {
  const extra = routeLines(recordRoutes(invite));
  return request(method, { uri: 'sip:alice@192.0.2.10:5060', extra, ...changes })
    .replace('SIP/2.0/UDP 192.0.2.10:5060', 'SIP/2.0/UDP 10.0.0.20:5060')
    .replace(
      /From: .*\r\nTo: .*\r\n/,
      'From: <sip:bob@example.com>;tag=bob1\r\nTo: <sip:alice@example.org>;tag=alice1\r\n',
    );
}

/** What was sent on, without the 100 that goes back. */
function onwards(sent: readonly Sent[]): Sent[] {
  return sent.filter((message) => !startLine(message).startsWith('SIP/2.0'));
}

function sdpOf(message: Sent | undefined): string {
  return message?.text.split('\r\n\r\n')[1] ?? '';
}

function keysOf(session: SessionState): { readonly caller: string | undefined; readonly callee: string | undefined } {
  return { caller: session.sides.caller.sendKey?.keySalt, callee: session.sides.callee.sendKey?.keySalt };
}

test('a plain callee cannot make a secure caller’s leg plain by an offer that we refuse in its 2xx', async () => {
  const { stage, ports, ok } = await establishSecure();
  const applied = ports.applied.length;
  const [reinvite] = onwards(stage.fromCarrier(caller('INVITE', ok, { cseq: 2, branch: 'z9hG4bKre' })));

  const [reOk] = stage.fromInside(respond(reinvite!, 200, { sdp: `${PLAIN}a=zrtp-hash:1.10 aa\r\n` }));

  expect(sdpOf(reOk)).toContain('m=audio 0 RTP/AVP');
  expect(ports.applied).toHaveLength(applied);
});
