import { expect, test } from 'vitest';
import { classify } from '../../../src/protocol/rtp/classify.ts';

test('the first byte tells protocols apart at the borders of RFC 7983', () => {
  const kinds = [0, 3, 4, 15, 16, 19, 20, 63, 64, 79, 80, 127, 128, 191, 192, 255].map((first) =>
    classify(Buffer.from([first, 0])),
  );

  expect(kinds).toEqual([
    ...['stun', 'stun', 'junk', 'junk', 'zrtp', 'zrtp', 'dtls', 'dtls'],
    ...['turn', 'turn', 'junk', 'junk', 'rtp', 'rtp', 'junk', 'junk'],
  ]);
});

test('the second byte tells RTCP from RTP as RFC 5761 says', () => {
  const kinds = [0, 127, 128, 191, 192, 200, 223, 224, 255].map((second) => classify(Buffer.from([0x80, second])));

  expect(kinds).toEqual(['rtp', 'rtp', 'rtp', 'rtp', 'rtcp', 'rtcp', 'rtcp', 'rtp', 'rtp']);
});

test('fewer than two bytes are junk', () => {
  expect(classify(Buffer.from([0x80]))).toBe('junk');
  expect(classify(Buffer.alloc(0))).toBe('junk');
});
