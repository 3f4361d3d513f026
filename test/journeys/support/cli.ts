/** Runs `earshot` from the build as a person would, in a folder of its own. */

import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeTcpPort, freeUdpPort } from '../../../src/cli/demo-node.ts';
import { builtFile } from '../../../src/base/package-root.ts';

const LIMIT_MS = 60_000;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface NodeFiles {
  readonly folder: string;
  readonly config: string;
  readonly stateDir: string;
  readonly sipPort: number;
  readonly httpPort: number;
  readonly apiPort: number;
  remove(): void;
}

/** A configuration on free ports; `extra` is appended to it as YAML. */
export async function writeNodeFiles(extra = ''): Promise<NodeFiles> {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-cli-'));
  // The embedded database runs as a user of its own, which must be able to pass through.
  chmodSync(folder, 0o711);
  const config = join(folder, 'earshot.yaml');
  const [sipPort, httpPort, apiPort] = [await freeUdpPort(), await freeTcpPort(), await freeTcpPort()];
  const stateDir = join(folder, 'state');
  const lines = [
    'node: journey',
    `stateDir: ${stateDir}`,
    `interfaces: [{name: local, sip: "127.0.0.1:${sipPort}", media: {bind: 127.0.0.1, ports: {from: 28000, to: 29999}}}]`,
    `supervisor: {http: "127.0.0.1:${httpPort}", hangMs: 3000}`,
    `api: {http: "127.0.0.1:${apiPort}"}`,
    'log: {level: error}',
    extra,
  ];
  writeFileSync(config, lines.join('\n'));
  return {
    folder,
    config,
    stateDir,
    sipPort,
    httpPort,
    apiPort,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Starts a command and gives the process, for tests that watch or kill it; `env` is added to ours. */
export function startCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(process.execPath, [builtFile('cli/main'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
}

/** Command lines of living processes that name `path`. */
export function processesNaming(path: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .filter((line) => line.includes(path));
}

/** Runs a command to its end. */
export function runCli(args: readonly string[]): Promise<Finished> {
  return finished(startCli(args));
}

export async function finished(child: ChildProcess): Promise<Finished> {
  const said = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  return { code, ...said };
}

/** What the supervisor says of its node, or undefined while it does not answer. */
export async function readStatus(httpPort: number): Promise<NodeStatus | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${httpPort}/status`, { signal: AbortSignal.timeout(1000) });
    return (await response.json()) as NodeStatus;
  } catch {
    return undefined;
  }
}

export interface NodeStatus {
  readonly ready: boolean;
  readonly conditions: readonly string[];
  readonly planes: Readonly<Record<'call' | 'governance', PlaneStatus>>;
}

interface PlaneStatus {
  readonly pid: number;
  readonly restarts: number;
  readonly ready: boolean;
  readonly revision?: number;
  readonly routes_revision?: number;
}
