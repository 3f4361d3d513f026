/** A whole node from the build for real peers to call through: one tenant for loopback or several, its counters to read. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtFile } from '../../src/base/package-root.ts';
import type { LegPolicy, LegProfile } from '../../src/model/leg-policy.ts';
import { readStatus, writeNodeFiles, type NodeFiles } from '../journeys/support/cli.ts';
import { until } from '../journeys/support/stage.ts';
import { PeerProcess } from './peer-process.ts';

/** A profile alone, or with whatever else the document may ask of a leg. */
export type LegMedia = LegProfile | Partial<LegPolicy>;

export interface TenantMedia {
  readonly caller: LegMedia;
  readonly callee: LegMedia;
}

/** A tenant told from the others by the number that is dialled. */
export interface TenantPlan {
  readonly id: string;
  /** Beginning of the number; without one every call that is nobody else's. */
  readonly number?: string;
  readonly next: readonly string[];
  readonly media: TenantMedia & { readonly mode?: 'anchored' | 'signaling-only' };
}

export interface NodePlan {
  readonly tenants: readonly TenantPlan[];
  /** Of `call` in the node's configuration. */
  readonly call?: Readonly<Record<string, number>>;
  /** Listeners beside that for UDP, and how the node presents itself to others; as the configuration writes them. */
  readonly listeners?: readonly Readonly<Record<string, unknown>>[];
  readonly tlsClient?: Readonly<Record<'cert' | 'key' | 'ca', string>>;
  readonly mediaPorts?: { readonly from: number; readonly to: number };
  /** Where its media is; loopback when nothing is said. */
  readonly mediaAddress?: string;
}

/** With a database of its own to make, on a machine that does much else. */
const START_LIMIT_MS = 60_000;

/** Where a node of these tests has its media. */
export const NODE_MEDIA = { from: 28_000, to: 29_999 };

export class WholeNode {
  readonly #files: NodeFiles;
  readonly #process: PeerProcess;

  private constructor(files: NodeFiles, process: PeerProcess) {
    this.#files = files;
    this.#process = process;
  }

  /** Starts it and waits until calls to `calleePort` can be taken. */
  static start(calleePort: number, media: TenantMedia): Promise<WholeNode> {
    return WholeNode.startWith({ tenants: [{ id: 'peers', next: [`sip:127.0.0.1:${calleePort}`], media }] });
  }

  /** Starts one with these tenants, and waits until their calls can be taken. */
  static async startWith(plan: NodePlan): Promise<WholeNode> {
    // A peer that plays a script takes an OPTIONS for a call gone wrong, and so it does a machine that is busy otherwise.
    const call = JSON.stringify({ probeEveryMs: 0, maxLoopLagMs: 0, ...plan.call });
    const files = await writeNodeFiles(`seed: ./tenants.yaml\ncall: ${call}`);
    writeInterface(files, plan);
    writeFileSync(join(files.folder, 'tenants.yaml'), documentOf(plan.tenants));
    const process = new PeerProcess(globalThis.process.execPath, [builtFile('cli/main'), 'start', '-c', files.config]);
    const node = new WholeNode(files, process);
    try {
      await until(
        'the node takes calls',
        async () => (await readStatus(files.httpPort))?.ready === true,
        START_LIMIT_MS,
      );
    } catch (cause) {
      await node.stop();
      throw new Error(`the node did not start: ${process.said.slice(-2000)}`, { cause });
    }
    return node;
  }

  get sipPort(): number {
    return this.#files.sipPort;
  }

  /** Ends the call plane as a bug in it would: at once, and without a word. Its supervisor starts another. */
  async killCallPlane(): Promise<void> {
    const status = await readStatus(this.#files.httpPort);
    if (!status) throw new Error('the node says nothing of itself');
    globalThis.process.kill(status.planes.call.pid, 'SIGKILL');
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

/** The one interface, with all its listeners. */
function writeInterface({ config, sipPort }: NodeFiles, plan: NodePlan): void {
  const { listeners = [], tlsClient, mediaPorts = NODE_MEDIA, mediaAddress = '127.0.0.1' } = plan;
  const sip = [{ transport: 'udp', listen: `127.0.0.1:${sipPort}` }, ...listeners];
  const local = { name: 'local', sip, media: { bind: mediaAddress, ports: mediaPorts }, tlsClient };
  const text = readFileSync(config, 'utf8').replace(/^interfaces:.*$/m, `interfaces: ${JSON.stringify([local])}`);
  writeFileSync(config, text);
}

/** JSON is YAML. */
function documentOf(tenants: readonly TenantPlan[]): string {
  const written = tenants.map(({ id, number, next, media }) => ({
    id,
    match: { sources: ['127.0.0.0/8'], trusted: true, ...(number === undefined ? {} : { dids: [number] }) },
    route: { ingress: 'local', egress: 'local', next },
    media: { ...media, onUnavailable: 'reject' },
    roles: { caller: 'customer', callee: 'agent' },
  }));
  return JSON.stringify({ version: 1, tenants: written });
}
