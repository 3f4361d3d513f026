import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readRootKey } from '../../src/config/root-key.ts';

const KEY = 'ab'.repeat(32);
const PLACE = { key: 'keys.rootRead', file: 'earshot.yaml' };

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-key-'));
  file = join(folder, 'root.key');
  writeFileSync(file, `${KEY}\n`, { mode: 0o600 });
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test('a key is read from a file of ours, through a link too, or from a variable', () => {
  const link = join(folder, 'link');
  symlinkSync(file, link);
  vi.stubEnv('EARSHOT_TEST_ROOT', KEY);

  const keys = [{ file }, { file: link }, { env: 'EARSHOT_TEST_ROOT' }].map((reference) =>
    readRootKey(reference, PLACE),
  );

  expect(keys.map((key) => Buffer.from(key).toString('hex'))).toEqual([KEY, KEY, KEY]);
});

test('a key that others can read is refused, and the message says where it is and what to do', () => {
  for (const mode of [0o644, 0o640, 0o604, 0o660]) {
    chmodSync(file, mode);

    expect(() => readRootKey({ file }, PLACE)).toThrow(
      `earshot.yaml: keys.rootRead: ${file} can be read by others (mode 0${mode.toString(8)}): chmod 600 it`,
    );
  }
});

test('what is no key is refused without being quoted', () => {
  for (const text of ['', 'hunter2', KEY.slice(2), `${KEY}00`, 'z'.repeat(64), `${KEY}\n${KEY}`]) {
    writeFileSync(file, text);

    const attempt = (): unknown => readRootKey({ file }, PLACE);
    expect(attempt).toThrow('must hold 32 bytes in hex');
    expect(attempt).not.toThrow('hunter2');
  }
});

test('a file that is missing or no file, and a variable that is not set, say so', () => {
  const other = join(folder, 'folder');
  mkdirSync(other, { mode: 0o700 });

  expect(() => readRootKey({ file: join(folder, 'none') }, PLACE)).toThrow('cannot be read (ENOENT)');
  expect(() => readRootKey({ file: other }, PLACE)).toThrow('is no plain file');
  expect(() => readRootKey({ env: 'EARSHOT_NO_SUCH' }, PLACE)).toThrow('EARSHOT_NO_SUCH is not set');
});
