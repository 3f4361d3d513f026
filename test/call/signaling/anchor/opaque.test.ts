import { expect, test } from 'vitest';
import { legPolicy } from '../../../../src/model/leg-policy.ts';
import { audio, CALL, crypto, fingerprint, pair, Rig } from './rig.ts';

const UNKNOWN = 'a=crypto:1 F8_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz';

test.each([
  ['ZRTP', audio({ lines: ['a=zrtp-hash:1.10 aa'] })],
  ['MIKEY', audio({ session: ['a=key-mgmt:mikey AQAF'], proto: 'RTP/SAVP' })],
  ['encrypted extensions', audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'A'), 'a=cryptex'] })],
  ['an unknown suite', audio({ proto: 'RTP/SAVP', lines: [UNKNOWN] })],
])('audio that we cannot open (%s) passes through us as it is, and nobody may hear it', (_what, offer) => {
  const rig = new Rig();

  const offered = rig.offered('caller', 't1', offer);
  const answered = rig.answered('callee', 't1', 'b1', offer.replace('203.0.113.5', '10.0.0.7').replace('5004', '7000'));
  rig.confirm('t1', 'b1');

  expect(offered).toBe(edit(offer, { port: 40_004, address: '10.9.9.9' }));
  expect(answered).toContain('m=audio 40002 ');
  expect(rig.ports.last).toMatchObject({ mode: 'opaque', mLine: 0 });
  const { caller, callee } = rig.ports.last.sides;
  expect([caller.sendKey, callee.sendKey, caller.branches[0]?.receiveKey]).toEqual([null, null, null]);
  expect(callee.branches[0]?.payloads).toEqual([]);
  const facts = rig.anchor.describe(CALL);
  expect(facts.media).toBe('opaque');
  expect(facts.legs.map(({ stream }) => stream)).toEqual([undefined, undefined]);
});

test('where a leg has a floor or a profile of its own, media we cannot open is not let through in its name', () => {
  const zrtp = audio({ lines: ['a=zrtp-hash:1.10 aa'] });
  const floor = legPolicy('as-offered', { floor: 'srtp' });
  const floored = new Rig({
    tenant: { media: { caller: legPolicy('as-offered'), callee: floor }, onMediaUnavailable: 'reject' },
  });
  const fixed = new Rig({ tenant: { media: { caller: legPolicy('as-offered'), callee: legPolicy('rtp') } } });

  expect(floored.offer('caller', 't1', zrtp)).toMatchObject({ kind: 'reject', status: 488, reason: 'zrtp' });
  expect(fixed.offer('caller', 't1', zrtp)).toEqual({ kind: 'untouched', reason: 'zrtp' });
});

test('an answer that drops the keys of opaque SRTP closes the line', () => {
  const rig = new Rig();
  rig.offered('caller', 't1', audio({ proto: 'RTP/SAVP', lines: [UNKNOWN] }));

  const answered = rig.answered('callee', 't1', 'b1', audio({}));

  expect(answered).toBe(audio({ port: 0 }));
  expect(rig.closedLines('profile_mismatch')).toBe(1);
});

test('a line once opaque stays so, and one that was opened is never made opaque', () => {
  const zrtp = audio({ lines: ['a=zrtp-hash:1.10 aa'] });
  const opaque = new Rig();
  const open = new Rig();
  opaque.offered('caller', 't1', zrtp);
  opaque.answered('callee', 't1', 'b1', zrtp);
  open.offered('caller', 't1', audio({}));
  open.answered('callee', 't1', 'b1', audio({}));

  opaque.offered('caller', 't2', audio({ port: 5010 }), 'b1');
  opaque.answered('callee', 't2', 'b1', audio({}));

  expect(opaque.ports.last.mode).toBe('opaque');
  expect(opaque.ports.last.sides.caller.branches[0]?.remoteRtp.port).toBe(5010);
  expect(open.offer('caller', 't2', zrtp, 'b1')).toMatchObject({ kind: 'reject', status: 488, reason: 'zrtp' });
});

const VIDEO = [
  'm=video 5008 RTP/AVP 31',
  'a=rtcp:5011',
  'a=ice-ufrag:wxyz',
  'a=candidate:1 1 UDP 1 192.0.2.1 9 typ host',
];
const FAX = ['m=image 5020 udptl t38'];
const DTLS_VIDEO = ['m=video 5030 UDP/TLS/RTP/SAVP 96', 'a=setup:actpass', fingerprint('AB'), 'a=rtcp-mux'];

test('further lines are relayed where the tenant says so: place and RTCP are ours, ICE goes, nothing else changes', () => {
  const rig = relaying();
  const offer = audio({ more: [...VIDEO, ...FAX, ...DTLS_VIDEO] });

  const offered = rig.offered('caller', 't1', offer);
  rig.answered('callee', 't1', 'b1', offer.replaceAll('203.0.113.5', '10.0.0.7'));

  expect(offered.slice(offered.indexOf('m=video'))).toBe(
    [
      'm=video 40008 RTP/AVP 31',
      'c=IN IP4 10.9.9.9',
      'a=rtcp:40009',
      'm=image 40012 udptl t38',
      'c=IN IP4 10.9.9.9',
      'm=video 40016 UDP/TLS/RTP/SAVP 96',
      'c=IN IP4 10.9.9.9',
      'a=setup:actpass',
      fingerprint('AB'),
      'a=rtcp-mux',
      '',
    ].join('\r\n'),
  );
  expect(rig.ports.applied.map(({ mLine, mode }) => [mLine, mode])).toEqual([
    [0, 'open'],
    [1, 'opaque'],
    [2, 'opaque'],
    [3, 'opaque'],
  ]);
  const [main, video, , dtls] = rig.ports.applied;
  expect(video?.sides.callee.branches[0]).toMatchObject({ remoteRtp: { port: 5008 }, remoteRtcp: { port: 5011 } });
  expect(video?.sides.callee.branches[0]?.leg).toBe(main?.sides.callee.branches[0]?.leg);
  expect(video?.sides.callee.branches[0]?.stream).not.toBe(main?.sides.callee.branches[0]?.stream);
  expect(dtls?.sides.caller.branches[0]).toMatchObject({ rtcpMux: true, dtls: null, remoteRtcp: { port: 5030 } });
  expect(rig.anchor.describe(CALL)).toMatchObject({ media: 'anchored' });
});

