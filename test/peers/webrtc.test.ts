/**
 * A real WebRTC endpoint (libdatachannel) calls a telephone through a whole node, and is called: SIP over WebSocket, ICE,
 * DTLS-SRTP and rtcp-mux on one side, UDP and plain RTP on the other. Every payload is compared.
 */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { until } from '../journeys/support/stage.ts';
import { UdpPeer } from './udp-peer.ts';
import { MixedCall, type BrowserCall } from './webrtc/call.ts';
import { payloadsOf, Voice } from './webrtc/packets.ts';
import { BETWEEN_NUMBER, HOP_NUMBER, Stage } from './webrtc/stage.ts';

/** Of the transport lines a browser writes, none means anything to a telephone; the node must keep them to itself. */
const BROWSER_LINES = /^a=(ice-|candidate|end-of-candidates|setup|fingerprint|tls-id|ssrc)/m;

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.build();
});

afterEach(() => stage.hush());

afterAll(() => stage.stop());

test('a browser calls a telephone, which holds, resumes and hangs up, all over the WebSocket it came by', async () => {
  const call = await MixedCall.fromBrowser(stage);
  await call.expectBothHeard();

  const hold = await call.reoffer('sendonly');
  await call.expectBothHeard();
  await call.reoffer('sendrecv');
  await call.expectBothHeard();

  expect(hold.offer).toMatch(/^a=sendonly\r$/m);
  expect(hold.answer).not.toMatch(BROWSER_LINES);
  expect(call.browser.media.states).toEqual(['connecting', 'connected']);
  await call.hangUp('phone');
  await until('the ports are free again', async () => (await stage.node.metric('earshot_media_pairs_taken')) === 0);
  const sent = { side: 'caller', direction: 'sent' };
  await until('the last packet is counted', async () => {
    return (await stage.node.metric('earshot_media_packets_total', sent)) === call.fromPhone.payloads.length;
  });
  expect(await stage.node.metric('earshot_media_dtls_total')).toBe(1);
});

test('each side is told of the node and nothing of the other', async () => {
  const call = await MixedCall.fromBrowser(stage);
  const { offer, answer } = call.said;

  expect(offer).toMatch(/^m=audio \d+ RTP\/AVP 0\r$/m);
  expect(offer).not.toMatch(BROWSER_LINES);
  expect(offer).not.toContain(String(call.browser.media.port));
  // What libdatachannel and chromium will not go on without, though no telephone writes it.
  expect(answer.split('m=')[0]).toMatch(/^a=group:BUNDLE audio\r$/m);
  expect(answer).toMatch(/^a=mid:audio\r$/m);
  expect(answer).toMatch(/^a=rtcp-mux\r$/m);
  expect(answer).toMatch(/^a=ice-lite\r$/m);
  expect(answer).toMatch(/^m=audio \d+ UDP\/TLS\/RTP\/SAVPF 0\r$/m);
  expect(answer.match(/^a=candidate:.*$/gm)).toEqual([expect.stringMatching(/ 1 UDP \d+ 127\.0\.0\.1 \d+ typ host/)]);
  await call.hangUp('browser');
});

test('a browser that does not say where it is, is found by its checks; a stranger at the same port is not heard', async () => {
  const call = await MixedCall.fromBrowser(stage, { offer: withoutPlace });
  const stranger = await UdpPeer.open();
  const port = Number(/^m=audio (\d+) /m.exec(call.said.answer)?.[1]);
  await until('the browser is connected', () => call.browser.media.isOpen);

  const forged = call.fromBrowser.next();
  call.fromBrowser.payloads.pop();
  stranger.send(forged, port);
  await call.expectBothHeard();

  expect(stranger.received).toEqual([]);
  stranger.close();
  await call.hangUp('browser');
});

