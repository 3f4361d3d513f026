import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { legPolicy } from '../../../../src/model/leg-policy.ts';
import { audio, fingerprint, FINGERPRINT, pair, Rig } from './rig.ts';

/** An offer as a browser writes it. */
function browser(
  over: {
    readonly ufrag?: string;
    readonly session?: string[];
    readonly more?: string[];
    readonly lines?: string[];
  } = {},
): string {
  return audio({
    address: '0.0.0.0',
    port: 9,
    proto: 'UDP/TLS/RTP/SAVPF',
    session: over.session ?? ['a=group:BUNDLE 0', 'a=extmap-allow-mixed', 'a=msid-semantic: WMS'],
    lines: [
      'a=rtcp:9 IN IP4 0.0.0.0',
      'a=candidate:1 1 udp 2122260223 192.0.2.9 50000 typ host',
      `a=ice-ufrag:${over.ufrag ?? 'wxyz'}`,
      `a=ice-pwd:${'p'.repeat(24)}`,
      'a=ice-options:trickle',
      fingerprint('AB'),
      'a=setup:actpass',
      'a=mid:0',
      'a=sendrecv',
      'a=rtcp-mux',
      ...(over.lines ?? []),
    ],
    more: over.more ?? [],
  });
}

const BROWSER = browser();
const TO_PHONES = { caller: legPolicy('as-offered'), callee: legPolicy('rtp') };
const PHONE = audio({ address: '10.0.0.7', port: 7000 });

test('a browser’s offer reaches a telephone as plain RTP/AVP, and its answer the browser as a lite agent’s', () => {
  const rig = new Rig({ tenant: { media: TO_PHONES } });

  const offered = rig.offered('caller', 't1', BROWSER);
  const answered = rig.answered('callee', 't1', 'b1', PHONE);

  expect(offered).toContain('m=audio 40004 RTP/AVP 0 8\r\nc=IN IP4 10.9.9.9\r\n');
  expect(offered).not.toMatch(/^a=(ice|candidate|fingerprint|setup)/m);
  expect(offered).toContain('a=rtcp:40005 IN IP4 10.9.9.9\r\n');
  const { ufrag, password } = rig.ports.last.sides.caller.ice!;
  expect(answered).toBe(
    PHONE.replace('t=0 0\r\n', 't=0 0\r\na=group:BUNDLE 0\r\na=ice-lite\r\n').replace(
      'm=audio 7000 RTP/AVP 0 8\r\n',
      [
        'm=audio 40002 UDP/TLS/RTP/SAVPF 0 8',
        'c=IN IP4 198.51.100.1',
        'a=rtcp-mux',
        'a=setup:active',
        `a=fingerprint:sha-256 ${FINGERPRINT}`,
        'a=ice-options:ice2',
        `a=ice-ufrag:${ufrag}`,
        `a=ice-pwd:${password}`,
        'a=candidate:1 1 UDP 2130706431 198.51.100.1 40002 typ host',
        'a=mid:0',
        '',
      ].join('\r\n'),
    ),
  );
  const [branch] = rig.ports.last.sides.caller.branches;
  expect(branch).toMatchObject({ ice: { ufrag: 'wxyz', password: 'p'.repeat(24) }, rtcpMux: true });
  expect(branch?.remoteRtp.address).toBe('0.0.0.0');
  expect(rig.ports.last.sides.callee).toMatchObject({ ice: null, branches: [{ ice: null, rtcpMux: false }] });
});

test('a browser below is offered what it needs: handshake, one port or two, and our candidates', () => {
  const media = { caller: legPolicy('rtp'), callee: legPolicy('dtls', { ice: 'lite' }) };
  const rig = new Rig({ tenant: { media } });

  const offered = rig.offered('caller', 't1', audio({}));
  const answered = rig.answered('callee', 't1', 'b1', browser().replace('actpass', 'active'));

  expect(offered).toContain('a=ice-lite\r\n');
  expect(offered).toMatch(/m=audio 40004 UDP\/TLS\/RTP\/SAVP .*\r\nc=.*\r\na=rtcp-mux\r\na=setup:actpass\r\n/);
  expect(offered.match(/^a=candidate.*$/gm)).toEqual([
    'a=candidate:1 1 UDP 2130706431 10.9.9.9 40004 typ host',
    'a=candidate:1 2 UDP 2130706430 10.9.9.9 40005 typ host',
  ]);
  expect(answered).toContain('m=audio 40002 RTP/AVP 0 8\r\nc=IN IP4 198.51.100.1\r\n');
  expect(answered).not.toMatch(/^a=(ice|candidate|fingerprint|setup|rtcp-mux)/m);
  const { callee } = rig.ports.last.sides;
  expect(callee.branches[0]).toMatchObject({ ice: { ufrag: 'wxyz' }, rtcpMux: true, dtls: { role: 'passive' } });
  expect(offered).toContain(`a=ice-ufrag:${callee.ice?.ufrag}\r\n`);
});

