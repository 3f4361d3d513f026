/**
 * A whole node from the build whose processes a test may end: the supervisor is a process of its own, and can be started
 * again over what it left. Calls to 1… are heard by a recogniser, calls to 2… by nobody.
 */

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gainAccess, type DemoAccess } from '../../../src/cli/demo-access.ts';
import { freeUdpPort } from '../../../src/cli/demo-node.ts';
import { UNDERSTUDY_ARGUMENT } from '../../../src/config/runtime.ts';
import { readStatus, startCli, writeNodeFiles, type NodeFiles, type NodeStatus } from '../../journeys/support/cli.ts';
import { until } from '../../journeys/support/stage.ts';

export interface MortalNodePlan {
  readonly recogniserUrl: string;
  /** Calls it must have ports for. */
  readonly calls: number;
  readonly hangMs?: number;
}

export type Plane = 'call' | 'governance';

type Status = NodeStatus & { readonly planes: { readonly call: CallStatus } };

interface CallStatus {
  readonly understudy?: boolean;
  readonly calls?: number;
  readonly sessions?: number;
  readonly taps?: number;
  readonly media_pairs_ready?: number;
}

const START_MS = 60_000;
/** Away from those of every other test: while a call plane is dead, its ports are anybody's. */
const MEDIA = { from: 20_000, to: 23_999 };

export class MortalNode {
  readonly calleePort: number;
  readonly #files: NodeFiles;
  #supervisor: ChildProcess;
  #said = '';

  private constructor(files: NodeFiles, calleePort: number) {
    this.#files = files;
    this.calleePort = calleePort;
    this.#supervisor = this.#launch();
  }

