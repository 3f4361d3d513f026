/** A whole node from the build for real peers to call through: one tenant for loopback, its counters to read. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtFile } from '../../src/base/package-root.ts';
import { readStatus, writeNodeFiles, type NodeFiles } from '../journeys/support/cli.ts';
import { until } from '../journeys/support/stage.ts';
import { PeerProcess } from './peer-process.ts';

export interface TenantMedia {
  readonly caller: 'rtp' | 'sdes' | 'as-offered';
  readonly callee: 'rtp' | 'sdes' | 'as-offered';
}

export class WholeNode {
  readonly #files: NodeFiles;
  readonly #process: PeerProcess;

  private constructor(files: NodeFiles, process: PeerProcess) {
    this.#files = files;
    this.#process = process;
  }

  /** Starts it and waits until calls to `calleePort` can be taken. */
  static async start(calleePort: number, media: TenantMedia): Promise<WholeNode> {
    const files = await writeNodeFiles('seed: ./tenants.yaml');
    writeFileSync(join(files.folder, 'tenants.yaml'), documentOf(calleePort, media));
    const process = new PeerProcess(globalThis.process.execPath, [builtFile('cli/main'), 'start', '-c', files.config]);
    const node = new WholeNode(files, process);
    try {
      await until('the node takes calls', async () => (await readStatus(files.httpPort))?.ready === true, 30_000);
    } catch (thrown) {
      await node.stop();
      throw thrown;
    }
    return node;
  }

  get sipPort(): number {
    return this.#files.sipPort;
  }

  /** Sum of every series of that name whose labels include these. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.#files.httpPort}/metrics`);
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return (await response.text())
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) && wanted.every((label) => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    this.#files.remove();
  }
}

function documentOf(calleePort: number, media: TenantMedia): string {
  return [
    'version: 1',
    'tenants:',
    '  - id: peers',
    '    match: { sources: [127.0.0.0/8], trusted: true }',
    `    route: { ingress: local, egress: local, next: ["sip:127.0.0.1:${calleePort}"] }`,
    `    media: { caller: ${media.caller}, callee: ${media.callee}, onUnavailable: reject }`,
    '    roles: { caller: customer, callee: agent }',
    '',
  ].join('\n');
}
