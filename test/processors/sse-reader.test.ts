import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SseReader } from '../../src/processors/sse-reader.ts';

function readAll(bytes: Buffer, cuts: readonly number[]): string[] {
  const reader = new SseReader();
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return edges.slice(1).flatMap((end, index) => reader.push(bytes.subarray(edges[index], end)));
}

test('data of an event is joined by line, other fields and comments are passed over', () => {
  const stream = Buffer.from(': hi\r\nevent: x\r\ndata: one\r\ndata:two\r\n\r\nid: 7\n\ndata: three\n\ndata: cut');

  expect(readAll(stream, [])).toEqual(['one\ntwo', 'three']);
});

test('where the bytes are cut changes nothing', () => {
  const line = fc.constantFrom('data: a', 'data: — ü 😀', 'data:', ': comment', '', 'nonsense');
  const ending = fc.constantFrom('\n', '\r\n', '\r');
  fc.assert(
    fc.property(fc.array(fc.tuple(line, ending)), fc.array(fc.nat()), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((parts) => parts.join('')).join(''));

      expect(readAll(bytes, cuts)).toEqual(readAll(bytes, []));
    }),
  );
});

test('a line or an event over its limit, and bytes that are no text, end the reading without quoting it', () => {
  const long = (): unknown => new SseReader().push(Buffer.from(`data: ${'secret'.repeat(20_000)}`));
  const many = (): unknown => new SseReader().push(Buffer.from(`data: ${'secret'.repeat(10_000)}\n`.repeat(3)));
  const binary = (): unknown => new SseReader().push(Buffer.of(0xc3, 0x28));

  expect(long).toThrow(expect.objectContaining({ code: 'LINE_TOO_LONG' }));
  expect(many).toThrow(expect.objectContaining({ code: 'EVENT_TOO_LONG' }));
  expect(binary).toThrow(expect.objectContaining({ code: 'NOT_UTF8' }));
  expect(long).not.toThrow(/secret/);
});

test('lines without end are cut off, however short they are', () => {
  const reader = new SseReader();
  const read = (): void => {
    for (let n = 0; n < 20; n += 1) reader.push(Buffer.from('\n'.repeat(1000)));
  };

  expect(read).toThrow(expect.objectContaining({ code: 'TOO_MANY_LINES' }));
});

test('arbitrary bytes give events or a coded error, never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
      try {
        expect(Array.isArray(new SseReader().push(bytes))).toBe(true);
      } catch (thrown) {
        expect(thrown).toMatchObject({ name: 'SseError' });
      }
    }),
  );
});