test('a browser offers anew in the middle of a call: same ports, same certificate, same roles, and nobody shakes hands', async () => {
  const call = await MixedCall.fromBrowser(stage);
  await call.expectBothHeard();

  const { answer } = await call.refresh();
  await call.expectBothHeard();

  expect(answer.replace(/^o=.*/m, '')).toBe(call.said.answer.replace(/^o=.*/m, ''));
  expect(call.browser.media.states).toEqual(['connecting', 'connected']);
  await call.hangUp('phone');
});

test('a browser calls a browser: each does ICE and shakes hands with the node alone', async () => {
  const caller = await stage.webRtcCaller(1);
  const calling = stage.browser.call({ to: stage.uri(`${BETWEEN_NUMBER}01`), sdp: caller.description });
  const hop = await stage.behindHop();
  const invite = await hop.request('INVITE');
  const offer = invite.body.toString('latin1');
  const callee = await stage.webRtcCallee(offer, 2);
  hop.accept(invite, callee.description);
  const call = await calling;
  const answer = call.message.body.toString('latin1');
  caller.accept(answer);
  await until('both are connected', () => caller.isOpen && callee.isOpen);
  const [there, back] = [new Voice(1), new Voice(2)];
  for (let frame = 0; frame < 10; frame++) {
    caller.send(there.next());
    callee.send(back.next());
  }

  await until(
    'all was heard',
    () => payloadsOf(callee.received).length === 10 && payloadsOf(caller.received).length === 10,
  );

  expect(payloadsOf(callee.received)).toEqual(there.payloads.map((p) => p.toString('hex')));
  expect(payloadsOf(caller.received)).toEqual(back.payloads.map((p) => p.toString('hex')));
  const bye = stage.browser.say(call.dialog, 'BYE');
  hop.answer(await hop.request('BYE'));
  expect((await bye).status).toBe(200);
});

test('a telephone calls a browser behind a proxy that takes WebSockets, by one connection of ours', async () => {
  for (const by of ['browser', 'phone'] as const) {
    const browser = (): ReturnType<Stage['behindHop']> => stage.behindHop();
    const call = await MixedCall.fromPhone(stage, { to: stage.uri(`${HOP_NUMBER}01`), browser });
    await call.expectBothHeard();
    await call.reoffer('sendonly');
    await call.reoffer('sendrecv');
    await call.expectBothHeard();
    await call.hangUp(by);
  }

  expect(stage.hop.connections).toBe(1);
});

test('a telephone calls a browser that registered through the node, back over its own connection', async () => {
  const path = await stage.register();
  const browser = (): Promise<Stage['browser']> => Promise.resolve(stage.browser);
  const call = await MixedCall.fromPhone(stage, { to: stage.browser.contact, routes: [path], browser });

  await call.expectBothHeard();

  await call.reoffer('sendonly');
  await call.reoffer('sendrecv');
  await call.expectBothHeard();
  await call.hangUp('phone');
});

const STRANGERS: [string, BrowserCall][] = [
  ['a browser that has another ICE password than ours', { answer: withOther('ice-pwd') }],
  ['a browser that checks under another name than it offered', { offer: withOther('ice-ufrag') }],
];

test.each(STRANGERS)('%s is never sent anything, nor heard', async (_, tampering) => {
  const refusedBefore = await dropped('stun_refused');
  const homelessBefore = await dropped('no_destination');
  const call = await MixedCall.fromBrowser(stage, tampering);
  await until('its checks are refused', async () => {
    await call.talk(2);
    return (await dropped('stun_refused')) > refusedBefore;
  });

  await call.talk(10);

  await expectNothingHeard(call, { reason: 'no_destination', before: homelessBefore });
  expect(call.browser.media.states).not.toContain('connected');
  await call.hangUp('phone');
});

const CERTIFICATES: [string, BrowserCall][] = [
  ['a browser with another certificate than it named', { offer: withOther('fingerprint') }],
  ['a browser that was told of another certificate than ours', { answer: withOther('fingerprint') }],
];