test('a browser above is offered its line by the name it gave it', () => {
  const rig = new Rig({ tenant: { media: TO_PHONES } });
  rig.offered('caller', 't1', BROWSER);
  rig.answered('callee', 't1', 'b1', PHONE);
  rig.confirm('t1', 'b1');

  const offered = rig.offered('callee', 't2', `${PHONE}a=sendonly\r\n`, 'b1');

  expect(offered).toContain('a=group:BUNDLE 0\r\na=ice-lite\r\n');
  expect(offered).toContain('a=mid:0\r\n');
  expect(offered).toContain('a=setup:actpass\r\n');
  expect(offered).toContain(`a=ice-ufrag:${rig.ports.last.sides.caller.ice?.ufrag}\r\n`);
});

test.each(['chromium', 'libdatachannel'])('what %s really writes is anchored, as offer and as answer', (name) => {
  const written = (kind: string): string =>
    readFileSync(new URL(`../../../vectors/sdp/${name}-${kind}.sdp`, import.meta.url), 'latin1');
  const above = new Rig({ tenant: { media: TO_PHONES } });
  const below = new Rig({
    tenant: { media: { caller: legPolicy('rtp'), callee: legPolicy('dtls', { ice: 'lite' }) } },
  });

  const offered = above.offered('caller', 't1', written('offer'));
  const answered = above.answered('callee', 't1', 'b1', PHONE);
  below.offered('caller', 't1', audio({}));
  const back = below.answered('callee', 't1', 'b1', written('answer'));

  expect(offered).toMatch(/^m=audio 40004 RTP\/AVP /m);
  expect(offered).not.toMatch(/^a=(ice|candidate|fingerprint|setup|ssrc)/m);
  const mid = /^a=mid:(\S+)/m.exec(written('offer'))?.[1];
  expect(answered).toContain(`a=group:BUNDLE ${mid}\r\n`);
  expect(answered).toContain(`a=mid:${mid}\r\n`);
  expect(answered).toMatch(/^m=audio 40002 UDP\/TLS\/RTP\/SAVPF 0 8\r$/m);
  expect(back).toMatch(/^m=audio 40002 RTP\/AVP /m);
  expect(above.ports.last.sides.caller.branches[0]?.ice).not.toBeNull();
  expect(below.ports.last.sides.callee.branches[0]).toMatchObject({ rtcpMux: true, dtls: { association: 1 } });
});

test('a callee that takes no ICE is sent to where its SDP says', () => {
  const media = { caller: legPolicy('rtp'), callee: legPolicy('rtp', { ice: 'lite' }) };
  const rig = new Rig({ tenant: { media } });

  rig.offered('caller', 't1', audio({}));
  rig.answered('callee', 't1', 'b1', PHONE);

  const { callee } = rig.ports.last.sides;
  expect(callee.branches[0]).toMatchObject({ ice: null, remoteRtp: { address: '10.0.0.7', port: 7000 } });
});

test('the same offer keeps our credentials, and one that restarts ICE gets others', () => {
  const rig = new Rig({ tenant: { media: TO_PHONES } });
  const ufrags = ['wxyz', 'wxyz', 'abcd'].map((ufrag, index) => {
    rig.offered('caller', `t${index}`, browser({ ufrag }), index === 0 ? '' : 'b1');
    const answered = rig.answered('callee', `t${index}`, 'b1', PHONE);
    rig.confirm(`t${index}`, 'b1');
    return /a=ice-ufrag:(\S+)/.exec(answered)?.[1];
  });

  expect(ufrags[1]).toBe(ufrags[0]);
  expect(ufrags[2]).not.toBe(ufrags[0]);
  expect(rig.ports.last.sides.caller.branches[0]?.ice?.ufrag).toBe('abcd');
  // A restart of ICE is none of DTLS (RFC 8842 §4.1).
  expect(rig.ports.last.sides.caller.branches[0]?.dtls?.association).toBe(1);
});