test('a session-level certificate stays for the lines that are relayed, though the audio has ours', () => {
  const rig = relaying();
  const session = [fingerprint('AB'), 'a=setup:actpass', 'a=ice-ufrag:wxyz', `a=ice-pwd:${'p'.repeat(22)}`];
  const offer = audio({ proto: 'UDP/TLS/RTP/SAVP', session, more: ['m=video 5030 UDP/TLS/RTP/SAVP 96'] });

  const offered = rig.offered('caller', 't1', offer);

  const [head = '', own = '', beside = ''] = offered.split(/(?=^m=)/m);
  expect(head).not.toMatch(/a=(fingerprint|setup|ice-ufrag|ice-pwd)/);
  expect(own).toContain('a=fingerprint:sha-256 E5');
  expect(beside).toContain(`${fingerprint('AB')}\r\na=setup:actpass\r\n`);
  expect(beside).not.toContain('ice');
});

test('with relay, a line we cannot carry is left alone for good, and one refused or closed goes idle', () => {
  const rig = relaying(4);
  const offer = (video: string[]): string => audio({ more: [...video, 'm=message 9 TCP/MSRP *'] });
  const offered = rig.offered('caller', 't1', offer(VIDEO.slice(0, 1)));
  rig.answered('callee', 't1', 'b1', offer(VIDEO.slice(0, 1)));
  rig.confirm('t1', 'b1');

  const closed = rig.offered('caller', 't2', offer(['m=video 0 RTP/AVP 31']), 'b1');
  rig.answered('callee', 't2', 'b1', offer(['m=video 0 RTP/AVP 31']));
  const idle = rig.ports.last;
  rig.offered('caller', 't3', offer(VIDEO.slice(0, 1)), 'b1');
  rig.answered('callee', 't3', 'b1', offer(VIDEO.slice(0, 1)));

  expect(offered).toContain('\r\nm=message 9 TCP/MSRP *\r\n');
  expect(closed).toContain('m=video 0 RTP/AVP 31\r\n');
  expect(idle).toMatchObject({ mLine: 1, sides: { caller: { activeLeg: null }, callee: { activeLeg: null } } });
  expect(rig.ports.last.sides.callee.activeLeg).not.toBeNull();
});

test('with no ports for a further line it is left alone, and is left so when there are some again', () => {
  const rig = relaying(1);
  const offer = audio({ more: VIDEO });

  const first = rig.offered('caller', 't1', offer);
  rig.answered('callee', 't1', 'b1', offer);
  rig.ports.add(pair(8, 'outside'), pair(9, 'inside'));
  const second = rig.offered('caller', 't2', offer, 'b1');

  expect(first).toContain(VIDEO.join('\r\n'));
  expect(second).toBe(first);
});

test('a refused re-offer of a further line ends what its early answer began, and the end of a call gives all ports back', () => {
  const rig = relaying();
  rig.offered('caller', 't1', audio({}));
  rig.answered('callee', 't1', 'b1', audio({}));
  rig.confirm('t1', 'b1');
  const both = audio({ more: VIDEO.slice(0, 1) });
  rig.offered('caller', 't2', both, 'b1');
  rig.answered('callee', 't2', 'b1', both);

  rig.refuse('t2');
  const idle = rig.ports.last;
  rig.offered('caller', 't3', audio({ more: [...VIDEO.slice(0, 1), ...FAX] }), 'b1');
  rig.anchor.end(CALL);

  expect(idle).toMatchObject({ mLine: 1, sides: { caller: { activeLeg: null }, callee: { activeLeg: null } } });
  expect(rig.ports.ended).toEqual([CALL]);
  // The fax line never had a session that the pool could end.
  expect(rig.ports.freed).toEqual([5, 6]);
});

test('relayed lines have a limit', () => {
  const rig = relaying(8);
  const more = Array.from({ length: 7 }, (_, index) => `m=video ${6000 + index * 2} RTP/AVP 31`);

  const offered = rig.offered('caller', 't1', audio({ more }));

  expect(offered.match(/^m=video 60\d\d/gm)).toEqual(['m=video 6008', 'm=video 6010', 'm=video 6012']);
});

function relaying(pairs = 4): Rig {
  const all = Array.from({ length: pairs }, (_, index) => [
    pair(2 * index + 1, 'outside'),
    pair(2 * index + 2, 'inside'),
  ]);
  return new Rig({ pairs: all.flat(), tenant: { otherLines: 'relay' } });
}

/** The place of an audio line moved to `place`, its `c=` put where the line had none. */
function edit(sdp: string, place: { readonly port: number; readonly address: string }): string {
  return sdp.replace(/m=audio \d+ (.*)\r\n/, `m=audio ${place.port} $1\r\nc=IN IP4 ${place.address}\r\n`);
}
