import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readVoskReply } from '../../src/processors/vosk-reply.ts';

test('a final reply without words has none', () => {
  expect(readVoskReply(Buffer.from('{"text": ""}'))).toEqual({ kind: 'final', text: '', words: [] });
});

test('fields that are not ours are left out', () => {
  const reply = '{"text": "a", "spk": [1], "result": [{"word": "a", "start": 0, "end": 1, "conf": 1, "x": 2}]}';

  expect(readVoskReply(Buffer.from(reply))).toEqual({
    kind: 'final',
    text: 'a',
    words: [{ word: 'a', start: 0, end: 1, conf: 1 }],
  });
});

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        const reply = readVoskReply(Buffer.from(bytes));

        expect(['undefined', 'object']).toContain(typeof reply);
      },
    ),
  );
});
