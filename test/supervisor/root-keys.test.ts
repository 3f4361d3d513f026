import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LoadedConfig } from '../../src/config/load.ts';
import { nodeConfigSchema } from '../../src/config/node-config.ts';
import { ensureRootKeys, withheldKeys } from '../../src/supervisor/root-keys.ts';

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

test.each(['root-read.key', 'root-ops.key'])('%s is made once, for nobody else to read', (name) => {
  ensureRootKeys(stateDir, loaded());
  const file = join(stateDir, 'keys', name);
  const made = readFileSync(file, 'utf8');

  ensureRootKeys(stateDir, loaded());

  expect(readdirSync(join(stateDir, 'keys'))).toEqual(['root-ops.key', 'root-read.key']);
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

test('keys of the configuration are taken from the files it names, and none is made beside them', () => {
  const [read, ops] = ['cd', 'ef'].map((byte) => {
    const file = join(stateDir, `${byte}.key`);
    writeFileSync(file, byte.repeat(32), { mode: 0o600 });
    return { file };
  });

  const keys = ensureRootKeys(stateDir, loaded({ rootRead: read, rootOps: ops }));

  expect(keys).toMatchObject({ rootRead: read, rootOps: ops });
  expect(withheldKeys(keys, 'call')).toEqual([]);
  expect(readdirSync(join(stateDir, 'keys'))).toEqual([]);
});

test('a key from a variable is withheld from every process but its own', () => {
  vi.stubEnv('EARSHOT_TEST_READ', 'ab'.repeat(32));
  vi.stubEnv('EARSHOT_TEST_OPS', 'cd'.repeat(32));

  const [rootRead, rootOps] = [{ env: 'EARSHOT_TEST_READ' }, { env: 'EARSHOT_TEST_OPS' }];
  const keys = ensureRootKeys(stateDir, loaded({ rootRead, rootOps }));

  expect(withheldKeys(keys, 'call')).toEqual(['EARSHOT_TEST_READ', 'EARSHOT_TEST_OPS']);
  expect(withheldKeys(keys, 'governance')).toEqual(['EARSHOT_TEST_READ']);
  expect(withheldKeys(keys, 'reader')).toEqual(['EARSHOT_TEST_OPS']);
  expect(readdirSync(join(stateDir, 'keys'))).toEqual([]);
});

test('one key in both roles keeps the node from starting: governance would hold what opens transcripts', () => {
  vi.stubEnv('EARSHOT_TEST_READ', 'ab'.repeat(32));
  const reference = { env: 'EARSHOT_TEST_READ' };

  expect(() => ensureRootKeys(stateDir, loaded({ rootRead: reference, rootOps: reference }))).toThrow(
    'earshot.yaml: keys.rootOps: is root-read',
  );
});

test('a variable that is not set is named with its key', () => {
  expect(() => ensureRootKeys(stateDir, loaded({ rootRead: { env: 'EARSHOT_NO_SUCH' } }))).toThrow(
    'earshot.yaml: keys.rootRead: the environment variable EARSHOT_NO_SUCH is not set',
  );
});
