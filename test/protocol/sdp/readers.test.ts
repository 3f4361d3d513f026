import { expect, test } from 'vitest';
import { readDirection, readPtimeMs } from '../../../src/protocol/sdp/attribute.ts';
import { parseConnection, readConnection, readRtcp } from '../../../src/protocol/sdp/connection.ts';
import type { MediaSection, Sdp } from '../../../src/protocol/sdp/description.ts';
import { readProfile, readRtpProfile, writeRtpProfile } from '../../../src/protocol/sdp/media-line.ts';
import { readPayloads } from '../../../src/protocol/sdp/payload.ts';
import { scanSdp } from '../../../src/protocol/sdp/scan.ts';

test('a section lives by its own connection, else by the session’s', () => {
  const { sdp, section } = audio('c=IN IP4 192.0.2.1\r\n', '');
  const own = audio('c=IN IP4 192.0.2.1\r\n', 'c=IN IP6 2001:db8::1\r\n');

  expect(readConnection(sdp, section)).toEqual({ family: 4, address: '192.0.2.1', isMulticast: false });
  expect(readConnection(own.sdp, own.section)).toEqual({ family: 6, address: '2001:db8::1', isMulticast: false });
});

test('several connections in one section, or none anywhere, are no connection', () => {
  const several = audio('', 'c=IN IP4 224.2.1.1/127\r\nc=IN IP4 224.2.1.2/127\r\n');
  const none = audio('', '');

  expect(readConnection(several.sdp, several.section)).toBeUndefined();
  expect(readConnection(none.sdp, none.section)).toBeUndefined();
  expect(parseConnection('IN IP4 224.2.1.1/127/3')?.isMulticast).toBe(true);
  expect(parseConnection('ATM NSAP 47')).toBeUndefined();
});

test('a=rtcp is read with and without an address, and refused out of range', () => {
  expect(readRtcp(audio('', 'a=rtcp:5010\r\n').section)).toEqual({ port: 5010, connection: undefined });
  expect(readRtcp(audio('', 'a=rtcp:5010 IN IP4 192.0.2.9\r\n').section)?.connection?.address).toBe('192.0.2.9');
  expect(readRtcp(audio('', 'a=rtcp:0\r\n').section)).toBeUndefined();
  expect(readRtcp(audio('', 'a=rtcp:65536\r\n').section)).toBeUndefined();
});

test('direction is the section’s own, else the session’s, else both ways', () => {
  const own = audio('a=inactive\r\n', 'a=recvonly\r\n');
  const inherited = audio('a=inactive\r\n', '');
  const silent = audio('', '');

  expect(readDirection(own.sdp, own.section)).toBe('recvonly');
  expect(readDirection(inherited.sdp, inherited.section)).toBe('inactive');
  expect(readDirection(silent.sdp, silent.section)).toBe('sendrecv');
});

test('ptime is whole milliseconds within reason, or unknown', () => {
  expect(readPtimeMs(audio('', 'a=ptime:30\r\n').section)).toBe(30);
  expect(readPtimeMs(audio('', 'a=ptime:0\r\n').section)).toBeUndefined();
  expect(readPtimeMs(audio('', 'a=ptime:1e9\r\n').section)).toBeUndefined();
  expect(readPtimeMs(audio('', '').section)).toBeUndefined();
});

test('static payload types need no rtpmap, and G722 has the 8000 Hz clock of RFC 3551', () => {
  expect(readPayloads(audio('', '', '0 8 9 18').section)).toEqual([
    { payloadType: 0, encoding: 'PCMU', clockRateHz: 8000 },
    { payloadType: 8, encoding: 'PCMA', clockRateHz: 8000 },
    { payloadType: 9, encoding: 'G722', clockRateHz: 8000 },
    { payloadType: 18, encoding: 'other', clockRateHz: 8000 },
  ]);
});

test('dynamic payload types mean what their rtpmap says, in any case of letters', () => {
  const maps =
    'a=rtpmap:96 opus/48000/2\r\na=rtpmap:101 TELEPHONE-event/8000\r\na=rtpmap:110 pcma/8000\r\n' +
    'a=rtpmap:111 PCMU/16000\r\na=rtpmap:0 G722/8000\r\n';

  expect(readPayloads(audio('', maps, '96 101 110 111 0 97').section)).toEqual([
    { payloadType: 96, encoding: 'other', clockRateHz: 48_000 },
    { payloadType: 101, encoding: 'telephone-event', clockRateHz: 8000 },
    { payloadType: 110, encoding: 'PCMA', clockRateHz: 8000 },
    { payloadType: 111, encoding: 'other', clockRateHz: 16_000 },
    { payloadType: 0, encoding: 'G722', clockRateHz: 8000 },
    { payloadType: 97, encoding: 'other', clockRateHz: 8000 },
  ]);
});

test('formats that are no payload types are left out, and the map has a limit', () => {
  const many = Array.from({ length: 60 }, (_, index) => index).join(' ');

  expect(readPayloads(audio('', '', '* 300 8 8').section)).toHaveLength(1);
  expect(readPayloads(audio('', '', many).section)).toHaveLength(32);
});

test('six RTP profiles are ours, and only those without a handshake to who speaks no DTLS', () => {
  for (const proto of ['RTP/AVP', 'RTP/AVPF', 'RTP/SAVP', 'RTP/SAVPF', 'UDP/TLS/RTP/SAVP', 'UDP/TLS/RTP/SAVPF']) {
    expect(writeRtpProfile(readRtpProfile(proto)!)).toBe(proto);
    expect(readProfile(proto)).toEqual(proto.startsWith('UDP') ? undefined : readRtpProfile(proto));
  }
  expect(readRtpProfile('udp/tls/rtp/savp')).toEqual({ transport: 'tls', secure: true, feedback: false });
  for (const proto of ['TCP/RTP/AVP', 'TCP/TLS/RTP/SAVP', 'RTP/AVPFX', 'UDP', '']) {
    expect(readRtpProfile(proto)).toBeUndefined();
  }
});

function audio(session: string, lines: string, formats = '0'): { sdp: Sdp; section: MediaSection } {
  const text = `v=0\r\no=- 20518 2 IN IP4 203.0.113.1\r\ns=-\r\n${session}t=0 0\r\nm=audio 5004 RTP/AVP ${formats}\r\n${lines}`;
  const scan = scanSdp(Buffer.from(text, 'latin1'));
  if (scan.kind === 'refused') throw new Error(scan.reason);
  return { sdp: scan.sdp, section: scan.sdp.media[0]! };
}
