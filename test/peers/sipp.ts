/** A run of the real sipp, with one of its own scenarios or one of ours, and what its statistics say in the end. */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freeUdpPort } from '../../src/cli/demo-node.ts';
import { until } from '../journeys/support/stage.ts';
import { readTrace } from './flows/trace.ts';
import { PeerProcess } from './peer-process.ts';
import { isUdpPortTaken } from './udp-peer.ts';

export interface SippOptions {
  readonly program: string;
  /** One that is built in, by its name, or a file: beside this one, or by its whole path; or what a file would hold. */
  readonly scenario: 'uac' | 'uas' | `${string}.xml` | { readonly xml: string };
  readonly port: number;
  /** Calls after which it ends. */
  readonly calls: number;
  /** Who is called, and how often; without it sipp waits for calls. */
  readonly calling?: {
    readonly port: number;
    readonly callsPerSecond: number;
    /** The user that is called. */
    readonly user?: string;
    /** What `[field0]` is, call after call, and from the beginning again. */
    readonly fields?: readonly string[];
  };
  /** Whether its messages are kept, for `trace`: the first 30 MB of them. */
  readonly traced?: boolean;
}

const MAX_CALL_S = 20;
const SOCKET_BUFFER_BYTES = 2_000_000;
const MAX_TRACE_BYTES = 30_000_000;
/** Counters that must all be 0 for a run in which nothing surprising happened. */
const SURPRISES = ['FailedCall', 'Retransmissions', 'OutOfCallMsgs', 'DeadCallMsgs', 'AutoAnswered', 'FatalErrors'];

export class Sipp {
  readonly #process: PeerProcess;
  readonly #folder: string;

  private constructor(process: PeerProcess, folder: string) {
    this.#process = process;
    this.#folder = folder;
  }

  static async start({ program, scenario, port, calls, calling, traced }: SippOptions): Promise<Sipp> {
    const folder = mkdtempSync(join(tmpdir(), 'earshot-sipp-'));
    const args = [
      ...scenarioArguments(scenario, folder),
      ...['-i', '127.0.0.1', '-p', String(port), '-mp', String(await freeMediaPort())],
      ...['-trace_stat', '-stf', join(folder, 'statistics.csv'), '-nostdin', '-m', String(calls)],
      // With sipp's own a pause of half a second on a busy machine loses messages that the kernel had taken.
      ...['-buff_size', String(SOCKET_BUFFER_BYTES)],
      ...['-trace_err', '-error_file', join(folder, 'errors'), '-max_log_size', String(MAX_TRACE_BYTES)],
      ...(traced ? ['-trace_msg', '-message_file', join(folder, 'messages')] : []),
      ...(calling ? callingArguments(calling, folder) : []),
    ];
    const run = new Sipp(new PeerProcess(program, args), folder);
    try {
      await until('sipp listens', () => isUdpPortTaken(port));
    } catch (cause) {
      const said = run.#process.said.slice(-1000);
      await run.stop();
      throw new Error(`sipp did not start: ${said}`, { cause });
    }
    return run;
  }

  /** Its exit code: 0 when every call succeeded. */
  finished(limitMs: number): Promise<number | null> {
    return this.#process.finished(limitMs);
  }

  /** Calls that succeeded, and every counter that tells of a surprise and is not 0. Once it has finished. */
  outcome(): { readonly succeeded: number; readonly surprises: Readonly<Record<string, number>> } {
    const [names = [], ...rows] = readFileSync(join(this.#folder, 'statistics.csv'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(';'));
    // "(C)" marks what is counted from the start, "(P)" what was counted since the row before.
    const total = (name: string): number => Number(rows.at(-1)?.[names.indexOf(`${name}(C)`)]);
    const surprises = SURPRISES.map((name): [string, number] => [name, total(name)]).filter(([, count]) => count !== 0);
    return { succeeded: total('SuccessfulCall'), surprises: Object.fromEntries(surprises) };
  }

  /** Messages by Call-ID. Once it has finished. */
  trace(): ReturnType<typeof readTrace> {
    return readTrace(join(this.#folder, 'messages'));
  }

  /** What it wrote of its first failures; empty when there were none. */
  complaints(): string {
    const file = join(this.#folder, 'errors');
    return existsSync(file) ? readFileSync(file, 'latin1').slice(0, 4000) : '';
  }

  /** Ends it at once: asked, it would wait for its calls to come. */
  async stop(): Promise<void> {
    await this.#process.stop('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** sipp has video two above its audio, and does not start where somebody has that port. */
async function freeMediaPort(): Promise<number> {
  for (;;) {
    const port = await freeUdpPort();
    if (port < 65_000 && !isUdpPortTaken(port + 2)) return port;
  }
}

function scenarioArguments(scenario: SippOptions['scenario'], folder: string): string[] {
  if (typeof scenario !== 'string') {
    const file = join(folder, 'scenario.xml');
    writeFileSync(file, scenario.xml);
    return ['-sf', file];
  }
  if (!scenario.endsWith('.xml')) return ['-sn', scenario];
  return ['-sf', isAbsolute(scenario) ? scenario : fileURLToPath(new URL(scenario, import.meta.url))];
}

function callingArguments(
  { port, callsPerSecond, user, fields }: NonNullable<SippOptions['calling']>,
  folder: string,
): string[] {
  const file = join(folder, 'fields.csv');
  if (fields) writeFileSync(file, ['SEQUENTIAL', ...fields, ''].join('\n'));
  return [
    // As many at once as it takes: waiting for others to end, it would call less often.
    ...['-r', String(callsPerSecond), '-l', String(callsPerSecond * MAX_CALL_S)],
    ...(user === undefined ? [] : ['-s', user]),
    ...(fields ? ['-inf', file] : []),
    `127.0.0.1:${port}`,
  ];
}
