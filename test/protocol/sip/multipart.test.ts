import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { editSdpPart, findSdpPart, isSmime } from '../../../src/protocol/sip/multipart.ts';
import type { MultipartReading } from '../../../src/protocol/sip/multipart.ts';
import { applySplices } from '../../../src/protocol/splice.ts';

const FOLDER = new URL('../../vectors/sip/multipart/', import.meta.url);

/** A message of the folder: its Content-Type, and its body. */
function load(name: string): { readonly type: string; readonly body: Buffer } {
  const bytes = readFileSync(new URL(`${name}.sip`, FOLDER));
  const text = bytes.toString('latin1');
  const type = /^Content-Type: (.*)\r$/m.exec(text)?.[1] ?? '';
  return { type, body: bytes.subarray(text.indexOf('\r\n\r\n') + 4) };
}

function find(name: string): MultipartReading {
  const { type, body } = load(name);
  return findSdpPart(body, type);
}

test.each(['isup', 'lengths', 'nested', 'early-session', 'bare-lf'])(
  'the session’s description is found in %s',
  (name) => {
    const { type, body } = load(name);

    const part = findSdpPart(body, type);

    if (part.kind !== 'sdp') throw new Error(`expected a part, got ${part.kind}`);
    const sdp = body.toString('latin1', part.at, part.at + part.size);
    expect(sdp).toMatch(/^v=0\r?\n[^]*m=audio 4000 RTP\/AVP 0\r?\n$/);
  },
);

test('an edit of the part is one of the body: every length that counts it follows, and nothing else moves', () => {
  for (const name of ['lengths', 'nested']) {
    const { type, body } = load(name);
    const part = findSdpPart(body, type);
    if (part.kind !== 'sdp') throw new Error('expected a part');
    const at = body.toString('latin1', part.at, part.at + part.size).indexOf('4000');

    const edited = applySplices(body, editSdpPart(part, [{ at, remove: 4, insert: '400000' }]));

    const grown = (value: string): string => String(Number(value) + 2);
    const expected = body
      .toString('latin1')
      .replace('m=audio 4000', 'm=audio 400000')
      .replace(/(?<=Content-Length: )\d+/g, grown);
    expect(edited.toString('latin1')).toBe(expected);
    expect(findSdpPart(edited, type)).toMatchObject({ kind: 'sdp', size: part.size + 2 });
    expect(part.lengths).toHaveLength(name === 'nested' ? 2 : 1);
  }
});

test('no edit is no splice, and one that keeps the size touches no length', () => {
  const { type, body } = load('lengths');
  const part = findSdpPart(body, type);
  if (part.kind !== 'sdp') throw new Error('expected a part');

  expect(editSdpPart(part, [])).toEqual([]);
  expect(editSdpPart(part, [{ at: 0, remove: 1, insert: 'x' }])).toHaveLength(1);
});

test('a body of parts without a description has none, and one that is signed says so', () => {
  expect(find('none-recording')).toEqual({ kind: 'none' });
  const signed = '--b\r\nContent-Type: multipart/signed;boundary=c\r\n\r\nx\r\n--b--';
  expect(findSdpPart(Buffer.from(signed), 'multipart/mixed;boundary=b')).toEqual({ kind: 'signed' });
  expect(['multipart/signed', 'application/pkcs7-mime', 'application/x-pkcs7-mime'].every(isSmime)).toBe(true);
  expect(isSmime('multipart/mixed')).toBe(false);
});

test.each(['boundary', 'end', 'ambiguous', 'length', 'part', 'encoded', 'too_deep', 'too_many'])(
  'what two readers could take apart differently (%s) is not taken apart',
  (what) => {
    expect(find(`bad-${what}`)).toEqual({ kind: 'unreadable', reason: `multipart_${what}` });
  },
);

test('a body too large, a boundary too long or odd, and a fold in a value that counts are refused', () => {
  const reasonOf = (body: string, type: string): unknown => {
    const reading = findSdpPart(Buffer.from(body), type);
    return reading.kind === 'unreadable' ? reading.reason : reading.kind;
  };

  expect(reasonOf('x'.repeat(70_000), 'multipart/mixed;boundary=b')).toBe('multipart_too_long');
  expect(reasonOf('', `multipart/mixed;boundary=${'b'.repeat(71)}`)).toBe('multipart_boundary');
  expect(reasonOf('', 'multipart/mixed;boundary="b\\""')).toBe('multipart_boundary');
  const folded = '--b\r\nContent-Type: application/sdp\r\n ;x=y\r\n\r\nv=0\r\n--b--';
  expect(reasonOf(folded, 'multipart/mixed;boundary=b')).toBe('multipart_part');
});

test('a longer word that begins like the boundary parts nothing, nor does one in the middle of a line', () => {
  const body = '--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--bb\r\ns=--b\r\n\r\n--b  \r\n\r\nx\r\n--b--';

  const part = findSdpPart(Buffer.from(body), 'multipart/mixed;boundary=b');

  expect(part).toMatchObject({ kind: 'sdp', size: 'v=0\r\n--bb\r\ns=--b\r\n'.length });
});

test('whatever the bytes, a reading ends, and a part lies within the body', () => {
  const piece = fc.constantFrom(
    ...[
      '--b',
      '--b--',
      '--c',
      '\r\n',
      '\n',
      '\r\n\r\n',
      'v=0',
      ' ',
      'Content-Length: 3',
      'Content-Type: application/sdp',
    ],
    ...['Content-Type: multipart/mixed;boundary=c', 'Content-Type: application/pkcs7-mime', 'x: y', ':', '\0'],
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 6 })), { maxLength: 40 }), (pieces) => {
      const body = Buffer.from(pieces.join(''), 'latin1');
      const part = findSdpPart(body, 'multipart/mixed;boundary=b');
      if (part.kind !== 'sdp') return;
      expect(part.at).toBeGreaterThan(0);
      expect(part.at + part.size).toBeLessThanOrEqual(body.length);
      expect(
        part.lengths.every(({ at, length, value }) => body.toString('latin1', at, at + length) === String(value)),
      ).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
