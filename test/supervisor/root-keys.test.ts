import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LoadedConfig } from '../../src/config/load.ts';
import { nodeConfigSchema } from '../../src/config/node-config.ts';
import { ensureRootKeys, rootKeyVariables } from '../../src/supervisor/root-keys.ts';

let stateDir: string;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'earshot-keys-'));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(stateDir, { recursive: true });
});

function loaded(keys?: unknown): LoadedConfig {
  return { origin: 'earshot.yaml', config: { ...nodeConfigSchema.parse({ keys }), stateDir } };
}

test('a key of our own is made once, for nobody else to read, and no other is', () => {
  ensureRootKeys(stateDir, loaded());
  const file = join(stateDir, 'keys', 'root-read.key');
  const made = readFileSync(file, 'utf8');

  ensureRootKeys(stateDir, loaded());

  expect(readdirSync(join(stateDir, 'keys'))).toEqual(['root-read.key']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(stateDir, 'keys')).mode & 0o777).toBe(0o700);
  expect(readFileSync(file, 'utf8')).toBe(made);
  expect(made).toMatch(/^[0-9a-f]{64}\n$/);
});

test('a key that was laid open keeps the node from starting', () => {
  ensureRootKeys(stateDir, loaded());
  const file = join(stateDir, 'keys', 'root-read.key');
  chmodSync(file, 0o644);

  expect(() => ensureRootKeys(stateDir, loaded())).toThrow(
    `earshot.yaml: keys.rootRead: ${file} can be read by others`,
  );
});

test('a key of the configuration is taken from the file it names, and none is made beside it', () => {
  const file = join(stateDir, 'read.key');
  writeFileSync(file, 'cd'.repeat(32), { mode: 0o600 });

  const keys = ensureRootKeys(stateDir, loaded({ rootRead: { file } }));

  expect(keys.rootRead).toEqual({ file });
  expect(rootKeyVariables(keys)).toEqual([]);
  expect(readdirSync(join(stateDir, 'keys'))).toEqual([]);
});

test('a key of the configuration is taken from the variable it names, which is to be withheld from the planes', () => {
  vi.stubEnv('EARSHOT_TEST_READ', 'ab'.repeat(32));

  const keys = ensureRootKeys(stateDir, loaded({ rootRead: { env: 'EARSHOT_TEST_READ' } }));

  expect(keys.rootRead).toEqual({ env: 'EARSHOT_TEST_READ' });
  expect(rootKeyVariables(keys)).toEqual(['EARSHOT_TEST_READ']);
  expect(readdirSync(join(stateDir, 'keys'))).toEqual([]);
});

test('a variable that is not set is named with its key', () => {
  expect(() => ensureRootKeys(stateDir, loaded({ rootRead: { env: 'EARSHOT_NO_SUCH' } }))).toThrow(
    'earshot.yaml: keys.rootRead: the environment variable EARSHOT_NO_SUCH is not set',
  );
});
