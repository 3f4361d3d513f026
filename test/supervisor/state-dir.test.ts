import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isSameProcess, readSchedulingPolicy, readStartTicks } from '../../src/supervisor/process-identity.ts';
import { ensureTokenKey, openStateDir, writePrivateJson } from '../../src/supervisor/state-dir.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-state-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

test('a second Earshot on the same state directory is refused, naming the key and the process', () => {
  const first = openStateDir(folder, 'earshot.yaml');

  expect(() => openStateDir(folder, 'earshot.yaml')).toThrow(
    `earshot.yaml: stateDir: ${folder} is in use by another Earshot (process ${process.pid})`,
  );

  first.release();
  openStateDir(folder, 'earshot.yaml').release();
});

test('a lock left by a process that is gone is taken over', () => {
  openStateDir(folder, 'earshot.yaml').release();
  writeFileSync(join(folder, 'run', 'supervisor.pid'), JSON.stringify({ pid: process.pid, startTicks: 1 }));

  expect(() => openStateDir(folder, 'earshot.yaml')).not.toThrow();
});

test('releasing twice does not open the directory to a third while a second holds it', () => {
  const first = openStateDir(folder, 'earshot.yaml');
  first.release();
  const second = openStateDir(folder, 'earshot.yaml');

  first.release();

  expect(() => openStateDir(folder, 'earshot.yaml')).toThrow('is in use');
  second.release();
});

test('a directory too deep for the sockets in it is refused before anything is made', () => {
  const deep = join(folder, 'x'.repeat(90));

  expect(() => openStateDir(deep, 'earshot.yaml')).toThrow(
    `earshot.yaml: stateDir: ${deep} is too long for the sockets in it: at most 85 bytes`,
  );
  expect(existsSync(deep)).toBe(false);
});

test('keys and runtime files are for us alone', () => {
  const state = openStateDir(folder, 'earshot.yaml');

  const key = ensureTokenKey(state);
  const runtime = writePrivateJson(join(state.runDir, 'x.json'), { password: 'p' });

  expect(statSync(key).mode & 0o777).toBe(0o600);
  expect(statSync(key).size).toBe(32);
  expect(statSync(runtime).mode & 0o777).toBe(0o600);
  expect(ensureTokenKey(state)).toBe(key);
});

test('a process is known by its start time, not by its number alone', () => {
  const startTicks = readStartTicks(process.pid);

  expect(isSameProcess({ pid: process.pid, startTicks })).toBe(true);
  expect(isSameProcess({ pid: process.pid, startTicks: startTicks + 1 })).toBe(false);
  expect(readSchedulingPolicy(process.pid)).toBeGreaterThanOrEqual(0);
});
