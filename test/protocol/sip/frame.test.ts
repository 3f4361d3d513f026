import { expect, test } from 'vitest';
import { frameMessage, MAX_BODY_BYTES, MAX_HEAD_BYTES } from '../../../src/protocol/sip/frame.ts';
import { linesNamed, valueText } from '../../../src/protocol/sip/head-index.ts';
import { invite, message, verdict } from './messages.ts';

function framed(bytes: Buffer) {
  const result = frameMessage(bytes);
  if (result.kind !== 'framed') throw new Error(result.kind);
  return result.head;
}

test('a datagram of line breaks, or of nothing, is a keep-alive', () => {
  expect(frameMessage(Buffer.from('\r\n\r\n')).kind).toBe('keepalive');
  expect(frameMessage(Buffer.alloc(0)).kind).toBe('keepalive');
});

test('line breaks before the start-line are not part of the message', () => {
  const bytes = invite();

  const head = framed(Buffer.concat([Buffer.from('\r\n\r\n'), bytes]));

  expect(head.bytes).toEqual(bytes);
});

test('bytes after the declared body are cut off, never read as content', () => {
  const bytes = invite({ extra: ['Content-Type: application/sdp'] });

  const head = framed(Buffer.concat([bytes, Buffer.from('INVITE sip:smuggled@example.com SIP/2.0\r\n')]));

  expect(head.bytes).toEqual(bytes);
  expect(head.bytes.length - head.bodyStart).toBe(0);
});

test('without Content-Length the body is the rest of the datagram', () => {
  const head = framed(Buffer.from('OPTIONS sip:a@b SIP/2.0\r\nTo: x\r\n\r\nrest'));

  expect(head.bytes.subarray(head.bodyStart).toString()).toBe('rest');
});

test.each([
  ['a line feed alone', 'OPTIONS sip:a@b SIP/2.0\nVia: x\r\n\r\n', 'bare_newline'],
  ['a carriage return alone', 'OPTIONS sip:a@b SIP/2.0\rX\r\nVia: x\r\n\r\n', 'bare_newline'],
  ['a NUL in a header', 'OPTIONS sip:a@b SIP/2.0\r\nSubject: a\0b\r\n\r\n', 'nul_in_head'],
  ['a leading space', ' OPTIONS sip:a@b SIP/2.0\r\n\r\n', 'leading_space'],
  ['a leading line feed', '\nOPTIONS sip:a@b SIP/2.0\r\n\r\n', 'leading_space'],
  ['a folded start-line', 'OPTIONS sip:a@b\r\n SIP/2.0\r\n\r\n', 'start_line'],
  ['a line without a colon', 'OPTIONS sip:a@b SIP/2.0\r\nnothing here\r\n\r\n', 'header_line'],
  ['a line without a name', 'OPTIONS sip:a@b SIP/2.0\r\n: value\r\n\r\n', 'header_line'],
  ['no empty line', 'OPTIONS sip:a@b SIP/2.0\r\nVia: x\r\n', 'no_head_end'],
  ['a negative length', 'OPTIONS sip:a@b SIP/2.0\r\nContent-Length: -999\r\n\r\n', 'content_length'],
  ['a length in words', 'OPTIONS sip:a@b SIP/2.0\r\nContent-Length: abc\r\n\r\n', 'content_length'],
  ['two lengths', 'OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 0\r\nl: 0\r\n\r\n', 'content_length'],
  ['a list of lengths', 'OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 0, 0\r\n\r\n', 'content_length'],
  ['a length beyond the datagram', 'OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 9999\r\n\r\nshort', 'truncated_body'],
  ['a huge length', 'OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 99999999\r\n\r\n', 'body_too_large'],
])('%s is refused', (_name, text, reason) => {
  expect(frameMessage(Buffer.from(text, 'latin1'))).toMatchObject({ kind: 'malformed', reason });
});

test('a head or a body over its limit is refused', () => {
  const head = Buffer.from(`OPTIONS sip:a@b SIP/2.0\r\nSubject: ${'x'.repeat(MAX_HEAD_BYTES)}\r\n\r\n`);
  const body = Buffer.from(`OPTIONS sip:a@b SIP/2.0\r\nTo: x\r\n\r\n${'x'.repeat(MAX_BODY_BYTES + 1)}`);

  expect(frameMessage(head)).toMatchObject({ reason: 'head_too_large' });
  expect(frameMessage(body)).toMatchObject({ reason: 'body_too_large' });
});

test('too many header lines are refused', () => {
  const lines = Array.from({ length: 300 }, (_, index) => `X${index}: y`);

  expect(verdict(message(['OPTIONS sip:a@b SIP/2.0', ...lines]))).toBe('too_many_headers');
});

test('sixty thousand line feeds cost next to nothing and are refused', () => {
  const hostile = Buffer.from(`${'\n'.repeat(60_000)}x`);

  expect(frameMessage(hostile)).toMatchObject({ kind: 'malformed' });
});

test('compact names, odd case, space before the colon and folds are indexed at their exact bytes', () => {
  const head = framed(
    Buffer.from('OPTIONS sip:a@b SIP/2.0\r\nv : one\r\nVIA:two,\r\n\t three  \r\nx:90\r\n\r\n', 'latin1'),
  );

  const vias = linesNamed(head, 'via');

  expect(vias.map((line) => valueText(head, line))).toEqual(['one', 'two,\r\n\t three']);
  expect(vias.map((line) => line.folded)).toEqual([false, true]);
  expect(linesNamed(head, 'session-expires')).toHaveLength(1);
  expect(vias.map((line) => head.bytes.toString('latin1', line.start, line.end))).toEqual([
    'v : one\r\n',
    'VIA:two,\r\n\t three  \r\n',
  ]);
});
