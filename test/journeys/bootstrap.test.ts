import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packageRoot } from '../../src/base/package-root.ts';
import { readStartTicks } from '../../src/supervisor/process-identity.ts';
import { finished, type Finished } from './support/cli.ts';
import { until } from './support/stage.ts';

/** A project in miniature: the real bootstrap, an `npm` and a compiler that only write down that they ran. */
let clone: string;

/** What a compiler does last: there is a file where it was told to put one. */
const MAKES_ITS_OUTPUT = `writeFileSync(process.argv[process.argv.indexOf('-o') + 1], '');`;

/** The addon is compiled where Node's headers lie beside it, and nowhere else. */
const hasHeaders = existsSync(join(dirname(dirname(process.execPath)), 'include', 'node', 'node_api.h'));
const ADDON_STEPS = hasHeaders ? ['c++ begins', 'c++ ends'] : [];

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'earshot-clone-'));
  for (const folder of ['src/native', 'bin', 'dist/cli', 'node_modules/typescript/bin']) {
    mkdirSync(join(clone, folder), { recursive: true });
  }
  copyFileSync(join(packageRoot, 'src', 'bootstrap.mjs'), join(clone, 'src', 'bootstrap.mjs'));
  write('package.json', '{"type": "module", "engines": {"node": ">=20.19"}}');
  write('package-lock.json', '{}');
  write('dist/cli/main.js', 'console.log(process.argv.slice(2).join(" ")); process.exitCode = 7;');
  write('node_modules/typescript/bin/tsc', note('tsc', 300));
  writeFileSync(join(clone, 'bin', 'npm'), `#!/usr/bin/env node\n${note('npm', 300)}`, { mode: 0o755 });
  writeFileSync(join(clone, 'bin', 'c++'), `#!/usr/bin/env node\n${note('c++', 0)}\n${MAKES_ITS_OUTPUT}`, {
    mode: 0o755,
  });
  write('src/native/addon.cc', '');
});

afterEach(() => rmSync(clone, { recursive: true, force: true }));

test('it installs, compiles, and runs the command with its arguments, output and exit code', async () => {
  const first = await bootstrap('check', 'x.yaml');
  const second = await bootstrap('check', 'x.yaml');

  expect(first).toMatchObject({ code: 7, stdout: 'check x.yaml\n' });
  expect(first.stderr).toContain('earshot: installing packages');
  expect(second).toMatchObject({ code: 7, stderr: '' });
  expect(steps()).toEqual(['npm begins', 'npm ends', 'tsc begins', 'tsc ends', ...ADDON_STEPS]);
  expect(locks()).toEqual([]);
});

test('it compiles again when a source changed, came or went', async () => {
  installed();
  await bootstrap('--build');

  write('src/new.ts', '');
  await bootstrap('--build');
  write('src/new.ts', 'changed');
  await bootstrap('--build');
  rmSync(join(clone, 'src', 'new.ts'));
  await bootstrap('--build');

  expect(steps().filter((step) => step === 'tsc ends')).toHaveLength(4);
});

