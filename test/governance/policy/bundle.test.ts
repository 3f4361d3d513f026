import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../../src/base/package-root.ts';
import { BundleError, MAX_DATA_BYTES, MAX_PACKED_BYTES, readBundle } from '../../../src/governance/policy/bundle.ts';
import { shippedBundle, type BundleFile } from '../../../src/governance/policy/shipped.ts';
import { ENTRYPOINT_PATH } from '../../../src/model/decision.ts';
import { fixtureBundle } from './fixtures.ts';

const MANIFEST = JSON.stringify({
  roots: [''],
  wasm: Object.values(ENTRYPOINT_PATH).map((entrypoint) => ({ entrypoint, module: '/policy.wasm' })),
});
const WHOLE = { 'policy.wasm': 'module', 'data.json': '{"a":1}', '.manifest': MANIFEST };

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-bundle-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Writes a bundle of these files and names it by its true digest. */
async function writeBundle(files: Readonly<Record<string, string>>): Promise<BundleFile> {
  const archive = pack();
  for (const [name, body] of Object.entries(files)) archive.entry({ name: `/${name}` }, body);
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return writeFile(gzipSync(Buffer.concat(chunks)));
}

function writeFile(bytes: Uint8Array): BundleFile {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const path = join(folder, `${sha256}.tar.gz`);
  writeFileSync(path, bytes);
  return { path, sha256 };
}

async function refusal(file: BundleFile): Promise<string> {
  const thrown: unknown = await readBundle(file).catch((cause: unknown) => cause);
  return thrown instanceof BundleError ? thrown.code : `no refusal: ${String(thrown)}`;
}

describe('reading a bundle', () => {
  test.each(['default', 'guardrail'] as const)('the shipped %s bundle is the one the source names', async (name) => {
    const file = shippedBundle(packageRoot, name);

    const bundle = await readBundle(file);

    expect(bundle.digest.bundle).toBe(file.sha256);
    expect(Buffer.from(bundle.wasm.subarray(0, 4)).toString('latin1')).toBe('\0asm');
  });

  test('the data document has a digest of its own', async () => {
    const bundle = await readBundle(await writeBundle(WHOLE));

    expect(bundle.digest.data).toBe(createHash('sha256').update('{"a":1}').digest('hex'));
  });

  test('a copy owns its memory, so that nothing else is sent to a worker with it', async () => {
    const bundle = await readBundle(await writeBundle(WHOLE));

    expect(bundle.data.buffer.byteLength).toBe(bundle.data.length);
    expect(bundle.wasm.buffer.byteLength).toBe(bundle.wasm.length);
  });

  test('another file than the one that was named is refused before it is unpacked', async () => {
    const file = writeFile(Buffer.from('not even gzip'));

    expect(await refusal({ ...file, sha256: '0'.repeat(64) })).toBe('DIGEST_MISMATCH');
    expect(await refusal(file)).toBe('ARCHIVE_REFUSED');
  });

  test('no file, a folder and a file that is too large are refused', async () => {
    mkdirSync(join(folder, 'folder'));

    expect(await refusal({ path: join(folder, 'absent'), sha256: '0'.repeat(64) })).toBe('UNREADABLE');
    expect(await refusal({ path: join(folder, 'folder'), sha256: '0'.repeat(64) })).toBe('UNREADABLE');
    expect(await refusal(writeFile(Buffer.alloc(MAX_PACKED_BYTES + 1)))).toBe('TOO_LARGE');
  });

  test.each(Object.keys(WHOLE))('a bundle without /%s is refused', async (name) => {
    const files = Object.fromEntries(Object.entries(WHOLE).filter(([other]) => other !== name));

    expect(await refusal(await writeBundle(files))).toBe('FILE_MISSING');
  });

  test('a data document that is too large is refused', async () => {
    expect(await refusal(await writeBundle({ ...WHOLE, 'data.json': ' '.repeat(MAX_DATA_BYTES + 1) }))).toBe(
      'TOO_LARGE',
    );
  });

  test.each(['earshot/data.json', 'other.wasm', 'data.yaml'])(
    'a file that would be ignored is refused: %s',
    async (name) => {
      expect(await refusal(await writeBundle({ ...WHOLE, [name]: '{}' }))).toBe('FILE_UNEXPECTED');
    },
  );

  test('sources and signatures may lie beside the module', async () => {
    const file = await writeBundle({ ...WHOLE, 'policies/a.rego': 'package a', '.signatures.json': '{}' });

    expect(await refusal(file)).toContain('no refusal');
  });

  test.each(['', '[]', '{"wasm":"all"}', '{}'])('a manifest that lists nothing is refused: %s', async (manifest) => {
    expect(await refusal(await writeBundle({ ...WHOLE, '.manifest': manifest }))).toBe('MANIFEST_INVALID');
  });

  test('a bundle that does not answer all four questions is refused', async () => {
    expect(await refusal(fixtureBundle('partial'))).toBe('ENTRYPOINT_MISSING');
  });

  test('an entrypoint answered by another module does not count', async () => {
    const manifest = MANIFEST.replace('/policy.wasm', '/other.wasm');

    expect(await refusal(await writeBundle({ ...WHOLE, '.manifest': manifest }))).toBe('ENTRYPOINT_MISSING');
  });
});