test('two lite agents say so, and go by what the SDP says', () => {
  const rig = new Rig({ tenant: { media: { caller: legPolicy('rtp', { ice: 'lite' }), callee: legPolicy('rtp') } } });
  const offer = audio({ session: ['a=ice-lite'], lines: ['a=ice-ufrag:wxyz', `a=ice-pwd:${'p'.repeat(24)}`] });

  rig.offered('caller', 't1', offer);
  const answered = rig.answered('callee', 't1', 'b1', PHONE);

  expect(answered).toContain('a=ice-lite\r\n');
  expect(rig.ports.last.sides.caller.branches[0]).toMatchObject({ ice: null, remoteRtp: { port: 5004 } });
});

test('a peer that does ICE may be of any family; what it says of its address is no address to send to', () => {
  const rig = new Rig({ tenant: { media: TO_PHONES } });
  const offer = browser()
    .replace('m=audio 9', 'm=audio 50000')
    .replace('IN IP4 0.0.0.0\r\nt=', 'IN IP6 2001:db8::9\r\nt=');

  rig.offered('caller', 't1', offer);
  rig.answered('callee', 't1', 'b1', PHONE);

  expect(rig.ports.last.sides.caller.branches[0]?.remoteRtp).toEqual({ address: '0.0.0.0', port: 9 });
});

test('lines bundled with the audio are refused both ways, and lines of their own are left alone', () => {
  const rig = new Rig({ tenant: { media: TO_PHONES } });
  const video = ['m=video 9 UDP/TLS/RTP/SAVPF 96', 'a=mid:1', 'a=rtcp-mux'];
  const own = ['m=video 6000 RTP/AVP 31'];
  const offer = browser({ session: ['a=group:BUNDLE 0 1'], more: [...video, ...own] });

  const offered = rig.offered('caller', 't1', offer);
  const answer = audio({
    address: '10.0.0.7',
    port: 7000,
    more: ['m=video 7002 RTP/AVP 96', 'm=video 7004 RTP/AVP 31'],
  });
  const answered = rig.answered('callee', 't1', 'b1', answer);

  expect(offered.match(/^m=.*$/gm)).toEqual([
    'm=audio 40004 RTP/AVP 0 8',
    'm=video 0 UDP/TLS/RTP/SAVPF 96',
    'm=video 6000 RTP/AVP 31',
  ]);
  expect(answered.match(/^m=.*$/gm)).toEqual([
    'm=audio 40002 UDP/TLS/RTP/SAVPF 0 8',
    'm=video 0 RTP/AVP 96',
    'm=video 7004 RTP/AVP 31',
  ]);
  expect(rig.closedLines('bundle')).toBe(1);
});

test.each([
  ['as-offered', ['a=rtcp-mux'], true, true],
  ['as-offered', [], false, false],
  ['offer', [], true, false],
  ['off', ['a=rtcp-mux'], false, false],
] as const)(
  'with rtcpMux %s and an offer of %j, mux is offered on: %s, and answered: %s',
  (rtcpMux, lines, on, back) => {
    const policy = legPolicy('rtp', { rtcpMux });
    const rig = new Rig({ tenant: { media: { caller: policy, callee: policy } } });

    const offered = rig.offered('caller', 't1', audio({ lines }));
    const answered = rig.answered('callee', 't1', 'b1', audio({ lines: ['a=rtcp-mux', 'a=rtcp:7009'] }));

    expect([offered.includes('a=rtcp-mux'), answered.includes('a=rtcp-mux')]).toEqual([on, back]);
    const { caller, callee } = rig.ports.last.sides;
    expect([caller.branches[0]?.rtcpMux, callee.branches[0]?.rtcpMux]).toEqual([back, on]);
    expect(answered.includes('a=rtcp:')).toBe(!back);
    expect(caller.branches[0]?.remoteRtcp.port).toBe(back ? 5004 : 5005);
  },
);

test('a peer behind NAT may be latched to only where the tenant says so', () => {
  const media = { caller: legPolicy('rtp', { nat: 'latch' }), callee: legPolicy('rtp') };
  const rig = new Rig({ pairs: [pair(1, 'outside'), pair(2, 'inside')], tenant: { media } });
  rig.offered('caller', 't1', audio({}));
  rig.answered('callee', 't1', 'b1', PHONE);

  const { caller, callee } = rig.ports.last.sides;
  expect([caller.branches[0]?.nat, callee.branches[0]?.nat]).toEqual([true, false]);
});
