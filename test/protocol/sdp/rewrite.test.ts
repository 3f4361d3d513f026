import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applySplices } from '../../../src/protocol/splice.ts';
import { rewriteSdp } from '../../../src/protocol/sdp/rewrite.ts';
import { scanSdp } from '../../../src/protocol/sdp/scan.ts';
import type { SectionEdit } from '../../../src/protocol/sdp/section-edit.ts';

type Anchored = Extract<SectionEdit, { kind: 'anchored' }>;
const PLACE = { address: '198.51.100.7', family: 4, rtpPort: 40_000, rtcpPort: 40_001 } as const;
const PLAIN: Anchored = { kind: 'anchored', transport: 'avp', place: PLACE, attributes: [], iceLite: false };
const KEY = { suite: 'AES_CM_128_HMAC_SHA1_80', keySalt: 'A'.repeat(40) } as const;
const SECURE: Anchored = { ...PLAIN, transport: 'savp', attributes: [`crypto:3 ${KEY.suite} inline:${KEY.keySalt}`] };
const RELAYED: SectionEdit = { kind: 'relayed', place: PLACE };
const OUR_CRYPTO = `a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:${KEY.keySalt}`;

test('a session-level connection stays, and the anchored section gets its own after i=', () => {
  const before =
    'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n' +
    'm=audio 5004 RTP/AVP 0\r\ni=speech\r\nb=AS:64\r\na=ptime:20\r\n';

  expect(rewrite(before, 0, PLAIN)).toBe(
    before.replace('5004', '40000').replace('i=speech\r\n', 'i=speech\r\nc=IN IP4 198.51.100.7\r\n'),
  );
});

test('lines keep their LF, and a last line without an end stays without one', () => {
  const before = 'v=0\ns=-\nc=IN IP4 192.0.2.1\nm=audio 5004 RTP/AVP 0';

  expect(rewrite(before, 0, SECURE)).toBe(
    `v=0\ns=-\nc=IN IP4 192.0.2.1\nm=audio 40000 RTP/SAVP 0\nc=IN IP4 198.51.100.7\n${OUR_CRYPTO}`,
  );
});

test('our one key line stands where their first stood, and feedback stays in the profile', () => {
  const before =
    'v=0\r\ns=-\r\nm=audio 5004 RTP/SAVPF 0\r\nc=IN IP4 192.0.2.1\r\na=ptime:20\r\na=crypto:1 X inline:a\r\n' +
    'a=Crypto:2 Y inline:b\r\na=sendrecv\r\n';

  expect(rewrite(before, 0, SECURE)).toBe(
    `v=0\r\ns=-\r\nm=audio 40000 RTP/SAVPF 0\r\nc=IN IP4 198.51.100.7\r\na=ptime:20\r\n${OUR_CRYPTO}\r\na=sendrecv\r\n`,
  );
  expect(rewrite(before, 0, PLAIN)).toBe(
    'v=0\r\ns=-\r\nm=audio 40000 RTP/AVPF 0\r\nc=IN IP4 198.51.100.7\r\na=ptime:20\r\na=sendrecv\r\n',
  );
});

test('a=rtcp keeps its form, and is added only where the port beside RTP is not ours', () => {
  const short = 'v=0\r\ns=-\r\nm=audio 5004 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\na=rtcp:6000\r\n';
  const long = short.replace('6000', '6000 IN IP4 192.0.2.1');
  const none = short.replace('a=rtcp:6000\r\n', '');
  const apart: SectionEdit = { ...PLAIN, place: { ...PLACE, rtcpPort: 41_000 } };
  const muxed: SectionEdit = { ...PLAIN, place: { ...PLACE, rtcpPort: undefined }, attributes: ['rtcp-mux'] };

  expect(rewrite(short, 0, PLAIN)).toContain('\r\na=rtcp:40001\r\n');
  expect(rewrite(long, 0, PLAIN)).toContain('\r\na=rtcp:40001 IN IP4 198.51.100.7\r\n');
  expect(rewrite(none, 0, PLAIN)).not.toContain('a=rtcp');
  expect(rewrite(none, 0, apart)).toContain('\r\na=rtcp:41000\r\n');
  expect(rewrite(long, 0, muxed)).toMatch(/a=rtcp-mux\r\n$/);
  expect(rewrite(long, 0, muxed)).not.toContain('a=rtcp:');
});

