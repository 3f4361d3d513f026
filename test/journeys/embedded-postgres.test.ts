import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type PostgresConnection,
} from '../../src/supervisor/embedded-postgres.ts';

const run = promisify(execFile);
let stateDir: string;
let server: EmbeddedPostgres | undefined;

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'earshot-pg-'));
});

afterAll(async () => {
  await server?.stop();
  await rm(stateDir, { recursive: true, force: true });
});

const start = async (): Promise<EmbeddedPostgres> =>
  (server = await startEmbeddedPostgres({ stateDir, log: silentLog }));

async function ask<Row extends pg.QueryResultRow>(to: PostgresConnection, sql: string): Promise<Row[]> {
  const client = new pg.Client({ ...to });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function readPid(): Promise<number> {
  return Number((await readFile(join(stateDir, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0]);
}

test('a fresh start serves the database on a Unix socket alone, to known passwords alone', async () => {
  const { connections } = await start();

  const listens = await ask<{ listen_addresses: string }>(connections.owner, 'show listen_addresses');
  const refused = await Promise.allSettled([
    ask({ ...connections.owner, host: '127.0.0.1' }, 'select 1'),
    ask({ ...connections.owner, password: 'guess' }, 'select 1'),
    ask({ ...connections.owner, user: 'postgres', password: 'guess' }, 'select 1'),
  ]);

  expect(listens).toEqual([{ listen_addresses: '' }]);
  expect(refused.map((attempt) => attempt.status)).toEqual(['rejected', 'rejected', 'rejected']);
});

test('passwords are private, and no role that is handed out is a superuser', async () => {
  const { connections } = await start();

  const file = await stat(join(stateDir, 'postgres/passwords.json'));
  const roles = await ask<{ rolname: string }>(
    connections.owner,
    `select rolname from pg_roles where rolcanlogin and (rolsuper or rolbypassrls) and rolname like 'earshot%'`,
  );

  expect(file.mode & 0o777).toBe(0o600);
  expect(roles).toEqual([]);
});

test('what was written is still there after stop and start, under the same passwords', async () => {
  const first = await start();
  await ask(first.connections.owner, 'create table kept(n int); insert into kept values (7)');
  await first.stop();

  const second = await start();
  const kept = await ask<{ n: number }>(second.connections.owner, 'select n from kept');

  expect(kept).toEqual([{ n: 7 }]);
  expect(second.isAdopted).toBe(false);
  expect(second.connections).toEqual(first.connections);
});

test('a server left running by a dead parent is adopted, not started twice', async () => {
  await start();
  const pid = await readPid();

  const again = await start();

  expect(again.isAdopted).toBe(true);
  expect(again.isRunning()).toBe(true);
  expect(await readPid()).toBe(pid);
});

test('the server has its own session, so a terminal interrupt does not reach it', async () => {
  await start();
  const pid = await readPid();

  const { stdout } = await run('ps', ['-o', 'sid=', '-p', String(pid)]);

  expect(Number(stdout.trim())).toBe(pid);
});

test('after kill -9 of the server the next start recovers what was committed', async () => {
  const first = await start();
  await ask(first.connections.owner, 'create table survived(n int); insert into survived values (7)');
  process.kill(await readPid(), 'SIGKILL');

  const second = await start();
  const kept = await ask<{ n: number }>(second.connections.owner, 'select n from survived');

  expect(kept).toEqual([{ n: 7 }]);
});

test('a process file that names somebody else is not believed, and that process is not signalled', async () => {
  const first = await start();
  await first.stop();
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
  const pidFile = join(stateDir, 'postgres/data/postmaster.pid');
  const data = join(stateDir, 'postgres/data');
  await writeFile(
    pidFile,
    [stranger.pid, data, 1, 5432, join(stateDir, 'postgres/run'), '', '1 1', 'ready'].join('\n'),
  );

  const second = await start();
  const answered = await ask<{ n: number }>(second.connections.owner, 'select 1 as n');
  await second.stop();

  expect(answered).toEqual([{ n: 1 }]);
  expect(stranger.exitCode).toBeNull();
  stranger.kill();
});

test('lost passwords are replaced, even while the server still runs', async () => {
  const first = await start();
  await rm(join(stateDir, 'postgres/passwords.json'));

  const second = await start();
  const answered = await ask<{ n: number }>(second.connections.writer, 'select 1 as n');

  expect(answered).toEqual([{ n: 1 }]);
  expect(second.connections.writer.password).not.toBe(first.connections.writer.password);
});

test('a state directory too deep for a socket gets a short one elsewhere', async () => {
  const deep = join(stateDir, 'a'.repeat(60), 'b'.repeat(60));
  await mkdir(deep, { recursive: true });

  const other = await startEmbeddedPostgres({ stateDir: deep, log: silentLog });
  const { connections } = other;
  const answered = await ask<{ n: number }>(connections.query, 'select 1 as n');
  await other.stop();
  await rm(connections.query.host, { recursive: true, force: true });

  expect(answered).toEqual([{ n: 1 }]);
  expect(Buffer.byteLength(connections.query.host)).toBeLessThan(90);
});

test('data of another major version is refused in words', async () => {
  const first = await start();
  await first.stop();
  await writeFile(join(stateDir, 'postgres/data/PG_VERSION'), '9\n');

  await expect(start()).rejects.toMatchObject({ code: 'VERSION' });
});
