/** A run of the real sipp, with one of its own scenarios or one of ours, and what its statistics say in the end. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freeUdpPort } from '../../src/cli/demo-node.ts';
import { until } from '../journeys/support/stage.ts';
import { PeerProcess } from './peer-process.ts';
import { isUdpPortTaken } from './udp-peer.ts';

export interface SippOptions {
  readonly program: string;
  /** One that is built in, by its name, or a file: beside this one, or by its whole path. */
  readonly scenario: 'uac' | 'uas' | `${string}.xml`;
  readonly port: number;
  /** Calls after which it ends. */
  readonly calls: number;
  /** Who is called, and how often; without it sipp waits for calls. */
  readonly calling?: { readonly port: number; readonly callsPerSecond: number };
}

/** Counters that must all be 0 for a run in which nothing surprising happened. */
const SURPRISES = ['FailedCall', 'Retransmissions', 'OutOfCallMsgs', 'DeadCallMsgs', 'AutoAnswered', 'FatalErrors'];

export class Sipp {
  readonly #process: PeerProcess;
  readonly #folder: string;

  private constructor(process: PeerProcess, folder: string) {
    this.#process = process;
    this.#folder = folder;
  }

  static async start({ program, scenario, port, calls, calling }: SippOptions): Promise<Sipp> {
    const folder = mkdtempSync(join(tmpdir(), 'earshot-sipp-'));
    const args = [
      ...(scenario.endsWith('.xml')
        ? ['-sf', isAbsolute(scenario) ? scenario : fileURLToPath(new URL(scenario, import.meta.url))]
        : ['-sn', scenario]),
      ...['-i', '127.0.0.1', '-p', String(port), '-mp', String(await freeUdpPort())],
      ...['-trace_stat', '-stf', join(folder, 'statistics.csv'), '-nostdin', '-m', String(calls)],
      ...(calling ? ['-r', String(calling.callsPerSecond), `127.0.0.1:${calling.port}`] : []),
    ];
    const run = new Sipp(new PeerProcess(program, args), folder);
    await until('sipp listens', () => isUdpPortTaken(port));
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

  /** Ends it at once: asked, it would wait for its calls to come. */
  async stop(): Promise<void> {
    await this.#process.stop('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
