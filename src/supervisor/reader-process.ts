/**
 * The reader as a process: started when governance wants it, ending by itself when it has nothing to do, and never left
 * behind. It is not adopted: whatever an earlier supervisor left is ended.
 */

import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { childEnvironment } from '../config/environment.ts';
import { RUNTIME_VARIABLE, type ReaderRuntime } from '../config/runtime.ts';
import { endProcess } from './end-process.ts';
import { isSameProcess, readStartTicks, type ProcessIdentity } from './process-identity.ts';
import { isSchedulingPermitted, scheduled } from './scheduling.ts';
import { writePrivateJson } from './state-dir.ts';

export interface ReaderProcessOptions {
  /** Built file to run. */
  readonly file: string;
  readonly runtimeFile: string;
  readonly pidFile: string;
  readonly scheduling: boolean;
  /** Variables of our environment that are not for it. */
  readonly withheldEnv: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

export interface ReaderStatus {
  readonly state: 'idle' | 'running';
  readonly pid: number | null;
  readonly starts: number;
  /** How often it ended otherwise than by itself. */
  readonly failures: number;
}

const FIRST_BACK_OFF_MS = 1000;
const MAX_BACK_OFF_MS = 30_000;
const STOP_GRACE_MS = 8000;

export class ReaderProcess {
  readonly #options: ReaderProcessOptions;
  #identity: ProcessIdentity | undefined;
  #starts = 0;
  #failures = 0;
  #backOffMs = FIRST_BACK_OFF_MS;
  #notBeforeUs = 0;
  #isStopping = false;

  constructor(options: ReaderProcessOptions) {
    this.#options = options;
  }

  get status(): ReaderStatus {
    const pid = this.#identity?.pid ?? null;
    return { state: pid === null ? 'idle' : 'running', pid, starts: this.#starts, failures: this.#failures };
  }

  /** Ends a reader that outlived an earlier supervisor: it would hold the socket of the next one. */
  async endLeftBehind(): Promise<void> {
    const known = readIdentity(this.#options.pidFile);
    if (known !== undefined && isSameProcess(known)) await endProcess(known, STOP_GRACE_MS);
    this.#removeFiles();
  }

  /** Starts it, unless it runs, or failed a moment ago. */
  want(runtime: ReaderRuntime): void {
    if (this.#identity !== undefined || this.#isStopping || this.#options.clock.monoUs() < this.#notBeforeUs) return;
    this.#spawn(runtime);
  }

  /** Resolves when it is gone; it is not started any more. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#identity !== undefined) await endProcess(this.#identity, STOP_GRACE_MS);
    this.#removeFiles();
  }

  #spawn(runtime: ReaderRuntime): void {
    const { file, runtimeFile, pidFile, withheldEnv, log } = this.#options;
    writePrivateJson(runtimeFile, runtime);
    // It may be asked in the middle of a busy hour: like governance, it runs when nothing else has to.
    const isScheduled = this.#options.scheduling && isSchedulingPermitted('governance');
    const argv = [process.execPath, '--enable-source-maps', file] as const;
    const [command, ...args] = scheduled('governance', [...argv], isScheduled);
    const child = spawn(command, args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
      env: childEnvironment({ [RUNTIME_VARIABLE]: runtimeFile }, withheldEnv),
    });
    this.#starts += 1;
    child.once('error', () => this.#onGone('cannot_start'));
    if (child.pid === undefined) return;
    this.#identity = { pid: child.pid, startTicks: readStartTicks(child.pid) };
    writePrivateJson(pidFile, this.#identity);
    log.info({ process: child.pid }, 'started the reader');
    child.once('exit', (code, signal) => this.#onGone(signal ?? `exit_${code ?? 0}`));
  }

  /** `exit_0` is no failure: it had nothing left to do. */
  #onGone(reason: string): void {
    const { clock, log } = this.#options;
    this.#identity = undefined;
    this.#removeFiles();
    if (this.#isStopping) return;
    if (reason === 'exit_0') {
      this.#backOffMs = FIRST_BACK_OFF_MS;
      log.info({ reason }, 'the reader ended');
      return;
    }
    this.#failures += 1;
    this.#notBeforeUs = clock.monoUs() + this.#backOffMs * 1000;
    log.warn({ reason, again_in_ms: this.#backOffMs }, 'the reader ended');
    this.#backOffMs = Math.min(this.#backOffMs * 2, MAX_BACK_OFF_MS);
  }

  /** The runtime file holds passwords, and is read once. */
  #removeFiles(): void {
    for (const file of [this.#options.pidFile, this.#options.runtimeFile]) rmSync(file, { force: true });
  }
}

const identitySchema = z.object({ pid: z.int(), startTicks: z.int() });

function readIdentity(file: string): ProcessIdentity | undefined {
  try {
    const read = identitySchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  }
}