test('ICE, DTLS and SSRC lines go from the anchored section only', () => {
  const bound =
    'a=ice-ufrag:x\r\na=ice-pwd:y\r\na=candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\na=end-of-candidates\r\n' +
    'a=ice-options:trickle\r\na=remote-candidates:1 192.0.2.1 9\r\na=setup:actpass\r\na=fingerprint:sha-256 AA\r\n' +
    'a=tls-id:1\r\na=ssrc:1 cname:a\r\na=ssrc-group:FID 1 2\r\na=rtcp-mux\r\n';
  const before = `v=0\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nm=audio 5004 RTP/AVP 0\r\n${bound}a=mid:0\r\nm=video 5006 RTP/AVP 31\r\n${bound}`;

  expect(rewrite(before, 0, PLAIN)).toBe(
    'v=0\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nm=audio 40000 RTP/AVP 0\r\nc=IN IP4 198.51.100.7\r\na=mid:0\r\n' +
      `m=video 5006 RTP/AVP 31\r\n${bound}`,
  );
});

test('a session-level line that another section lives by is copied into it, unless it has its own or is closed', () => {
  const before =
    'v=0\r\ns=-\r\nc=IN IP4 192.0.2.1\r\na=ice-ufrag:s\r\na=ice-lite\r\na=setup:active\r\n' +
    'm=audio 5004 RTP/AVP 0\r\nm=video 5006 RTP/AVP 31\r\na=setup:passive\r\nm=text 0 RTP/AVP 98\r\nm=image 5008 udptl t38';

  expect(rewrite(before, 0, PLAIN)).toBe(
    'v=0\r\ns=-\r\nc=IN IP4 192.0.2.1\r\na=ice-lite\r\n' +
      'm=audio 40000 RTP/AVP 0\r\nc=IN IP4 198.51.100.7\r\n' +
      'm=video 5006 RTP/AVP 31\r\na=setup:passive\r\na=ice-ufrag:s\r\n' +
      'm=text 0 RTP/AVP 98\r\nm=image 5008 udptl t38\r\na=ice-ufrag:s\r\na=setup:active',
  );
});

test('with no other open section, session-level ICE lines go altogether', () => {
  const before = 'v=0\r\ns=-\r\nc=IN IP4 192.0.2.1\r\na=ice-lite\r\na=ice-options:x\r\nm=audio 5004 RTP/AVP 0\r\n';

  expect(rewrite(before, 0, PLAIN)).not.toContain('a=ice');
});

test('a hostile heap of session-level lines is not multiplied by the sections', () => {
  const heap = 'a=fingerprint:sha-256 AA\r\n'.repeat(900);
  const before = `v=0\r\ns=-\r\n${heap}m=audio 5004 RTP/AVP 0\r\n${'m=video 5006 RTP/AVP 31\r\n'.repeat(31)}`;

  expect(rewrite(before, 0, PLAIN).length).toBeLessThan(before.length);
});

test('closing a section writes port 0 and its reader’s profile, and takes the keys away', () => {
  const before =
    'v=0\r\ns=-\r\nm=audio 5004 UDP/TLS/RTP/SAVP 0\r\nc=IN IP4 192.0.2.1\r\na=crypto:1 X inline:a\r\na=sendrecv\r\n';
  const closed: SectionEdit = { ...PLAIN, transport: 'savp', place: undefined };

  expect(rewrite(before, 0, closed)).toBe('v=0\r\ns=-\r\nm=audio 0 RTP/SAVP 0\r\nc=IN IP4 192.0.2.1\r\na=sendrecv\r\n');
});

