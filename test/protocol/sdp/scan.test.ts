import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Sdp } from '../../../src/protocol/sdp/description.ts';
import { MAX_SDP_BYTES, scanSdp } from '../../../src/protocol/sdp/scan.ts';

const HEAD = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n';

test('every line is found at its own bytes, and the sections cover the whole description', () => {
  const text = `${HEAD}c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 5004/1 RTP/AVP 0 8\r\na=ptime:20\r\nm=video 0 RTP/AVP 31\r\n`;

  const sdp = scanned(text);

  const lines = [sdp.session, ...sdp.media].flatMap((section) => section.lines);
  expect(lines.map((line) => text.slice(line.at, line.next)).join('')).toBe(text);
  expect(sdp.media.map((section) => text.slice(section.at, section.at + 7))).toEqual(['m=audio', 'm=video']);
  expect(sdp.media[0]?.media).toMatchObject({ media: 'audio', portCount: 1, formats: ['0', '8'] });
  const { port, proto } = sdp.media[0]!.media;
  expect(text.slice(port.at, port.at + port.length)).toBe('5004');
  expect(text.slice(proto.at, proto.at + proto.length)).toBe('RTP/AVP');
});

test('bare LF, a last line without an end, and blank lines at the end are all read', () => {
  expect(scanned('v=0\ns=-\nm=audio 9 RTP/AVP 0\n').eol).toBe('\n');
  expect(scanned(`${HEAD}m=audio 9 RTP/AVP 0`).media).toHaveLength(1);
  expect(scanned(`${HEAD}m=audio 9 RTP/AVP 0\r\n\r\n\r\n`).media[0]?.lines).toHaveLength(1);
});

test('what two readers could read differently is refused', () => {
  expect(refusal(`${HEAD}a=x\ra=crypto:1\r\n`)).toBe('lone_cr');
  expect(refusal(`${HEAD}a=x\0y\r\n`)).toBe('nul_byte');
  expect(refusal(`${HEAD}\r\nm=audio 9 RTP/AVP 0\r\n`)).toBe('not_a_line');
  expect(refusal(`${HEAD} a=folded\r\n`)).toBe('not_a_line');
  expect(refusal(`${HEAD}m=audio RTP/AVP 0\r\n`)).toBe('bad_media_line');
  expect(refusal(`${HEAD}m=audio 70000 RTP/AVP 0\r\n`)).toBe('bad_media_line');
  expect(refusal('s=-\r\n')).toBe('no_version');
  expect(refusal('')).toBe('empty');
});

test('what is too large is refused', () => {
  expect(refusal(`${HEAD}a=${'x'.repeat(MAX_SDP_BYTES)}\r\n`)).toBe('too_long');
  expect(refusal(HEAD + 'a=x\r\n'.repeat(1000))).toBe('too_many_lines');
  expect(refusal(HEAD + 'm=audio 9 RTP/AVP 0\r\n'.repeat(33))).toBe('too_many_media');
});

test('no bytes make it throw, and offsets never leave the bytes', () => {
  const pieces = fc.constantFrom(
    'v=0\r\n',
    'm=audio 9 RTP/AVP 0\r\n',
    'a=',
    '\r\n',
    '\n',
    '\r',
    'm=',
    'c=IN IP4 ',
    '\0',
  );
  const letters = fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, letters), { maxLength: 20 }), (parts) => {
      const bytes = Buffer.from(`v=0\r\n${parts.join('')}`, 'latin1');
      const scan = scanSdp(bytes);
      if (scan.kind === 'refused') return;
      for (const section of [scan.sdp.session, ...scan.sdp.media]) {
        for (const line of section.lines) {
          expect(line.at + 2).toBeLessThanOrEqual(line.end);
          expect(line.end).toBeLessThanOrEqual(line.next);
          expect(line.next).toBeLessThanOrEqual(bytes.length);
        }
      }
    }),
  );
});

function scanned(text: string): Sdp {
  const scan = scanSdp(Buffer.from(text, 'latin1'));
  if (scan.kind === 'refused') throw new Error(scan.reason);
  return scan.sdp;
}

function refusal(text: string): string | undefined {
  const scan = scanSdp(Buffer.from(text, 'latin1'));
  return scan.kind === 'refused' ? scan.reason : undefined;
}
