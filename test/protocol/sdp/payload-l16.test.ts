import { expect, test } from 'vitest';
import { readPayloads } from '../../../src/protocol/sdp/payload.ts';
import { scanSdp } from '../../../src/protocol/sdp/scan.ts';

function payloadsOf(formats: string, ...rtpmaps: readonly string[]) {
  const lines = ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 't=0 0', `m=audio 4000 RTP/AVP ${formats}`];
  const scan = scanSdp(Buffer.from([...lines, ...rtpmaps.map((map) => `a=rtpmap:${map}`), ''].join('\r\n')));
  if (scan.kind !== 'sdp') throw new Error(`refused: ${scan.reason}`);
  return readPayloads(scan.sdp.media[0]!);
}

test('linear samples of one channel at a rate we decode are L16, whose clock is their rate', () => {
  expect(payloadsOf('96 97 98', '96 L16/8000', '97 l16/16000/1', '98 L16/44100')).toEqual([
    { payloadType: 96, encoding: 'L16', clockRateHz: 8000 },
    { payloadType: 97, encoding: 'L16', clockRateHz: 16_000 },
    { payloadType: 98, encoding: 'L16', clockRateHz: 44_100 },
  ]);
});

test('the static types are 11 in mono, which we decode, and 10 in stereo, which we do not', () => {
  expect(payloadsOf('11 10')).toEqual([
    { payloadType: 11, encoding: 'L16', clockRateHz: 44_100 },
    { payloadType: 10, encoding: 'other', clockRateHz: 44_100 },
  ]);
});

test('linear samples of other rates, or of several channels, are other', () => {
  expect(payloadsOf('96 97 98', '96 L16/48000', '97 L16/16000/2', '98 L24/16000').map((row) => row.encoding)).toEqual([
    'other',
    'other',
    'other',
  ]);
});
