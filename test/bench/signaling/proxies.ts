/** The contestants: a call plane of ours by itself, from the build and without a supervisor, and a Kamailio. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtFile } from '../../../src/base/package-root.ts';
import { freeUdpPort } from '../../../src/cli/demo-node.ts';
import { toRevision } from '../../../src/config/document.ts';
import { loadNodeConfig } from '../../../src/config/load.ts';
import { readDocumentText } from '../../../src/config/read-document.ts';
import { RUNTIME_VARIABLE } from '../../../src/config/runtime.ts';
import { toRoutingSnapshot } from '../../../src/model/routing.ts';
import { isUdpPortTaken } from '../../peers/udp-peer.ts';

const START_LIMIT_MS = 10_000;
/** Linux counts CPU in these, whatever the kernel's own tick is. */
const US_PER_TICK = 10_000;

/** A proxy that listens on `port` and sends calls on. */
export interface ProxyProcess {
  readonly port: number;
  /** Of all its processes and threads since it started. */
  cpuUs(): number;
  stop(): Promise<void>;
}

/** A call plane with one tenant whose calls go to `nextPort`. */
export async function startCallPlane(mode: 'signaling-only' | 'anchored', nextPort: number): Promise<ProxyProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-bench-'));
  const port = await freeUdpPort();
  const file = join(folder, 'earshot.yaml');
  const media = 'media: {bind: 127.0.0.1, ports: {from: 30000, to: 33999}}';
  writeFileSync(
    file,
    [
      `stateDir: ${folder}`,
      `interfaces: [{name: local, sip: "127.0.0.1:${port}", ${media}}]`,
      // No probes: sipp takes an OPTIONS for a call. No shedding: that the machine is busy is not what is measured.
      'call: {reservePairs: 512, probeEveryMs: 0, maxLoopLagMs: 0}',
      'log: {level: error}',
    ].join('\n'),
  );
  const { config } = loadNodeConfig({ file, cwd: folder });
  const document = [
    'version: 1',
    'tenants:',
    '  - id: bench',
    '    match: { sources: [127.0.0.0/8] }',
    `    route: { ingress: local, egress: local, next: ["sip:127.0.0.1:${nextPort}"] }`,
    `    media: { caller: rtp, callee: rtp, onUnavailable: reject, mode: ${mode} }`,
    '',
  ].join('\n');
  const revision = toRevision(readDocumentText(document, 'bench'), 1, 'bench');
  const { snapshot } = toRoutingSnapshot(revision, new Set(['local']));
  writeFileSync(join(folder, 'routes.json'), JSON.stringify(snapshot));
  writeFileSync(join(folder, 'token.key'), randomBytes(32));
  mkdirSync(join(folder, 'run'));
  const socket = (name: string): string => join(folder, 'run', name);
  const runtime = {
    config,
    sockets: {
      supervisor: socket('supervisor'),
      control: socket('control'),
      taps: socket('taps'),
      api: socket('api'),
      reader: socket('reader'),
    },
    mirrorSocket: socket('mirror'),
    routesFile: join(folder, 'routes.json'),
    tokenKeyFile: join(folder, 'token.key'),
  };
  writeFileSync(join(folder, 'call.json'), JSON.stringify(runtime));
  const child = spawn(process.execPath, [builtFile('call/main')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, [RUNTIME_VARIABLE]: join(folder, 'call.json') },
  });
  return started(child, port, folder);
}

/** A Kamailio with one child that sends calls to `nextPort`. */
export async function startKamailio(program: string, nextPort: number): Promise<ProxyProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-bench-'));
  const port = await freeUdpPort();
  const config = fileURLToPath(new URL('kamailio.cfg', import.meta.url));
  const memory = ['-m', '256', '-M', '32'];
  const place = ['-P', join(folder, 'pid'), '-w', folder, '-l', `udp:127.0.0.1:${port}`];
  const args = ['-DD', '-E', ...memory, ...place, '-f', config, '-A', `NEXT_HOP=127.0.0.1:${nextPort}`];
  return started(spawn(program, args, { stdio: 'ignore' }), port, folder);
}

async function started(child: ChildProcess, port: number, folder: string): Promise<ProxyProcess> {
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await once(child, 'exit');
      clearTimeout(timer);
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = performance.now() + START_LIMIT_MS;
  while (!isUdpPortTaken(port)) {
    if (performance.now() > deadline || child.exitCode !== null) {
      await stop();
      throw new Error(`a proxy of the benchmark did not start on port ${port}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { port, cpuUs: () => cpuUsOf(child.pid ?? 0), stop };
}

/** Of a process and of what it started. */
function cpuUsOf(root: number): number {
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => readStat(Number(pid)));
  const family = new Set([root]);
  for (let size = 0; size !== family.size;) {
    size = family.size;
    for (const { pid, parent } of stats) if (family.has(parent)) family.add(pid);
  }
  return stats.filter(({ pid }) => family.has(pid)).reduce((sum, { ticks }) => sum + ticks, 0) * US_PER_TICK;
}

function readStat(pid: number): { pid: number; parent: number; ticks: number }[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return [{ pid, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }];
  } catch {
    return [];
  }
}
