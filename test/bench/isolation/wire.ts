/** The media program: built from C when it is needed, spoken to in lines. */

import { execFileSync, spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { WireFlow } from './callers.ts';

/** What the capture saw of one run. */
export interface WireReport {
  readonly sent: number;
  /** Into the relay, out of it, and in but never out. */
  readonly in: number;
  readonly out: number;
  readonly lost: number;
  /** Missed by the capture itself: then the run is worth nothing. */
  readonly uncaptured: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly p999_ms: number;
  readonly max_ms: number;
}

type WireProcess = ChildProcessByStdio<Writable, Readable, null>;

export class Wire {
  readonly #process: WireProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #folder: string;

  private constructor(folder: string, process: WireProcess) {
    this.#folder = folder;
    this.#process = process;
    this.#lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  }

  /** Watches a relay whose ports are `first` to `last`. Needs a C compiler, libsrtp2 and the right to capture. */
  static start(first: number, last: number): Wire {
    const folder = mkdtempSync(join(tmpdir(), 'earshot-wire-'));
    const program = join(folder, 'wire');
    const source = fileURLToPath(new URL('wire.c', import.meta.url));
    execFileSync('cc', ['-O2', '-Wall', '-Wextra', '-o', program, source, '-lsrtp2']);
    return new Wire(folder, spawn(program, [String(first), String(last)], { stdio: ['pipe', 'pipe', 'inherit'] }));
  }

  carry(flows: readonly WireFlow[]): void {
    this.#process.stdin.write('clear\n');
    for (const { fromPort, toPort, ssrc, key } of flows) {
      this.#process.stdin.write(`flow ${fromPort} ${toPort} ${ssrc} ${key}\n`);
    }
  }

  async run(ms: number): Promise<WireReport> {
    this.#process.stdin.write(`run ${ms}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('the media program ended');
    return JSON.parse(line.value) as WireReport;
  }

  async stop(): Promise<void> {
    const gone = this.#process.exitCode === null ? once(this.#process, 'exit') : undefined;
    this.#process.stdin.end();
    await gone;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
