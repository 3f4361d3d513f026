import type { ChildProcess } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { createServer } from 'node:http';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  finished,
  processesNaming,
  readStatus,
  runCli,
  startCli,
  writeNodeFiles,
  type NodeFiles,
  type NodeStatus,
} from './support/cli.ts';
import { startTestPostgres } from './support/postgres.ts';
import { until } from './support/stage.ts';

let files: NodeFiles;
let running: ChildProcess[] = [];

describe('starting', () => {
  beforeEach(async () => {
    files = await writeNodeFiles();
  });

  afterEach(() => stopAll());

  test('a SIP port in use is one line that names its key and place', async () => {
    const holder = await holdUdp(files.sipPort);

    const { code, stderr } = await runCli(['start', '-c', files.config]);

    holder.close();
    expect(code).toBe(1);
    expect(errorLines(stderr)).toEqual([
      `earshot: ${files.config}: interfaces[0].sip: 127.0.0.1:${files.sipPort}/udp is already in use`,
    ]);
  });

  test('a health port in use is one line that names its key and place', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(files.httpPort, '127.0.0.1', resolve));

    const { code, stderr } = await runCli(['start', '-c', files.config]);

    holder.close();
    expect(code).toBe(1);
    expect(errorLines(stderr)).toEqual([
      `earshot: ${files.config}: supervisor.http: 127.0.0.1:${files.httpPort}/tcp is already in use`,
    ]);
  });

  test('an invalid configuration says file, line, column and key, for a check and for a start', async () => {
    writeFileSync(files.config, 'node: edge\ncalls: 5\n');

    const checked = await runCli(['check', files.config]);
    const started = await runCli(['start', '-c', files.config]);

    expect(checked.code).toBe(1);
    expect(errorLines(checked.stderr)).toEqual([`earshot: ${files.config}:2:1: calls: is not a known key`]);
    expect(errorLines(started.stderr)).toEqual(errorLines(checked.stderr));
  });

  test('a database that cannot be reached is one line that names its key, and nothing stays behind', async () => {
    const url = 'postgres://nobody:secret@127.0.0.1:1/none';
    const keys = ['owner', 'writer', 'query', 'app', 'reader'].map((role) => `${role}: "${url}"`).join(', ');
    const own = await writeNodeFiles(`database: {${keys}}`);

    const { code, stderr } = await runCli(['start', '-c', own.config]);

    own.remove();
    expect(code).toBe(1);
    expect(errorLines(stderr)).toHaveLength(1);
    expect(stderr).toContain('database.owner');
    expect(stderr).not.toContain('secret');
  });

  test('a database of one’s own is used through its roles, and a role that may do too much is refused by its key', async () => {
    const postgres = await startTestPostgres();
    const url = (role: 'owner' | 'writer' | 'query' | 'app' | 'reader'): string => {
      const { host, port, user, password, database } = postgres.connections[role];
      return `postgres://${user}:${password}@/${database}?host=${encodeURIComponent(host)}&port=${port}`;
    };
    const configured = (app: string): Promise<NodeFiles> =>
      writeNodeFiles(
        `database: {owner: "${url('owner')}", writer: "${url('writer')}", query: "${url('query')}", app: "${app}", reader: "${url('reader')}"}`,
      );
    const weak = await configured(url('app'));
    const strong = await configured(url('owner'));

    const refused = await runCli(['start', '-c', strong.config]);
    const node = await start(weak);
    const told = ['call', 'governance'].map((plane) =>
      readFileSync(join(weak.stateDir, 'run', `${plane}.json`), 'utf8'),
    );
    await stop(node);

    expect(refused.code).toBe(1);
    expect(errorLines(refused.stderr)).toEqual([
      expect.stringMatching(new RegExp(`^earshot: ${strong.config}: database.app: .*owner, update, delete`)),
    ]);
    expect(told[0]).not.toContain('postgres://');
    expect(told[1]).not.toContain(postgres.connections.owner.password);
    expect(told[1]).not.toContain(postgres.connections.reader.password);
    for (const own of [weak, strong]) own.remove();
    await postgres.stop();
  });
});