test('it compiles the addon again when its source changed, and goes on when that cannot be compiled', async () => {
  installed();
  await bootstrap('--build');
  const compiledOnce = steps().filter((step) => step.startsWith('c++'));
  const hadAddon = existsSync(join(clone, 'dist', 'native', 'earshot.node'));
  writeFileSync(join(clone, 'bin', 'c++'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  write('src/native/addon.cc', 'changed');

  const { code, stderr } = await bootstrap('check');
  const again = await bootstrap('check');

  expect(compiledOnce).toEqual(ADDON_STEPS);
  expect(hadAddon).toBe(hasHeaders);
  expect(code).toBe(7);
  expect(stderr).toContain('earshot: going on without the native addon');
  expect(existsSync(join(clone, 'dist', 'native', 'earshot.node'))).toBe(false);
  expect(again.stderr).toBe('');
});

test('it installs again when the lockfile changed', async () => {
  await bootstrap('--build');
  write('package-lock.json', '{"changed": true}');

  await bootstrap('--build');

  expect(steps().filter((step) => step === 'npm ends')).toHaveLength(2);
});

test('two on a fresh clone install and compile one after the other', async () => {
  const [one, other] = await Promise.all([bootstrap('--build'), bootstrap('--build')]);

  expect([one.code, other.code]).toEqual([0, 0]);
  expect(one.stderr + other.stderr).toContain('earshot: waiting for another build of this folder');
  expect(steps()).toEqual(['npm begins', 'npm ends', 'tsc begins', 'tsc ends', ...ADDON_STEPS]);
  expect(locks()).toEqual([]);
});

test.each([
  ['of a process that is gone', () => `${2 ** 30} 5`],
  ['whose number another process has now', () => `${process.pid} ${readStartTicks(process.pid) + 1}`],
])('a lock %s is taken over', async (_name, owner) => {
  installed();
  write('.earshot-bootstrap.lock', owner());

  const { code } = await bootstrap('--build');

  expect(code).toBe(0);
  expect(locks()).toEqual([]);
});

test('told to end while it installs, it takes npm along and gives the lock back', async () => {
  writeFileSync(join(clone, 'bin', 'npm'), `#!/usr/bin/env node\n${note('npm', 60_000)}`, { mode: 0o755 });
  const child = start('--build');
  await until('npm runs', () => steps().includes('npm begins'));
  const [, pid] = /(\d+)/.exec(readFileSync(join(clone, 'npm.pid'), 'utf8')) ?? [];

  child.kill('SIGTERM');
  const { code } = await finished(child);

  expect(code).toBe(143);
  expect(readStartTicks(Number(pid))).toBe(0);
  expect(locks()).toEqual([]);
  expect(existsSync(join(clone, 'node_modules', '.earshot-installed'))).toBe(false);
});

test('a compiler that fails ends it there, with its exit code', async () => {
  installed();
  write('node_modules/typescript/bin/tsc', 'process.exit(2);');

  const { code, stdout } = await bootstrap('check');
  const again = await bootstrap('check');

  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(again.code).toBe(2);
  expect(locks()).toEqual([]);
});

test('an unsupported Node is one line, and nobody else’s lock is touched', async () => {
  write('package.json', '{"type": "module", "engines": {"node": ">=99.1"}}');
  write('.earshot-bootstrap.lock', `${process.pid} ${readStartTicks(process.pid)}`);

  const { code, stderr } = await bootstrap('start');

  expect(code).toBe(1);
  expect(stderr).toBe(`earshot: Node ${process.versions.node} is too old; package.json asks for >=99.1\n`);
  expect(locks()).toEqual(['.earshot-bootstrap.lock']);
});

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [join(clone, 'src', 'bootstrap.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: [join(clone, 'bin'), process.env['PATH']].join(delimiter) },
  });
}

function bootstrap(...args: string[]): Promise<Finished> {
  return finished(start(...args));
}

function write(path: string, text: string): void {
  writeFileSync(join(clone, path), text);
}

/** As if the packages of the present lockfile were installed. */
function installed(): void {
  const lockfile = readFileSync(join(clone, 'package-lock.json'));
  const stamp = createHash('sha256').update(lockfile).update(process.versions.modules).digest('hex');
  write('node_modules/.earshot-installed', stamp);
}

/** A program that writes down when it begins and ends. */
function note(name: string, lastsMs: number): string {
  const log = JSON.stringify(join(clone, 'steps.log'));
  return [
    `const { appendFileSync, writeFileSync } = process.getBuiltinModule('node:fs');`,
    `writeFileSync(${JSON.stringify(join(clone, `${name}.pid`))}, String(process.pid));`,
    `appendFileSync(${log}, '${name} begins\\n');`,
    `setTimeout(() => appendFileSync(${log}, '${name} ends\\n'), ${lastsMs});`,
  ].join('\n');
}

function steps(): string[] {
  const log = join(clone, 'steps.log');
  return existsSync(log)
    ? readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];
}

function locks(): string[] {
  return readdirSync(clone).filter((name) => name.includes('.lock') && !name.endsWith('.json'));
}