const CLOSED_LIST =
  /^(c=|a=(rtcp|rtcp-mux|rtcp-mux-only|crypto|setup|fingerprint|tls-id|ssrc|ssrc-group|candidate|remote-candidates|end-of-candidates|ice-[a-z]+)(:|$))/;

test('outside the closed list, the output is the input byte for byte, line by line', () => {
  const line = fc.constantFrom(
    'i=x',
    'b=AS:64',
    'k=clear:z',
    'a=rtpmap:0 PCMU/8000',
    'a=fmtp:101 0-16',
    'a=sendonly',
    'a=mid:0',
    'a=rtcp-fb:* nack',
    'a=rtcp-rsize',
    'a=rtcp:9',
    'a=rtcp-mux',
    'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AA',
    'a=setup:actpass',
    'a=fingerprint:sha-256 00',
    'a=ice-ufrag:q',
    'a=candidate:1 1 UDP 1 192.0.2.1 9 typ host',
    'a=ssrc:1 cname:x',
    'a=x-vendor:\xfe\xff',
    'a=',
  );
  const lines = fc.array(line, { maxLength: 8 });
  const media = fc.constantFrom('m=video 5006 RTP/AVP 31', 'm=image 0 udptl t38', 'm=audio 5008 RTP/AVP 8');
  const section = fc.tuple(media, lines).map(([head, rest]) => [head, ...rest]);
  fc.assert(
    fc.property(
      fc.record({
        session: lines,
        own: lines,
        hasOwnC: fc.boolean(),
        others: fc.array(section, { maxLength: 3 }),
        eol: fc.constantFrom('\r\n', '\n'),
        isEnded: fc.boolean(),
        edit: fc.constantFrom<SectionEdit>(PLAIN, SECURE, RELAYED),
      }),
      ({ session, own, hasOwnC, others, eol, isEnded, edit }) => {
        const anchored = ['m=audio 5004 RTP/AVPF 0 101', ...(hasOwnC ? ['c=IN IP4 192.0.2.2'] : []), ...own];
        const all = ['v=0', 's=-', 'c=IN IP4 192.0.2.1', ...session, ...anchored, ...others.flat()];
        const before = all.join(eol) + (isEnded ? eol : '');

        const after = rewrite(before, 0, edit);

        const rewritten = `m=audio 40000 RTP/${edit === SECURE ? 'SAVPF' : 'AVPF'} 0 101`;
        expect(kept(after)).toEqual(kept(before).map((text) => text.replace(/^m=audio 5004.*101/, rewritten)));
        if (edit === RELAYED) expect(keysIn(after)).toEqual(expect.arrayContaining(keysIn(anchored.join(eol))));
        if (isEnded) expect(after.endsWith(eol)).toBe(true);
        expect(scanSdp(Buffer.from(after, 'latin1')).kind).toBe('sdp');
        // Other sections lose nothing.
        for (const text of others.flat()) expect(after).toContain(text);
        expect(after).toContain(`c=IN IP4 192.0.2.1${eol}`);
      },
    ),
  );
});

test('a transport is written as the offer had it; feedback stays behind with a handshake, and otherwise as it was', () => {
  const browser = 'v=0\r\ns=-\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\n';

  expect(rewrite(browser, 0, PLAIN)).toContain('m=audio 40000 RTP/AVP 0\r\n');
  expect(rewrite(browser, 0, { ...PLAIN, proto: 'RTP/AVPF' })).toContain(' RTP/AVPF 0\r\n');
  expect(rewrite(browser, 0, { ...PLAIN, transport: 'tls', proto: 'udp/tls/rtp/savp' })).toContain(
    ' UDP/TLS/RTP/SAVPF 0',
  );
});

