import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeCredentials } from '../../../src/protocol/ice/credentials.ts';
import {
  isIceRestart,
  LITE_SESSION_LINE,
  MAX_CANDIDATES,
  readIce,
  readIceCredentials,
  writeLiteSection,
  type IceReading,
  type PeerIce,
} from '../../../src/protocol/sdp/ice.ts';
import { scanSdp } from '../../../src/protocol/sdp/scan.ts';

const UFRAG = 'a=ice-ufrag:8hhY\r\n';
const PASSWORD = 'a=ice-pwd:asd88fgpdd777uzjYhagZg\r\n';

test('what browsers and libdatachannel write is read', () => {
  const chromium = usable(fixture('chromium-offer.sdp'));
  const answer = usable(fixture('chromium-answer.sdp'));
  const channel = usable(fixture('libdatachannel-offer.sdp'));
  const channelAnswer = usable(fixture('libdatachannel-answer.sdp'));

  for (const ice of [chromium, answer, channel, channelAnswer]) {
    expect(ice.isLite).toBe(false);
    expect(ice.options).toContain('trickle');
    expect(ice.candidates[0]).toMatchObject({ component: 1, type: 'host' });
  }
  expect(channel.options).toEqual(['ice2', 'trickle']);
  expect(chromium.candidates).toHaveLength(4);
});

test('the section speaks before the session, and both may share what is said', () => {
  const session = 'a=ice-ufrag:sess\r\na=ice-pwd:sessionPasswordOf22Char\r\na=ice-lite\r\na=ice-options:ice2\r\n';

  expect(usable(sdp(session, ''))).toMatchObject({ ufrag: 'sess', isLite: true, options: ['ice2'] });
  expect(usable(sdp(session, UFRAG + PASSWORD))).toMatchObject({ ufrag: '8hhY', password: 'asd88fgpdd777uzjYhagZg' });
  expect(usable(sdp(PASSWORD, UFRAG))).toMatchObject({ ufrag: '8hhY' });
});

test('ice-lite is heard in the session part alone', () => {
  expect(usable(sdp('', `${UFRAG}${PASSWORD}a=ice-lite\r\n`)).isLite).toBe(false);
});

test('no credentials, or a mismatch, is no ICE', () => {
  expect(read(sdp('a=ice-lite\r\n', 'a=candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\n'))).toEqual({ kind: 'none' });
  expect(read(sdp('', `${UFRAG}${PASSWORD}a=ice-mismatch\r\n`))).toEqual({ kind: 'none' });
});

test('half of the credentials, two of one, or wrong ones are refused by name', () => {
  const reason = (section: string): string | undefined => {
    const reading = read(sdp('', section));
    return reading.kind === 'refused' ? reading.reason : undefined;
  };

  expect(reason(UFRAG)).toBe('incomplete');
  expect(reason(PASSWORD)).toBe('incomplete');
  expect(reason(UFRAG + UFRAG + PASSWORD)).toBe('repeated');
  expect(reason(`${UFRAG}${PASSWORD}a=ice-pwd:${'x'.repeat(22)}\r\n`)).toBe('repeated');
  expect(reason(`a=ice-ufrag:abc\r\n${PASSWORD}`)).toBe('ufrag');
  expect(reason(`a=ice-ufrag:${'a'.repeat(257)}\r\n${PASSWORD}`)).toBe('ufrag');
  expect(reason(`a=ice-ufrag:ab:cd\r\n${PASSWORD}`)).toBe('ufrag');
  expect(reason(`a=ice-ufrag:ab cd\r\n${PASSWORD}`)).toBe('ufrag');
  expect(reason(`${UFRAG}a=ice-pwd:${'x'.repeat(21)}\r\n`)).toBe('password');
  expect(reason(`${UFRAG}a=ice-pwd:${'x'.repeat(257)}\r\n`)).toBe('password');
  expect(reason(`${UFRAG}a=ice-pwd:${'x'.repeat(21)}é\r\n`)).toBe('password');
});

test('credentials alone are read, or are not there', () => {
  const credentials = (section: string): unknown => {
    const scan = scanSdp(Buffer.from(sdp('', section), 'latin1'));
    return scan.kind === 'sdp' && readIceCredentials(scan.sdp, scan.sdp.media[0]!);
  };

  expect(credentials(UFRAG + PASSWORD)).toEqual({ ufrag: '8hhY', password: 'asd88fgpdd777uzjYhagZg' });
  expect(credentials(UFRAG)).toBeUndefined();
  expect(credentials('')).toBeUndefined();
});

