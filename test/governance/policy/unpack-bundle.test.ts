import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import {
  MAX_FILES,
  MAX_UNPACKED_BYTES,
  unpackBundle,
  UnpackError,
} from '../../../src/governance/policy/unpack-bundle.ts';

interface Member {
  readonly name: string;
  readonly type?: 'file' | 'symlink' | 'link' | 'directory' | 'fifo';
  readonly linkname?: string;
  readonly body?: string;
}

async function tar(members: readonly Member[]): Promise<Buffer> {
  const archive = pack();
  for (const { body = '', ...header } of members) archive.entry(header, body);
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function refusal(packed: Uint8Array): Promise<string> {
  const thrown: unknown = await unpackBundle(packed).catch((cause: unknown) => cause);
  return thrown instanceof UnpackError ? thrown.code : `no refusal: ${String(thrown)}`;
}

describe('unpacking a bundle', () => {
  test('plain files come out by name, with or without the leading slash', async () => {
    const packed = gzipSync(
      await tar([
        { name: '/policy.wasm', body: 'w' },
        { name: 'a/b.rego', body: 'r' },
      ]),
    );

    const files = await unpackBundle(packed);

    expect([...files].map(([name, body]) => [name, body.toString()])).toEqual([
      ['policy.wasm', 'w'],
      ['a/b.rego', 'r'],
    ]);
  });

  test.each([
    { name: '../escape' },
    { name: '/a/../../escape' },
    { name: '//etc/passwd' },
    { name: 'a\\b' },
    { name: 'a/./b' },
    { name: 'spaced name' },
    { name: `${'a/'.repeat(140)}a` },
  ])('a name that climbs or is odd is refused: $name', async (member) => {
    expect(await refusal(gzipSync(await tar([member])))).toBe('BAD_NAME');
  });

  test('a name said twice is refused, slash or no slash', async () => {
    const packed = gzipSync(
      await tar([
        { name: 'data.json', body: '{}' },
        { name: '/data.json', body: '{"a":1}' },
      ]),
    );

    expect(await refusal(packed)).toBe('BAD_NAME');
  });

  test.each([
    { name: 'data.json', type: 'symlink', linkname: '/etc/passwd' },
    { name: 'data.json', type: 'link', linkname: 'policy.wasm' },
    { name: 'data', type: 'directory' },
    { name: 'data.json', type: 'fifo' },
  ] as const)('a $type is refused', async (member) => {
    expect(await refusal(gzipSync(await tar([member])))).toBe('NOT_A_FILE');
  });

  test('too many files are refused', async () => {
    const members = Array.from({ length: MAX_FILES + 1 }, (_, index) => ({ name: `${index}.rego` }));

    expect(await refusal(gzipSync(await tar(members)))).toBe('TOO_MANY');
  });

  test('a bomb stops inflating at the limit', async () => {
    const packed = gzipSync(Buffer.alloc(MAX_UNPACKED_BYTES + 1));

    expect(packed.length).toBeLessThan(64 * 1024);
    expect(await refusal(packed)).toBe('TOO_LARGE');
  });

  test('a header that promises more than there is, is refused', async () => {
    const archive = await tar([{ name: 'data.json', body: 'x'.repeat(2000) }]);

    expect(await refusal(gzipSync(archive.subarray(0, 1024)))).toBe('NOT_TAR');
  });

  test('what is not gzip is refused', async () => {
    expect(await refusal(Buffer.from('not gzip'))).toBe('NOT_GZIP');
  });

  test('any bytes at all are either files within the limits or a coded refusal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2048 }), async (bytes) => {
        const outcome: unknown = await unpackBundle(gzipSync(bytes)).catch((cause: unknown) => cause);

        expect(outcome instanceof Map || outcome instanceof UnpackError).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