test.each(CERTIFICATES)('%s gets no media, and nobody hears it', async (_, tampering) => {
  const before = await dropped('dtls_not_ready');
  const refusals = await stage.node.metric('earshot_media_dtls_total', { result: 'fingerprint_mismatch' });
  const call = await MixedCall.fromBrowser(stage, tampering);
  await until('one of both refuses the handshake', async () => {
    await call.talk(2);
    if (call.browser.media.states.includes('failed')) return true;
    return (await stage.node.metric('earshot_media_dtls_total', { result: 'fingerprint_mismatch' })) > refusals;
  });

  await call.talk(10);

  await expectNothingHeard(call, { reason: 'dtls_not_ready', before });
  await call.hangUp('phone');
});

test('a browser whose connection is gone cannot be told of anything: the telephone hears so, and the call ends', async () => {
  const sip = await stage.connectBrowser();
  const call = await MixedCall.fromBrowser(stage, { sip });
  await call.expectBothHeard();

  sip.close();

  expect((await call.phone.sip.say(call.phone.dialog, 'BYE')).status).toBe(430);
  await until('the ports are free again', async () => (await stage.node.metric('earshot_media_pairs_taken')) === 0);
});

test('a call plane is killed in mid-call: its successor goes on under the same keys, and hears BYE on a new WebSocket', async () => {
  const call = await MixedCall.fromBrowser(stage);
  await call.expectBothHeard();
  const heard = (): number[] => [
    payloadsOf(call.phone.media.rtp.received).length,
    payloadsOf(call.browser.media.received).length,
  ];
  const [byPhone = 0, byBrowser = 0] = heard();

  await stage.node.killCallPlane();
  await until('both are heard again', async () => {
    await call.talk(5);
    const [phone = 0, browser = 0] = heard();
    return phone > byPhone + 50 && browser > byBrowser + 50;
  });

  expect(call.fromBrowser.payloads.map((payload) => payload.toString('hex'))).toEqual(
    expect.arrayContaining(payloadsOf(call.phone.media.rtp.received)),
  );
  expect(call.fromPhone.payloads.map((payload) => payload.toString('hex'))).toEqual(
    expect.arrayContaining(payloadsOf(call.browser.media.received)),
  );
  expect(call.browser.media.states).toEqual(['connecting', 'connected']);
  const sip = await stage.connectBrowser();
  const bye = sip.say(call.browser.dialog, 'BYE');
  call.phone.sip.answer(await call.phone.sip.request('BYE'));
  expect((await bye).status).toBe(200);
});

async function dropped(reason: string): Promise<number> {
  return stage.node.metric('earshot_media_dropped_total', { reason });
}

/** Whatever the telephone said was dropped for that reason, and neither heard the other. */
async function expectNothingHeard(
  call: MixedCall,
  { reason, before }: { readonly reason: string; readonly before: number },
): Promise<void> {
  const most = call.fromPhone.payloads.length - 2;
  await until('what the telephone said was dropped', async () => (await dropped(reason)) >= before + most);
  expect(payloadsOf(call.phone.media.rtp.received)).toEqual([]);
  expect(call.browser.media.received).toEqual([]);
}

/** As a browser offers before it has looked for its addresses (RFC 8840). */
function withoutPlace(sdp: string): string {
  return sdp
    .replace(/^m=audio \d+/m, 'm=audio 9')
    .replace(/^c=.*$/m, 'c=IN IP4 0.0.0.0')
    .replace(/^a=(candidate|end-of-candidates).*\r\n/gm, '');
}

/** That line with its last character, or the last of its hash, turned into another. */
function withOther(name: string): (sdp: string) => string {
  return (sdp) =>
    sdp.replace(
      new RegExp(`^(a=${name}:.*)(.)\r$`, 'm'),
      (_, kept: string, last: string) => `${kept}${last === 'A' ? 'B' : 'A'}\r`,
    );
}