  static async start(plan: MortalNodePlan): Promise<MortalNode> {
    const calleePort = await freeUdpPort();
    // However busy the machine is: that new calls are sent elsewhere then is tested elsewhere.
    const call = { reservePairs: plan.calls + 20, probeEveryMs: 0, maxLoopLagMs: 0 };
    const files = await writeNodeFiles(`seed: ./tenants.yaml\ncall: ${JSON.stringify(call)}`);
    const supervisor = `supervisor: {http: "127.0.0.1:${files.httpPort}", hangMs: ${plan.hangMs ?? 10_000}}`;
    const ports = `ports: {from: ${MEDIA.from}, to: ${MEDIA.to}}`;
    const text = readFileSync(files.config, 'utf8').replace(/^supervisor:.*$/m, supervisor);
    writeFileSync(files.config, text.replace(/ports: \{[^}]*\}/, ports));
    writeFileSync(join(files.folder, 'tenants.yaml'), documentOf(plan.recogniserUrl, calleePort));
    const node = new MortalNode(files, calleePort);
    try {
      await node.becomesWhole();
    } catch (thrown) {
      await node.stop();
      throw thrown;
    }
    return node;
  }

  get sipPort(): number {
    return this.#files.sipPort;
  }

  get config(): string {
    return this.#files.config;
  }

  /** What its processes wrote to stderr. */
  get said(): string {
    return this.#said;
  }

  access(): Promise<DemoAccess> {
    return gainAccess(join(this.#files.stateDir, 'run', 'api.sock'));
  }

  async status(): Promise<Status | undefined> {
    return readStatus(this.#files.httpPort);
  }

  async pidOf(plane: Plane): Promise<number> {
    const pid = (await this.status())?.planes[plane].pid;
    if (pid === undefined) throw new Error(`nobody says where ${plane} is`);
    return pid;
  }

  /** Sum of every series of that name. */
  async metric(name: string): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.#files.httpPort}/metrics`);
    return (await response.text())
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** Sends a signal to a plane and gives its process id. */
  async signal(plane: Plane, signal: NodeJS.Signals): Promise<number> {
    const pid = await this.pidOf(plane);
    process.kill(pid, signal);
    return pid;
  }

  async becomesWhole(): Promise<void> {
    await until(
      'the node is whole',
      async () => {
        const status = await this.status();
        return status?.planes.call.ready === true && status.planes.governance.ready;
      },
      START_MS,
    );
  }

  /** Who stands by for the call plane, which may itself have stood by once. */
  async understudyPid(): Promise<number> {
    const supervisor = this.#supervisor.pid ?? 0;
    const active = await this.pidOf('call');
    const children = readFileSync(`/proc/${supervisor}/task/${supervisor}/children`, 'utf8').split(' ').map(Number);
    const found = children.find((pid) => pid > 0 && pid !== active && argumentsOf(pid).includes(UNDERSTUDY_ARGUMENT));
    if (found === undefined) throw new Error('nobody stands by');
    return found;
  }

  /** Stops the supervisor, as a debugger or a machine without memory would, and lets it go on. */
  async freezeSupervisor(forMs: number): Promise<void> {
    this.#supervisor.kill('SIGSTOP');
    await pause(forMs);
    this.#supervisor.kill('SIGCONT');
  }

  /** Ends the supervisor without a word. */
  async killSupervisor(): Promise<void> {
    const gone = once(this.#supervisor, 'exit');
    this.#supervisor.kill('SIGKILL');
    await gone;
  }

  /** Starts another over what the last one left. */
  async restartSupervisor(): Promise<void> {
    this.#supervisor = this.#launch();
    await this.becomesWhole();
  }

  async stop(): Promise<void> {
    if (this.#supervisor.exitCode === null && this.#supervisor.signalCode === null) {
      const gone = once(this.#supervisor, 'exit');
      this.#supervisor.kill('SIGTERM');
      await gone;
    }
    this.#endLeftBehind();
    this.#files.remove();
  }

  /** Planes that outlived a supervisor, and have no other. One that was stopped in order leaves no pid file. */
  #endLeftBehind(): void {
    for (const plane of ['call', 'governance']) {
      const file = join(this.#files.stateDir, 'run', `${plane}.pid`);
      if (!existsSync(file)) continue;
      try {
        process.kill((JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid, 'SIGKILL');
      } catch {
        // Gone already.
      }
    }
  }

  #launch(): ChildProcess {
    return launch(this.#files, (chunk) => (this.#said += chunk.toString()));
  }
}

function argumentsOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
}

function launch(files: NodeFiles, hear: (chunk: Buffer) => void): ChildProcess {
  // An inspector, where a test asks for one, listens at a port of its own.
  const child = startCli(['start', '-c', files.config], { NODE_OPTIONS: '--inspect-port=127.0.0.1:0' });
  child.stdout?.resume();
  child.stderr?.on('data', hear);
  return child;
}

/** JSON is YAML. */
function documentOf(url: string, calleePort: number): string {
  const terms = { training: false, retentionDays: 0, expires: '2035-01-01' };
  const scribe = {
    id: 'scribe',
    protocol: 'vosk',
    url,
    hears: 'raw_audio',
    region: 'eu-central',
    legalEntity: 'Scribe GmbH',
    purpose: 'transcription',
    sampleRateHz: 8000,
    terms,
  };
  const tenant = (id: string, number: string, processors: readonly string[]): unknown => ({
    id,
    match: { sources: ['127.0.0.0/8'], dids: [number], trusted: true },
    route: { ingress: 'local', egress: 'local', next: [`sip:127.0.0.1:${calleePort}`] },
    media: { caller: 'sdes', callee: 'sdes', onUnavailable: 'reject' },
    roles: { caller: 'customer', callee: 'agent' },
    jurisdictions: ['EU'],
    consent: { state: 'granted', method: 'announcement', parties: 'all' },
    disclosure: { played: true },
    processors,
  });
  const tenants = [tenant('heard', '1', ['scribe']), tenant('unheard', '2', [])];
  return JSON.stringify({ version: 1, processors: [scribe], tenants });
}
