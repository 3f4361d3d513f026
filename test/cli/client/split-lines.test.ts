import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineTooLong, splitLines } from '../../../src/cli/client/split-lines.ts';

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  for (const item of items) yield await Promise.resolve(item);
}

async function collect(chunks: readonly Uint8Array[], maxChars = 1000): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of splitLines(each(chunks), maxChars)) lines.push(line);
  return lines;
}

test('how bytes are cut into chunks changes nothing, not even within a character', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.nat(20)), async (texts, cuts) => {
      const bytes = Buffer.from(texts.join('\n'));
      const chunks: Uint8Array[] = [];
      let from = 0;
      for (const size of cuts) {
        chunks.push(bytes.subarray(from, from + size));
        from += size;
      }
      chunks.push(bytes.subarray(from));

      expect(await collect(chunks, 100_000)).toEqual(await collect([bytes], 100_000));
      expect(await collect([bytes], 100_000)).toEqual(
        bytes
          .toString()
          .split('\n')
          .filter((line) => line !== ''),
      );
    }),
  );
});

test('a line without an end does not fill the memory', async () => {
  const chunks = Array.from({ length: 100 }, () => Buffer.from('x'.repeat(100)));

  await expect(collect(chunks, 500)).rejects.toThrow(LineTooLong);
});
