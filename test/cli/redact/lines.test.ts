import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_LINE_BYTES, openSource, readLines } from '../../../src/cli/redact/lines.ts';

async function read(chunks: Iterable<unknown>): Promise<{ lines: string[]; firsts: number[]; thrown: unknown }> {
  const lines: string[] = [];
  const firsts: number[] = [];
  try {
    for await (const batch of readLines({ name: 'it', chunks: Readable.from(chunks) })) {
      firsts.push(batch.first);
      lines.push(...batch.lines);
    }
  } catch (thrown) {
    return { lines, firsts, thrown };
  }
  return { lines, firsts, thrown: undefined };
}

test('however bytes come, the lines are the same and nothing is lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: fc.constantFrom('a', '\n', 'é', '😀', '\r') }),
      fc.integer({ min: 1, max: 9 }),
      async (text, size) => {
        const bytes = Buffer.from(text);
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
          bytes.subarray(at * size, (at + 1) * size),
        );

        const { lines } = await read(chunks);

        expect(lines.join('')).toBe(text);
        expect(lines.every((line, at) => line.endsWith('\n') || at === lines.length - 1)).toBe(true);
      },
    ),
  );
});

test('lines are numbered from one, over all chunks', async () => {
  const { lines, firsts } = await read([Buffer.from('one\ntwo\nth'), Buffer.from('ree\n\nfive')]);

  expect(lines).toEqual(['one\n', 'two\n', 'three\n', '\n', 'five']);
  expect(firsts).toEqual([1, 3, 5]);
});

test('a line over the limit ends it after the lines before, with its number and none of its text', async () => {
  const long = 'é'.repeat(MAX_LINE_BYTES / 2 + 1);

  const whole = await read([Buffer.from(`one\ntwo\n${long}\nfour\n`)]);
  const endless = await read(
    (function* () {
      yield Buffer.from('one\n');
      for (;;) yield Buffer.from('secret'.repeat(1000));
    })(),
  );

  expect(whole.lines).toEqual(['one\n', 'two\n']);
  expect(String(whole.thrown)).toContain('it: line 3: is longer than 65536 bytes');
  expect(endless.lines).toEqual(['one\n']);
  expect(String(endless.thrown)).toContain('it: line 2: is longer');
  expect(String(endless.thrown)).not.toContain('secret');
});

test('a line of just the limit is one', async () => {
  const { lines, thrown } = await read([Buffer.from(`${'x'.repeat(MAX_LINE_BYTES - 1)}\n`), Buffer.from('y')]);

  expect(thrown).toBeUndefined();
  expect(lines.map(({ length }) => length)).toEqual([MAX_LINE_BYTES, 1]);
});

test('a file that is not there, or is a folder, is said by name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-lines-'));
  try {
    const none = join(folder, 'none');

    await expect(readLines(openSource(none, () => Readable.from([]))).next()).rejects.toThrow(
      `${none}: does not exist`,
    );
    await expect(readLines(openSource(folder, () => Readable.from([]))).next()).rejects.toThrow(
      `${folder}: cannot be read (EISDIR)`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('no file, or a dash, is standard input', async () => {
  const lines: string[] = [];
  for (const file of [undefined, '-']) {
    for await (const batch of readLines(openSource(file, () => Readable.from([Buffer.from('said\n')]))))
      lines.push(...batch.lines);
  }

  expect(lines).toEqual(['said\n', 'said\n']);
});
