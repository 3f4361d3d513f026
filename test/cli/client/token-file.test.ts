import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ApiError } from '../../../src/cli/client/api-error.ts';
import { defaultTokenFile, readTokenFile, reserveTokenFile } from '../../../src/cli/client/token-file.ts';

const SECRET = `ear_0123456789ab_${'S'.repeat(43)}`;

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-token-'));
  file = join(folder, 'token');
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function keep(text: string, mode = 0o600): void {
  writeFileSync(file, text);
  chmodSync(file, mode);
}

test('a token of our own that nobody else may read is read', () => {
  keep(`${SECRET}\n`);
  expect(readTokenFile(file)).toBe(SECRET);

  keep(SECRET, 0o400);
  expect(readTokenFile(file)).toBe(SECRET);
});

test('no file is no token', () => {
  expect(readTokenFile(file)).toBeUndefined();
});

test.each([0o640, 0o604, 0o644, 0o620, 0o660, 0o777])('a file of mode %o is refused with how to mend it', (mode) => {
  keep(SECRET, mode);

  expect(() => readTokenFile(file)).toThrow(`${file}: may be read by others: chmod 600 ${file}`);
});

test('what lies behind a link is judged, not the link', () => {
  keep(SECRET, 0o644);
  const link = join(folder, 'link');
  symlinkSync(file, link);

  expect(() => readTokenFile(link)).toThrow('may be read by others');
});

test('the file of another user is refused', () => {
  keep(SECRET);
  const another = statSync(file).uid + 1;

  expect(() => readTokenFile(file, another)).toThrow('belongs to another user');
});

test.each(['', 'hunter2hunter2', `${SECRET}x`, `Bearer ${SECRET}`, `${SECRET}\n${SECRET}`, 'x'.repeat(10_000)])(
  'what is no token is refused and not quoted: %#',
  (text) => {
    keep(text);
    const read = (): unknown => readTokenFile(file);

    expect(read).toThrow('does not hold a token');
    expect(read).not.toThrow(/SSSS|hunter2/);
  },
);

test('a folder is no token', () => {
  mkdirSync(file, { mode: 0o700 });

  expect(() => readTokenFile(file)).toThrow(ApiError);
});

test('a new file is of mode 0600, and so closed is its folder', () => {
  const made = join(folder, 'config', 'earshot', 'token');

  reserveTokenFile(made).write(SECRET);

  expect(statSync(made).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'config', 'earshot')).mode & 0o777).toBe(0o700);
  expect(readTokenFile(made)).toBe(SECRET);
});

test('a token is never written over, and a link is not followed to do so', () => {
  keep(SECRET);
  const link = join(folder, 'link');
  symlinkSync(join(folder, 'target'), link);

  expect(() => reserveTokenFile(file)).toThrow('exists already');
  expect(() => reserveTokenFile(link)).toThrow('exists already');
  expect(readFileSync(file, 'utf8')).toBe(SECRET);
});

test('a place that was reserved for nothing is given back', () => {
  reserveTokenFile(file).discard();

  expect(readTokenFile(file)).toBeUndefined();
});

test('the token is looked for where configurations are, unless a file is named', () => {
  vi.stubEnv('EARSHOT_TOKEN_FILE', '');
  vi.stubEnv('XDG_CONFIG_HOME', '/cfg');
  const standing = defaultTokenFile();
  vi.stubEnv('EARSHOT_TOKEN_FILE', '/mine/token');

  expect(standing).toBe('/cfg/earshot/token');
  expect(defaultTokenFile()).toBe('/mine/token');
});
