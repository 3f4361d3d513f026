import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { untilNoCalls } from '../../src/cli/drain.ts';
import { serveNodeCommands } from '../../src/supervisor/node-commands.ts';

let folder: string;
let server: Server | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-drain-'));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
  rmSync(folder, { recursive: true });
});

test('it waits until the last call is over and says each change of their number once', async () => {
  const said = watchOutput();
  const counts = [2, 2, 1, 0];

  await untilNoCalls(
    () => Promise.resolve(statusWith(counts.shift())),
    undefined,
    () => Promise.resolve(),
  );

  expect(said()).toBe('2 calls\n1 call\n');
});

test('calls that were counted before the call plane refused new ones are not the last word', async () => {
  watchOutput();
  const statuses = [statusWith(0, false), statusWith(0, false), statusWith(1), statusWith(0)];

  await untilNoCalls(
    () => Promise.resolve(statuses.shift() ?? {}),
    undefined,
    () => Promise.resolve(),
  );

  expect(statuses).toEqual([]);
});

test('it gives up waiting after its time, and says that calls are still refused', async () => {
  watchOutput();

  const waiting = untilNoCalls(
    () => Promise.resolve(statusWith(3)),
    5,
    () => Promise.resolve(),
  );

  await expect(waiting).rejects.toMatchObject({ code: 'STILL_CALLS' });
});

test('a status without a number of calls is not taken for none', async () => {
  watchOutput();

  const waiting = untilNoCalls(
    () => Promise.resolve({ planes: {} }),
    1,
    () => Promise.resolve(),
  );

  await expect(waiting).rejects.toMatchObject({ code: 'STILL_CALLS' });
});

test('commands are taken on a socket of our own user, and nothing but commands', async () => {
  const heard: boolean[] = [];
  const path = join(folder, 'node.sock');
  server = await serveNodeCommands(path, { drain: (on) => heard.push(on) });

  const answers = [
    await ask(path, 'POST', '/drain'),
    await ask(path, 'POST', '/undrain'),
    await ask(path, 'GET', '/drain'),
    await ask(path, 'POST', '/toString'),
    await ask(path, 'POST', '/'),
  ];

  expect(answers).toEqual([204, 204, 404, 404, 404]);
  expect(heard).toEqual([true, false]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

function statusWith(calls: number | undefined, draining = true) {
  return { planes: { call: { calls, draining } } };
}

function watchOutput(): () => string {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  return () => written.join('');
}

function ask(socketPath: string, method: string, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject);
    asked.end();
  });
}