test('candidates that name no UDP address are passed over, and only so many are read', () => {
  const lines = [
    'candidate:1 1 udp 2113937151 192.0.2.2 47964 typ host generation 0 network-cost 999',
    'candidate:2 2 UDP 1694498815 2001:db8::1 45664 typ srflx raddr 203.0.113.141 rport 8998',
    'candidate:3 1 udp 1 0b9cd2a1-7c1f-4a3e-9a1b-2f6b0b6a7c11.local 5000 typ host',
    'candidate:4 1 tcp 1518283839 192.0.2.2 9 typ host tcptype active',
    'candidate:5 0 udp 1 192.0.2.2 9 typ host',
    'candidate:6 1 udp 1 192.0.2.2 70000 typ host',
    'candidate:7 1 udp 1 192.0.2.2 9 tip host',
    'candidate:',
    `candidate:8 1 udp 1 192.0.2.2 9 typ host ${'x y '.repeat(200)}`,
  ];
  const many = 'a=candidate:1 1 udp 1 192.0.2.2 9 typ host\r\n'.repeat(MAX_CANDIDATES + 1);
  const section = UFRAG + PASSWORD + lines.map((line) => `a=${line}\r\n`).join('');

  expect(usable(sdp('', section)).candidates).toEqual([
    { component: 1, priority: 2113937151, address: '192.0.2.2', port: 47964, type: 'host' },
    { component: 2, priority: 1694498815, address: '2001:db8::1', port: 45664, type: 'srflx' },
  ]);
  expect(usable(sdp('', UFRAG + PASSWORD + many)).candidates).toHaveLength(MAX_CANDIDATES);
});

test('a change of either credential is a restart, the same ones are not', () => {
  const before = { ufrag: 'aaaa', password: 'p'.repeat(22) };

  expect(isIceRestart(before, { ...before })).toBe(false);
  expect(isIceRestart(before, { ...before, ufrag: 'bbbb' })).toBe(true);
  expect(isIceRestart(before, { ...before, password: 'q'.repeat(22) })).toBe(true);
});

test('what we write says a lite agent with one candidate for each component', () => {
  const lite = { ufrag: 'oUrS', password: 'x'.repeat(24), address: '192.0.2.1', rtpPort: 4000 };

  expect(LITE_SESSION_LINE).toBe('ice-lite');
  expect(writeLiteSection({ ...lite, rtcpPort: undefined })).toEqual([
    'ice-options:ice2',
    'ice-ufrag:oUrS',
    `ice-pwd:${'x'.repeat(24)}`,
    'candidate:1 1 UDP 2130706431 192.0.2.1 4000 typ host',
  ]);
  expect(writeLiteSection({ ...lite, address: '2001:db8::1', rtcpPort: 4001 }).slice(-2)).toEqual([
    'candidate:1 1 UDP 2130706431 2001:db8::1 4000 typ host',
    'candidate:1 2 UDP 2130706430 2001:db8::1 4001 typ host',
  ]);
});

test('what we write is read as what we meant', () => {
  const random = fc.uint8Array({ minLength: 18, maxLength: 18 });
  fc.assert(
    fc.property(random, fc.integer({ min: 1024, max: 65_534 }), fc.boolean(), (bytes, rtpPort, isMuxed) => {
      const made = makeCredentials((sizeBytes) => bytes.subarray(0, sizeBytes));
      const lines = writeLiteSection({
        ...made,
        address: '192.0.2.1',
        rtpPort,
        rtcpPort: isMuxed ? undefined : rtpPort + 1,
      });

      const ice = usable(sdp(`a=${LITE_SESSION_LINE}\r\n`, lines.map((line) => `a=${line}\r\n`).join('')));

      expect(ice).toMatchObject({ ...made, isLite: true, options: ['ice2'] });
      expect(ice.candidates.map(({ port }) => port)).toEqual(isMuxed ? [rtpPort] : [rtpPort, rtpPort + 1]);
    }),
  );
});

function sdp(session: string, section: string): string {
  return `v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n${session}m=audio 9 RTP/AVP 0\r\n${section}`;
}

function fixture(name: string): string {
  return readFileSync(join(import.meta.dirname, '../../vectors/sdp', name), 'latin1');
}

function read(text: string): IceReading {
  const scan = scanSdp(Buffer.from(text, 'latin1'));
  if (scan.kind === 'refused') throw new Error(scan.reason);
  return readIce(scan.sdp, scan.sdp.media[0]!);
}

function usable(text: string): PeerIce {
  const reading = read(text);
  if (reading.kind !== 'ice') throw new Error(JSON.stringify(reading));
  return reading.ice;
}
