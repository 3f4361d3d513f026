/** A whole node from the build with three tenants that differ in how much AI hears them. */

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freeUdpPort } from '../../../src/cli/demo-node.ts';
import { readStatus, startCli, writeNodeFiles, type NodeFiles, type NodeStatus } from '../../journeys/support/cli.ts';
import { Child } from '../support/child.ts';
import type { RecogniserQuestions } from './recogniser-questions.ts';

/** Of the media of the node, as its configuration for tests has them. */
export const RELAY_PORTS = { first: 28_000, last: 29_999 };
const WAIT_MS = 60_000;

export class BenchNode {
  readonly recogniserPid: number;
  readonly calleePort: number;
  readonly #files: NodeFiles;
  readonly #process: ChildProcess;
  readonly #recogniser: Child<RecogniserQuestions>;

  private constructor(
    files: NodeFiles,
    child: ChildProcess,
    recogniser: Child<RecogniserQuestions>,
    known: { readonly recogniserPid: number; readonly calleePort: number },
  ) {
    this.#files = files;
    this.#process = child;
    this.#recogniser = recogniser;
    this.recogniserPid = known.recogniserPid;
    this.calleePort = known.calleePort;
  }

  static async start({ scheduling, calls }: { scheduling: boolean; calls: number }): Promise<BenchNode> {
    const recogniser = await Child.start<RecogniserQuestions>(new URL('recogniser.ts', import.meta.url));
    const [url, recogniserPid] = [await recogniser.ask('url', null), await recogniser.ask('pid', null)];
    const calleePort = await freeUdpPort();
    const files = await writeNodeFiles(`seed: ./tenants.yaml\ncall: {reservePairs: ${calls + 20}, maxCalls: 2000}`);
    const changed = [`supervisor: {http: "127.0.0.1:${files.httpPort}", hangMs: 20000, scheduling: ${scheduling}}`];
    rewrite(files.config, /^supervisor:.*$/m, changed.join(''));
    writeFileSync(join(files.folder, 'tenants.yaml'), JSON.stringify(documentOf(url, calleePort)));
    const child = startCli(['start', '-c', files.config]);
    child.stdout?.resume();
    child.stderr?.pipe(process.stderr);
    const node = new BenchNode(files, child, recogniser, { recogniserPid, calleePort });
    await node.until('the node is whole', ({ planes }) => planes.governance.ready && planes.call.ready);
    return node;
  }

  get sipPort(): number {
    return this.#files.sipPort;
  }

  get stateDir(): string {
    return this.#files.stateDir;
  }

  async status(): Promise<NodeStatus & { planes: { governance: { leases?: number }; call: { taps?: number } } }> {
    const status = await readStatus(this.#files.httpPort);
    if (status === undefined) throw new Error('the node does not say how it is');
    return status;
  }

  bytesHeard(): Promise<number> {
    return this.#recogniser.ask('bytes', null);
  }

  /** Resolves once `holds`, or rejects after a minute. */
  async until(what: string, holds: (status: Awaited<ReturnType<BenchNode['status']>>) => boolean): Promise<void> {
    const deadline = performance.now() + WAIT_MS;
    for (;;) {
      const status = await this.status().catch(() => undefined);
      if (status !== undefined && holds(status)) return;
      if (performance.now() > deadline) throw new Error(`not within ${WAIT_MS / 1000} s: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null) {
      this.#process.kill('SIGTERM');
      await once(this.#process, 'exit');
    }
    await this.#recogniser.stop();
    this.#files.remove();
  }
}

function rewrite(file: string, pattern: RegExp, text: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replace(pattern, text));
}

/** Tenants x1, x2 and x10, told apart by the number that is dialled. */
function documentOf(url: string, calleePort: number): unknown {
  const terms = { training: false, retentionDays: 0, expires: '2035-01-01' };
  const processors = Array.from({ length: 10 }, (_, index) => ({
    id: `scribe-${index}`,
    protocol: 'vosk',
    url,
    hears: 'raw_audio',
    region: 'eu-central',
    legalEntity: 'Scribe GmbH',
    purpose: 'transcription',
    sampleRateHz: 8000,
    terms,
  }));
  const tenants = [1, 2, 10].map((load) => ({
    id: `x${load}`,
    match: { sources: ['127.0.0.0/8'], dids: [`+${load}000`], trusted: true },
    route: { ingress: 'local', egress: 'local', next: [`sip:127.0.0.1:${calleePort}`] },
    media: { caller: 'sdes', callee: 'sdes', onUnavailable: 'reject' },
    jurisdictions: ['EU'],
    consent: { state: 'granted', method: 'announcement', parties: 'all' },
    disclosure: { played: true },
    processors: processors.slice(0, load).map(({ id }) => id),
  }));
  return { version: 1, processors, tenants };
}
