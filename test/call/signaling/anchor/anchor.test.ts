import { legPolicy } from '../../../../src/model/leg-policy.ts';
import { expect, test } from 'vitest';
import type { CallId } from '../../../../src/base/ids.ts';
import { audio, CALL, crypto, edited, fingerprint, keyOf, keysIn, ONE_SUITE, pair, Rig } from './rig.ts';

const PLAIN = audio({});
const SECURE = audio({ proto: 'RTP/SAVP', lines: [crypto(4, 'C')] });
const DTLS = audio({ proto: 'UDP/TLS/RTP/SAVP', lines: [fingerprint('AB'), 'a=setup:actpass'] });

test('an offer of plain RTP reaches the callee with our port, and the answer the caller with ours', () => {
  const rig = new Rig();

  const offered = rig.offered('caller', 't1', PLAIN);
  const answered = rig.answered('callee', 't1', 'b1', audio({ address: '10.0.0.7', port: 7000 }));

  expect(offered).toBe(
    PLAIN.replace('m=audio 5004 RTP/AVP 0 8\r\n', 'm=audio 40004 RTP/AVP 0 8\r\nc=IN IP4 10.9.9.9\r\n'),
  );
  expect(answered).toContain('m=audio 40002 RTP/AVP 0 8\r\nc=IN IP4 198.51.100.1\r\n');
  const { caller, callee } = rig.ports.last.sides;
  expect(caller.branches[0]?.remoteRtp).toEqual({ address: '203.0.113.5', port: 5004 });
  expect(callee.branches[0]?.remoteRtp).toEqual({ address: '10.0.0.7', port: 7000 });
  expect(callee.branches[0]?.remoteRtcp).toEqual({ address: '10.0.0.7', port: 7001 });
  expect(callee.activeLeg).toBe(callee.branches[0]?.leg);
  expect([caller.sendKey, callee.sendKey, caller.branches[0]?.receiveKey]).toEqual([null, null, null]);
});

test('nothing is applied before an answer', () => {
  const rig = new Rig();

  rig.offered('caller', 't1', PLAIN);

  expect(rig.ports.applied).toEqual([]);
  expect(rig.anchor.describe(CALL)).toMatchObject({ media: 'anchored', legs: [{ side: 'caller', role: 'customer' }] });
  expect(rig.anchor.describe(CALL).legs[0]?.stream).toBeUndefined();
});

test('both SDES legs get keys of our own, and the caller its own tag back', () => {
  const rig = new Rig();

  const offered = rig.offered('caller', 't1', SECURE);
  const answered = rig.answered('callee', 't1', 'b1', audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'D')] }));

  expect(offered).toMatch(/^a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\S{40}\r$/m);
  expect(answered).toMatch(/^a=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:\S{40}\r$/m);
  const keys = [...keysIn(offered), ...keysIn(answered), keyOf('C'), keyOf('D')];
  expect(new Set(keys).size).toBe(4);
  const { caller, callee } = rig.ports.last.sides;
  expect(caller.branches[0]?.receiveKey?.keySalt).toBe(keyOf('C'));
  expect(callee.branches[0]?.receiveKey?.keySalt).toBe(keyOf('D'));
  expect([callee.sendKey?.keySalt, caller.sendKey?.keySalt]).toEqual(keys.slice(0, 2));
});

test('a secure caller and a plain callee are joined where the tenant says so, keeping feedback in the profile', () => {
  const rig = new Rig({
    tenant: { media: { caller: legPolicy('sdes', ONE_SUITE), callee: legPolicy('rtp', ONE_SUITE) } },
  });
  const offer = audio({ proto: 'RTP/SAVPF', lines: [crypto(1, 'A', 'AES_256_CM_HMAC_SHA1_80'), crypto(2, 'C')] });

  const offered = rig.offered('caller', 't1', offer);
  const answered = rig.answered('callee', 't1', 'b1', audio({ proto: 'RTP/AVPF' }));

  expect(offered).toContain('m=audio 40004 RTP/AVPF 0 8');
  expect(offered).not.toContain('crypto');
  expect(answered).toMatch(/m=audio 40002 RTP\/SAVPF 0 8\r\n.*\r\na=crypto:2 AES_CM_128/);
  expect(rig.anchor.describe(CALL).legs.map((leg) => leg.stream?.secure)).toEqual([true, false]);
});