test('what we say of ourselves stands in one place, in our order, or where they said the same', () => {
  const before =
    'v=0\r\ns=-\r\nm=audio 9 UDP/TLS/RTP/SAVP 0\r\na=x\r\na=setup:active\r\na=y\r\na=fingerprint:sha-1 0\r\n';
  const attributes = ['rtcp-mux', 'setup:passive', 'fingerprint:sha-256 AA', 'tls-id:z', 'candidate:1', 'candidate:2'];

  expect(rewrite(before, 0, { ...PLAIN, transport: 'tls', attributes })).toBe(
    'v=0\r\ns=-\r\nm=audio 40000 UDP/TLS/RTP/SAVP 0\r\nc=IN IP4 198.51.100.7\r\na=rtcp-mux\r\na=tls-id:z\r\na=candidate:1\r\n' +
      'a=candidate:2\r\na=x\r\na=setup:passive\r\na=y\r\na=fingerprint:sha-256 AA\r\n',
  );
});

test('we say that we are a lite agent once, and name and group a line only where nobody did', () => {
  const edit: SectionEdit = { ...PLAIN, iceLite: true, bundle: { mid: 'm0' } };
  const bare = 'v=0\r\ns=-\r\na=tool:x\r\nm=audio 9 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n';
  const said =
    'v=0\r\ns=-\r\na=ice-lite\r\na=group:BUNDLE q\r\nm=audio 9 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\na=mid:q\r\n';

  const head = rewrite(bare, 0, edit).split('m=')[0];

  expect(head).toBe('v=0\r\ns=-\r\na=group:BUNDLE m0\r\na=ice-lite\r\na=tool:x\r\n');
  expect(rewrite(bare, 0, edit)).toContain('\r\na=mid:m0\r\n');
  expect(rewrite(said, 0, edit)).toBe(said.replace(' 9 ', ' 40000 ').replace('192.0.2.1', '198.51.100.7'));
});

test('a relayed section says our place and no ICE, keeps its keys, and loses its session’s ICE too', () => {
  const before =
    'v=0\r\ns=-\r\nc=IN IP4 192.0.2.1\r\na=ice-ufrag:s\r\na=ice-pwd:t\r\na=setup:active\r\n' +
    'm=video 5006 RTP/SAVP 31\r\na=crypto:1 x\r\na=ssrc:1 a\r\na=candidate:1\r\nm=text 5008 RTP/AVP 98\r\n';

  expect(rewrite(before, 0, { kind: 'relayed', place: PLACE })).toBe(
    'v=0\r\ns=-\r\nc=IN IP4 192.0.2.1\r\na=setup:active\r\n' +
      'm=video 40000 RTP/SAVP 31\r\nc=IN IP4 198.51.100.7\r\na=crypto:1 x\r\na=ssrc:1 a\r\n' +
      'm=text 5008 RTP/AVP 98\r\na=ice-ufrag:s\r\na=ice-pwd:t\r\n',
  );
});

test('a refused section changes its port alone', () => {
  const before = 'v=0\r\ns=-\r\na=setup:active\r\nm=video 5006 RTP/SAVP 31\r\na=crypto:1 x\r\na=candidate:1\r\n';

  expect(rewrite(before, 0, { kind: 'closed' })).toBe(before.replace('5006', '0'));
});

test('rewriting what was rewritten changes nothing', () => {
  const before =
    'v=0\r\ns=-\r\nc=IN IP4 192.0.2.1\r\na=setup:active\r\nm=audio 5004 RTP/AVP 0\r\na=ice-lite\r\nm=video 1 RTP/AVP 31\r\n';

  const once = rewrite(before, 0, SECURE);

  expect(rewrite(once, 0, SECURE)).toBe(once);
});

function rewrite(text: string, index: number, edit: SectionEdit): string {
  const bytes = Buffer.from(text, 'latin1');
  const scan = scanSdp(bytes);
  if (scan.kind === 'refused') throw new Error(scan.reason);
  return applySplices(bytes, rewriteSdp(scan.sdp, new Map([[index, edit]]))).toString('latin1');
}

/** What a relayed section keeps beyond what every section does. */
function keysIn(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => /^a=(crypto|setup|fingerprint|ssrc|rtcp-mux)\b/.test(line));
}

function kept(text: string): string[] {
  return text
    .split(/(?<=\n)/)
    .map((line) => line.replace(/\r?\n$/, ''))
    .filter((line) => !CLOSED_LIST.test(line));
}
