import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
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
  const first = openStateDir(folder);

  expect(() => openStateDir(folder)).toThrow(
    `stateDir: ${folder} is in use by another Earshot (process ${process.pid})`,
  );

  first.release();
  openStateDir(folder).release();
});

test('a lock left by a process that is gone is taken over', () => {
  openStateDir(folder).release();
  writeFileSync(join(folder, 'run', 'supervisor.pid'), JSON.stringify({ pid: process.pid, startTicks: 1 }));

  expect(() => openStateDir(folder)).not.toThrow();
});

test('keys and runtime files are for us alone', () => {
  const state = openStateDir(folder);

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