test('a plain caller and a secure callee are joined where the tenant says so', () => {
  const rig = new Rig({
    tenant: { media: { caller: legPolicy('rtp', ONE_SUITE), callee: legPolicy('sdes', ONE_SUITE) } },
  });

  const offered = rig.offered('caller', 't1', PLAIN);
  const answered = rig.answered('callee', 't1', 'b1', audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'D')] }));

  expect(offered).toContain('m=audio 40004 RTP/SAVP 0 8');
  expect(keysIn(offered)).toHaveLength(1);
  expect(answered).toContain('m=audio 40002 RTP/AVP 0 8');
  expect(keysIn(answered)).toEqual([]);
});

test('a leg that offers another profile than the tenant’s is refused with 488, and takes no port', () => {
  const strict = new Rig({
    tenant: { media: { caller: legPolicy('sdes', ONE_SUITE), callee: legPolicy('sdes', ONE_SUITE) } },
  });
  const plain = new Rig({
    tenant: { media: { caller: legPolicy('rtp', ONE_SUITE), callee: legPolicy('rtp', ONE_SUITE) } },
  });

  expect(strict.offer('caller', 't1', PLAIN)).toMatchObject({ kind: 'reject', status: 488, reason: 'profile_refused' });
  expect(plain.offer('caller', 't1', SECURE)).toMatchObject({ kind: 'reject', status: 488 });
  expect(strict.ports.ready).toBe(2);
});

test('a repeated offer and a repeated answer leave as the very same bytes, and change no session', () => {
  const rig = new Rig();
  const answer = audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'D')] });

  const offers = [rig.offered('caller', 't1', SECURE), rig.offered('caller', 't1', SECURE)];
  const answers = [rig.answered('callee', 't1', 'b1', answer), rig.answered('callee', 't1', 'b1', answer)];

  expect(offers[0]).toBe(offers[1]);
  expect(rig.offer('caller', 't1', SECURE)).toBe(rig.offer('caller', 't1', SECURE));
  expect(answers[0]).toBe(answers[1]);
  expect(rig.ports.applied).toHaveLength(1);
});

test('a session refresh leaves as the first offer did: same port, same key, same tag', () => {
  const rig = new Rig();
  const answer = audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'D')] });
  const first = [rig.offered('caller', 't1', SECURE), rig.answered('callee', 't1', 'b1', answer)];
  rig.confirm('t1', 'b1');

  const second = [rig.offered('caller', 't2', SECURE, 'b1'), rig.answered('callee', 't2', 'b1', answer)];
  rig.confirm('t2', 'b1');

  expect(second).toEqual(first);
  expect(rig.ports.applied).toHaveLength(1);
});

test('with no port ready the tenant’s choice is taken at once: bypass leaves offer and answer alone', () => {
  const rig = new Rig({ pairs: [pair(1, 'outside')] });

  const offered = rig.offer('caller', 't1', PLAIN);
  const answered = rig.answer('callee', 't1', 'b1', PLAIN);
  rig.confirm('t1', 'b1');
  const later = rig.offer('callee', 't2', PLAIN, 'b1');

  expect(offered).toEqual({ kind: 'untouched', reason: 'no_port' });
  expect(answered).toEqual({ kind: 'untouched', reason: 'no_port' });
  expect(later).toEqual({ kind: 'untouched', reason: 'no_port' });
  expect(rig.ports.freed).toEqual([1]);
  expect(rig.ports.applied).toEqual([]);
  expect(rig.anchor.describe(CALL)).toMatchObject({ media: 'bypass', legs: [{ side: 'caller' }, { side: 'callee' }] });
});