describe('one node, from its first start on', () => {
  beforeAll(async () => {
    files = await writeNodeFiles('seed: ./tenants.yaml');
    writeSeed(5070);
  });

  afterAll(() => stopAll());

  test('a Ctrl-C in the middle of the first start ends it there', async () => {
    const early = startCli(['start', '-c', files.config]);
    await until('the state directory is there', () => existsSync(join(files.stateDir, 'postgres', 'data')));

    early.kill('SIGINT');
    const { code, stdout, stderr } = await finished(early);

    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(processesNaming(files.stateDir)).toEqual([]);
  });

  test('the next start finds nothing in its way, and says what is in force', async () => {
    await start(files);

    const status = await readStatus(files.httpPort);

    expect(status?.planes.governance.revision).toBe(1);
    expect(status?.planes.call.routes_revision).toBe(1);
  });

  test('one Ctrl-C that arrives twice stops in order, and leaves no process and no password behind', async () => {
    const node = running.at(-1)!;

    node.kill('SIGINT');
    node.kill('SIGTERM');
    const { code } = await finished(node);

    expect(code).toBe(0);
    expect(processesNaming(files.stateDir)).toEqual([]);
    expect(readdirSync(join(files.stateDir, 'run')).filter((name) => /\.(json|pid)$/.test(name))).toEqual([]);
  });

  test('a seed that has changed since is not used again: the database is the truth', async () => {
    writeSeed(5071);

    await start(files);
    const status = await readStatus(files.httpPort);

    expect(status?.planes.governance.revision).toBe(1);
    expect(status?.planes.call.routes_revision).toBe(1);
  });

  test('a hung governance process is killed and started again, and the call plane is not touched', async () => {
    const before = await readStatus(files.httpPort);

    process.kill(before!.planes.governance.pid, 'SIGSTOP');

    const after = await statusWhen(
      'governance is a new process',
      ({ planes }) => planes.governance.pid !== before!.planes.governance.pid && planes.governance.ready,
    );
    expect(after.planes.governance.restarts).toBe(1);
    expect(after.planes.call.pid).toBe(before!.planes.call.pid);
  });

  test('a silent call plane is reported and not killed', async () => {
    const before = await readStatus(files.httpPort);

    process.kill(before!.planes.call.pid, 'SIGSTOP');
    const silent = await statusWhen('the silence is reported', ({ conditions }) => conditions.includes('call: silent'));
    process.kill(before!.planes.call.pid, 'SIGCONT');
    const after = await statusWhen(
      'it is heard again',
      ({ ready, conditions }) => ready && !conditions.includes('call: silent'),
    );

    expect(silent.ready).toBe(false);
    expect(after.planes.call).toMatchObject({ pid: before!.planes.call.pid, restarts: 0 });
  });

  test('when the supervisor dies the planes go on, and the next start adopts them', async () => {
    const before = await readStatus(files.httpPort);

    running.at(-1)?.kill('SIGKILL');
    await until('the supervisor is gone', async () => (await readStatus(files.httpPort)) === undefined);
    await start(files);
    const after = await readStatus(files.httpPort);

    expect(after?.planes.call.pid).toBe(before?.planes.call.pid);
    expect(after?.planes.governance.pid).toBe(before?.planes.governance.pid);
    expect(after?.conditions).toEqual([]);
  });

  test('adopted with another configuration, governance is started anew and the call plane says that it is not', async () => {
    const before = await readStatus(files.httpPort);
    running.at(-1)?.kill('SIGKILL');
    await until('the supervisor is gone', async () => (await readStatus(files.httpPort)) === undefined);

    writeFileSync(files.config, readFileSync(files.config, 'utf8').replace('to: 29999', 'to: 29499'));
    const second = startCli(['start', '-c', files.config]);
    running.push(second);
    const after = await statusWhen(
      'governance is a new process',
      ({ planes }) => planes.governance.pid !== before!.planes.governance.pid && planes.governance.ready,
    );

    expect(after.planes.call.pid).toBe(before!.planes.call.pid);
    expect(after.conditions).toContain('call: older_config');
  });
});

async function start(node: NodeFiles): Promise<ChildProcess> {
  const child = startCli(['start', '-c', node.config]);
  child.stderr?.resume();
  child.stdout?.resume();
  running.push(child);
  await until(
    'the node is ready',
    async () => {
      if (child.exitCode !== null) throw new Error(`the node ended with ${child.exitCode}`);
      const status = await readStatus(node.httpPort);
      return status?.ready === true && status.planes.governance.ready && status.conditions.length === 0;
    },
    40_000,
  );
  return child;
}

async function stopAll(): Promise<void> {
  for (const child of running) await stop(child);
  running = [];
  files.remove();
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await finished(child);
}

async function statusWhen(name: string, isTrue: (status: NodeStatus) => boolean): Promise<NodeStatus> {
  let latest: NodeStatus | undefined;
  await until(
    name,
    async () => {
      latest = await readStatus(files.httpPort);
      return latest !== undefined && isTrue(latest);
    },
    30_000,
  );
  return latest!;
}

function errorLines(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
}

function writeSeed(port: number): void {
  const seed = `version: 1\ntenants: [{id: acme, match: {sources: [127.0.0.0/8]}, route: {ingress: local, egress: local, next: ["sip:127.0.0.1:${port}"]}}]\n`;
  writeFileSync(join(files.folder, 'tenants.yaml'), seed);
}

function holdUdp(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.bind(port, '127.0.0.1', () => resolve(socket));
  });
}
