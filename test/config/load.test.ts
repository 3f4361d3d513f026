import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { childEnvironment } from '../../src/config/environment.ts';
import { loadDocument, loadNodeConfig, readSecret } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problem.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-config-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.unstubAllEnvs();
});

test('without a file the defaults hold, and a named file must exist', () => {
  expect(loadNodeConfig({ cwd: folder }).origin).toBe('embedded defaults');
  expect(() => loadNodeConfig({ file: 'mine.yaml', cwd: folder })).toThrow(`${folder}/mine.yaml: does not exist`);
});

test('paths in a file are relative to its folder, those of secrets too', () => {
  const file = join(folder, 'earshot.yaml');
  writeFileSync(
    file,
    'stateDir: state\nseed: t.yaml\ndatabase: {owner: {file: o}, writer: {file: /w}, query: {env: Q}, app: "postgres://a", reader: "postgres://r"}\n',
  );

  const { config } = loadNodeConfig({ file, cwd: '/' });

  expect(config.stateDir).toBe(join(folder, 'state'));
  expect(config.seed).toBe(join(folder, 't.yaml'));
  expect(config.database).toEqual({
    owner: { file: join(folder, 'o') },
    writer: { file: '/w' },
    query: { env: 'Q' },
    app: 'postgres://a',
    reader: 'postgres://r',
  });
});

test('a secret that is missing or empty is refused by the name of its key', () => {
  const empty = join(folder, 'empty');
  writeFileSync(empty, '\n');
  vi.stubEnv('EARSHOT_TEST_URL', '');

  const read = (reference: Parameters<typeof readSecret>[0]) => () => readSecret(reference, 'database.app', 'e.yaml');

  expect(read({ file: empty })).toThrow(`e.yaml: database.app: the file it names is empty: ${empty}`);
  expect(read({ file: join(folder, 'no') })).toThrow('e.yaml: database.app: the file it names cannot be read');
  expect(read({ env: 'EARSHOT_TEST_URL' })).toThrow('e.yaml: database.app: environment variable EARSHOT_TEST_URL');
});

test('a route to an interface this node has not is refused where it stands', () => {
  const file = join(folder, 'tenants.yaml');
  const route = '{ingress: local, egress: outside, next: ["sip:127.0.0.1:5070"]}';
  writeFileSync(file, `version: 1\ntenants:\n  - {id: a, match: {sources: [127.0.0.1]}, route: ${route}}\n`);
  const { config } = loadNodeConfig({ cwd: folder });

  const problems = problemsOf(() => loadDocument(file, config));

  expect(problems).toEqual([
    {
      file,
      line: 3,
      column: 76,
      key: 'tenants[0].route.egress',
      message: 'names no interface of this node: outside',
    },
  ]);
  expect(loadDocument(file).tenants).toHaveLength(1);
});

test('a file larger than any configuration is not read to its end', () => {
  expect(() => loadNodeConfig({ file: '/dev/zero', cwd: folder })).toThrow('/dev/zero: is larger than 1048576 bytes');
});

test('a child is given the environment without what is withheld', () => {
  vi.stubEnv('EARSHOT_TEST_URL', 'postgres://u:p@h/d');
  vi.stubEnv('EARSHOT_TEST_OTHER', 'x');

  const environment = childEnvironment({ EXTRA: 'y' }, ['EARSHOT_TEST_URL']);

  expect(environment).toMatchObject({ EARSHOT_TEST_OTHER: 'x', EXTRA: 'y' });
  expect(Object.values(environment).join()).not.toContain('postgres://u:p@h/d');
});

function problemsOf(read: () => unknown) {
  try {
    read();
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.problems;
    throw thrown;
  }
  return [];
}