test('with no port ready and reject, the offer is answered 503', () => {
  const rig = new Rig({ pairs: [], tenant: { onMediaUnavailable: 'reject' } });

  expect(rig.offer('caller', 't1', PLAIN)).toMatchObject({ kind: 'reject', status: 503, reason: 'no_port' });
});

test('both ports of a call come from one worker', () => {
  const rig = new Rig({ pairs: [pair(1, 'outside', 0), pair(2, 'outside', 1), pair(3, 'inside', 1)] });

  const offered = rig.offered('caller', 't1', PLAIN);
  rig.answered('callee', 't1', 'b1', PLAIN);

  expect(offered).toContain('m=audio 40006 ');
  expect(rig.ports.last.sides.caller.pair.pair).toBe(2);
  expect(rig.ports.freed).toEqual([1]);
});

test.each([
  ['dtls_unavailable', DTLS],
  ['transport', audio({ proto: 'TCP/RTP/AVP' })],
  ['address', audio({ address: 'media.example.net' })],
  ['address', audio({ address: '224.2.1.1/127' })],
  ['address', audio({ address: '239.1.1.1' })],
  ['address_family', audio({ lines: ['c=IN IP6 2001:db8::1'] })],
  ['port_count', audio({}).replace('5004', '5004/2')],
  ['rtcp_mux_only', audio({ lines: ['a=rtcp-mux', 'a=rtcp-mux-only'] })],
])('media we cannot carry (%s) is bypassed untouched or refused with 488, as the tenant says', (reason, sdp) => {
  const muxless = legPolicy('as-offered', { ...ONE_SUITE, rtcpMux: 'off' });
  const media = { caller: muxless, callee: muxless };
  const bypassing = new Rig({ dtls: false, tenant: { media } });
  const refusing = new Rig({ dtls: false, tenant: { media, onMediaUnavailable: 'reject' } });

  expect(bypassing.offer('caller', 't1', sdp)).toEqual({ kind: 'untouched', reason });
  expect(refusing.offer('caller', 't1', sdp)).toMatchObject({ kind: 'reject', status: 488, reason });
  expect(bypassing.ports.ready + bypassing.ports.freed.length).toBe(2);
});

test('a malformed offer is refused with 400, and a malformed answer passes without becoming media', () => {
  const rig = new Rig();

  expect(rig.offer('caller', 't0', 'v=0\r\nm=audio\r\n')).toMatchObject({ kind: 'reject', status: 400 });
  rig.offered('caller', 't1', PLAIN);
  expect(rig.answer('callee', 't1', 'b1', 'not sdp')).toMatchObject({ kind: 'untouched' });
  expect(rig.ports.applied).toEqual([]);
});

test('an offer without audio is left alone, and audio offered later is anchored', () => {
  const rig = new Rig();
  const fax = 'v=0\r\ns=-\r\nc=IN IP4 203.0.113.5\r\nm=image 5004 udptl t38\r\n';

  expect(rig.offer('caller', 't1', fax)).toEqual({ kind: 'untouched', reason: 'no_audio' });
  expect(rig.anchor.describe(CALL).media).toBe('none');
  expect(rig.offer('caller', 't2', PLAIN, 'b1').kind).toBe('edit');
});

test('the first open audio line is anchored and every other section stays as it is', () => {
  const rig = new Rig();
  const offer = audio({
    port: 0,
    more: [
      'm=video 5008 RTP/AVP 31',
      'a=candidate:1 1 UDP 1 192.0.2.1 9 typ host',
      'm=audio 5010 RTP/AVP 8',
      'a=ice-ufrag:x',
    ],
  });

  const offered = rig.offered('caller', 't1', offer);
  rig.answered('callee', 't1', 'b1', offer);

  expect(offered).toBe(
    offer.replace('m=audio 5010 RTP/AVP 8\r\na=ice-ufrag:x', 'm=audio 40004 RTP/AVP 8\r\nc=IN IP4 10.9.9.9'),
  );
  expect(rig.ports.last.mLine).toBe(2);
});

