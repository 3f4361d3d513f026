import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  answerDirection,
  readRemoteMedia,
  writeSdp,
  type LocalMedia,
  type RemoteMedia,
} from '../../../src/demo/softphone/session-description.ts';

const KEY = { suite: 'AES_CM_128_HMAC_SHA1_80', keySalt: Buffer.alloc(30, 7).toString('base64') } as const;
const LOCAL: LocalMedia = {
  rtp: { address: '127.0.0.1', port: 40_000 },
  codec: 'G722',
  key: KEY,
  direction: 'sendrecv',
  sessionId: '1',
  version: 1,
};
const SDES = { codec: 'G722', security: 'sdes' } as const;

test('an offer says one codec, one profile and one key', () => {
  expect(writeSdp(LOCAL).split('\r\n')).toEqual([
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    'm=audio 40000 RTP/SAVP 9',
    'a=rtpmap:9 G722/8000',
    'a=ptime:20',
    `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY.keySalt}`,
    'a=sendrecv',
    '',
  ]);
});

test('what one phone writes the other reads', () => {
  expect(read(writeSdp(LOCAL), 'offer')).toEqual({
    rtp: LOCAL.rtp,
    rtcp: { address: '127.0.0.1', port: 40_001 },
    key: KEY,
    cryptoTag: 1,
    direction: 'sendrecv',
    lines: ['m=audio 0 RTP/SAVP 9'],
    audioLine: 0,
  });
});

test('an answer echoes the tag it was offered and refuses every other line in its place', () => {
  const offered = writeSdp(LOCAL)
    .replace('a=crypto:1 ', 'a=crypto:7 ')
    .replace('m=audio', 'm=video 5000 RTP/AVP 96\r\nm=audio');
  const offer = read(offered, 'offer') as RemoteMedia;

  const answer = writeSdp(LOCAL, offer);

  expect(answer.split('\r\n').filter((line) => /^(m=|a=crypto)/.test(line))).toEqual([
    'm=video 0 RTP/AVP 96',
    'm=audio 40000 RTP/SAVP 9',
    `a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:${KEY.keySalt}`,
  ]);
});

test('of several key lines the one of the wanted suite is taken, with its tag, or none', () => {
  const other = { suite: 'AEAD_AES_256_GCM', keySalt: Buffer.alloc(44, 8).toString('base64') } as const;
  const offered = writeSdp(LOCAL).replace(
    'a=crypto:1 ',
    `a=crypto:5 ${other.suite} inline:${other.keySalt}\r\na=crypto:6 `,
  );

  expect(read(offered, 'offer')).toMatchObject({ key: KEY, cryptoTag: 6 });
  expect(readRemoteMedia(Buffer.from(offered), { ...SDES, role: 'offer', suite: other.suite })).toMatchObject({
    key: other,
    cryptoTag: 5,
  });
  expect(readRemoteMedia(Buffer.from(offered), { ...SDES, role: 'offer', suite: 'AEAD_AES_128_GCM' })).toBe('no_key');
});

test('an answer with a tag, a suite or a profile that was not offered is refused', () => {
  const sdp = writeSdp(LOCAL);

  expect(read(sdp.replace('crypto:1 ', 'crypto:2 '), 'answer')).toBe('key_tag');
  expect(read(sdp.replace('AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32'), 'answer')).toBe('no_key');
  expect(read(sdp.replace('RTP/SAVP', 'RTP/AVP'), 'answer')).toBe('profile');
  expect(read(sdp.replace(/a=crypto.*\r\n/, ''), 'answer')).toBe('no_key');
  expect(read(sdp.replace('c=IN IP4 127.0.0.1', 'c=IN IP4 media.example'), 'answer')).toBe('address');
  expect(read(sdp.replace('RTP/SAVP 9', 'RTP/SAVP 0'), 'answer')).toBe('codec');
  expect(read(sdp.replace('m=audio 40000', 'm=audio 0'), 'answer')).toBe('no_audio');
});

test('a port for RTCP is read where it is named', () => {
  const sdp = writeSdp(LOCAL).replace('a=ptime', 'a=rtcp:5555 IN IP4 127.0.0.9\r\na=ptime');

  expect(read(sdp, 'offer')).toMatchObject({ rtcp: { address: '127.0.0.9', port: 5555 } });
});

test('junk is never more than a problem', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom('v=0', 'm=audio 1 RTP/SAVP 9', 'c=IN IP4 1.2.3.4'))),
      (lines) => {
        expect(typeof read(lines.join('\r\n'), 'offer')).toBe('string');
      },
    ),
  );
});

test('each direction is answered by what both allow', () => {
  expect(answerDirection('sendonly', 'sendrecv')).toBe('recvonly');
  expect(answerDirection('recvonly', 'sendrecv')).toBe('sendonly');
  expect(answerDirection('inactive', 'sendrecv')).toBe('inactive');
  expect(answerDirection('sendrecv', 'sendonly')).toBe('sendonly');
  expect(answerDirection('sendonly', 'sendonly')).toBe('inactive');
});

function read(sdp: string, role: 'offer' | 'answer'): ReturnType<typeof readRemoteMedia> {
  return readRemoteMedia(Buffer.from(sdp, 'latin1'), { ...SDES, role });
}
