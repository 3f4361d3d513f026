import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

test('two keys of our own are made once, for nobody else to read', () => {
  ensureRootKeys(stateDir, loaded());
  const files = ['root-read.key', 'root-ops.key'].map((name) => join(stateDir, 'keys', name));
  const made = files.map((file) => readFileSync(file, 'utf8'));

  ensureRootKeys(stateDir, loaded());

  expect(files.map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600]);
  expect(statSync(join(stateDir, 'keys')).mode & 0o777).toBe(0o700);
  expect(files.map((file) => readFileSync(file, 'utf8'))).toEqual(made);
  expect(made.every((text) => /^[0-9a-f]{64}\n$/.test(text))).toBe(true);
  expect(new Set(made).size).toBe(2);
});

test('a key that was laid open keeps the node from starting', () => {
  ensureRootKeys(stateDir, loaded());
  const file = join(stateDir, 'keys', 'root-read.key');
  chmodSync(file, 0o644);

  expect(() => ensureRootKeys(stateDir, loaded())).toThrow(
    `earshot.yaml: keys.rootRead: ${file} can be read by others`,
  );
});

test('keys of the configuration are taken from where it says, and none is made beside them', () => {
  const file = join(stateDir, 'ops.key');
  writeFileSync(file, 'cd'.repeat(32), { mode: 0o600 });
  vi.stubEnv('EARSHOT_TEST_READ', 'ab'.repeat(32));

  const keys = ensureRootKeys(stateDir, loaded({ rootRead: { env: 'EARSHOT_TEST_READ' }, rootOps: { file } }));

  expect(keys).toMatchObject({ rootRead: { env: 'EARSHOT_TEST_READ' }, rootOps: { file } });
  expect(rootKeyVariables(keys)).toEqual({ read: ['EARSHOT_TEST_READ'], ops: [] });
  expect(() => statSync(join(stateDir, 'keys', 'root-read.key'))).toThrow('ENOENT');
});

test('a variable that is not set is named with its key', () => {
  const keys = { rootRead: { env: 'EARSHOT_NO_SUCH' }, rootOps: { env: 'EARSHOT_NO_SUCH' } };

  expect(() => ensureRootKeys(stateDir, loaded(keys))).toThrow(
    'earshot.yaml: keys.rootRead: the environment variable EARSHOT_NO_SUCH is not set',
  );
});