test('IPv6 is written and read where the interface has it, in the form the socket layer says it', () => {
  const inside = pair(2, 'inside', 0, { family: 6, advertisedAddress: '2001:db8::9' });
  const rig = new Rig({ pairs: [pair(1, 'outside'), inside] });

  const offered = rig.offered('caller', 't1', PLAIN);
  rig.answered('callee', 't1', 'b1', audio({ lines: ['c=IN IP6 2001:DB8:0:0::7'] }));

  expect(offered).toContain('\r\nc=IN IP6 2001:db8::9\r\n');
  expect(rig.ports.last.sides.callee.branches[0]?.remoteRtp.address).toBe('2001:db8::7');
});

test('a stream’s payload map is what the other side asked to hear, then what the leg says of itself', () => {
  const rig = new Rig();
  const offer = audio({ formats: '9 101', lines: ['a=rtpmap:101 telephone-event/8000', 'a=ptime:30'] });
  const answer = audio({ formats: '9 96', lines: ['a=rtpmap:96 telephone-event/8000'] });

  rig.offered('caller', 't1', offer);
  rig.answered('callee', 't1', 'b1', answer);

  const [caller, callee] = rig.anchor.describe(CALL).legs;
  expect(caller?.stream?.payloads.map(({ payloadType, encoding }) => [payloadType, encoding])).toEqual([
    [9, 'G722'],
    [96, 'telephone-event'],
    [101, 'telephone-event'],
  ]);
  expect(callee?.stream?.payloads.map(({ payloadType }) => payloadType)).toEqual([9, 101, 96]);
  expect(callee?.stream?.ptimeMs).toBe(30);
});

test('the end of a call gives its ports back: through the session when there is one, else one by one', () => {
  const proposed = new Rig();
  proposed.offered('caller', 't1', PLAIN);
  const agreed = new Rig();
  agreed.offered('caller', 't1', PLAIN);
  agreed.answered('callee', 't1', 'b1', PLAIN);

  proposed.anchor.end(CALL);
  agreed.anchor.end(CALL);
  agreed.anchor.end(CALL);

  expect([proposed.ports.freed, proposed.ports.ended]).toEqual([[1, 2], []]);
  expect([agreed.ports.freed, agreed.ports.ended]).toEqual([[], [CALL]]);
  expect(agreed.anchor.describe(CALL)).toEqual({ media: 'none', legs: [] });
});

test('a call that was never opened here is left alone', () => {
  const rig = new Rig();
  const call = `c_${'1'.repeat(32)}` as CallId;
  const asked = { call, from: 'caller', transaction: 't1', branch: '', sdp: Buffer.from(PLAIN) } as const;

  expect(rig.anchor.offer(asked)).toEqual({ kind: 'untouched', reason: 'unknown_call' });
  expect(rig.anchor.answer(asked)).toEqual({ kind: 'untouched', reason: 'unknown_call' });
});

test('leg and stream names stay for the call’s life, and no fact holds a key', () => {
  const rig = new Rig();
  rig.offered('caller', 't1', SECURE);
  rig.answered('callee', 't1', 'b1', audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'D')] }));
  const early = rig.anchor.describe(CALL);
  rig.confirm('t1', 'b1');
  rig.offered('callee', 't2', audio({ port: 9000, proto: 'RTP/SAVP', lines: [crypto(1, 'E')] }), 'b1');
  rig.answered('caller', 't2', 'b1', SECURE.replace('crypto:4', 'crypto:1'));

  const later = rig.anchor.describe(CALL);

  expect(later).toEqual(early);
  expect(later.legs.every((leg) => leg.stream?.active)).toBe(true);
  expect(JSON.stringify([later, rig.metrics.snapshot()])).not.toMatch(/[CDE]{40}|inline/);
});

test('an answer nobody offered for is left alone', () => {
  const rig = new Rig();

  expect(rig.answer('callee', 't9', 'b1', PLAIN)).toEqual({ kind: 'untouched', reason: 'no_offer' });
  expect(edited(PLAIN, rig.offer('caller', 't1', PLAIN))).toContain('40004');
});
