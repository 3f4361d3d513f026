/** One plane as a process: started, adopted when it outlived an earlier supervisor, restarted when it ends, stopped. */

import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import type { Cancel, Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { childEnvironment } from '../config/environment.ts';
import { RUNTIME_VARIABLE, type CallRuntime, type GovernanceRuntime } from '../config/runtime.ts';
import { isSameProcess, readStartTicks, type ProcessIdentity } from './process-identity.ts';
import { obtainedScheduling, scheduled, type PlaneName } from './scheduling.ts';
import { writePrivateJson } from './state-dir.ts';

export interface PlaneProcessOptions {
  readonly plane: PlaneName;
  /** Built file to run. */
  readonly file: string;
  readonly runtimeFile: string;
  readonly pidFile: string;
  readonly scheduling: boolean;
  readonly clock: Clock;
  readonly log: Log;
  onExit(reason: string): void;
}

const FIRST_BACK_OFF_MS = 200;
const MAX_BACK_OFF_MS = 5000;
/** A process that lived this long starts again at the shortest back-off. */
const SETTLED_MS = 30_000;
const POLL_MS = 250;
const STOP_GRACE_MS = 8000;

export class PlaneProcess {
  readonly #options: PlaneProcessOptions;
  #identity: ProcessIdentity | undefined;
  #startedUs = 0;
  #backOffMs = FIRST_BACK_OFF_MS;
  #restarts = -1;
  #isStopping = false;
  #isAdopted = false;
  #cancelRestart: Cancel | undefined;
  #cancelWatch: Cancel | undefined;
  #scheduling = 'unknown';

  constructor(options: PlaneProcessOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#identity?.pid;
  }

  /** Ms since the present process was started or adopted; 0 while there is none. */
  get ageMs(): number {
    return this.#identity === undefined ? 0 : (this.#options.clock.monoUs() - this.#startedUs) / 1000;
  }

  /** How often it had to be started again. */
  get restarts(): number {
    return Math.max(this.#restarts, 0);
  }

  /** Scheduling policy the kernel gave it. */
  get scheduling(): string {
    return this.#scheduling;
  }

  /** Whether a process of an earlier supervisor still lives. */
  hasSurvivor(): boolean {
    return this.#readSurvivor() !== undefined;
  }

  /** Takes over a living process of an earlier supervisor, or starts one with `runtime`. Returns whether it was adopted. */
  start(runtime: CallRuntime | GovernanceRuntime): boolean {
    writePrivateJson(this.#options.runtimeFile, runtime);
    const survivor = this.#readSurvivor();
    if (survivor === undefined) {
      this.#spawn();
      return false;
    }
    this.#options.log.info({ plane: this.#options.plane, pid: survivor.pid }, 'adopted a running plane');
    this.#identity = survivor;
    this.#isAdopted = true;
    this.#restarts = 0;
    this.#startedUs = this.#options.clock.monoUs();
    this.#scheduling = obtainedScheduling(survivor.pid);
    this.#watchAdopted(survivor);
    return true;
  }

  /** Ends it at once; it is started again like after any other end. */
  kill(reason: string): void {
    const { log, plane } = this.#options;
    if (this.#identity === undefined || !isSameProcess(this.#identity)) return;
    log.warn({ plane, pid: this.#identity.pid, reason }, 'killing a plane');
    process.kill(this.#identity.pid, 'SIGKILL');
  }

  /** Leaves a process of an earlier supervisor running, for a later one to adopt; stops one of our own. */
  async letGo(): Promise<void> {
    if (this.#isAdopted || this.#identity === undefined) this.#cancelWatch?.();
    else await this.stop();
  }

  /** Asks it to end, one not yet adopted too, and ends it when it does not. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#cancelRestart?.();
    const identity = this.#identity ?? this.#readSurvivor();
    if (identity !== undefined && isSameProcess(identity)) {
      process.kill(identity.pid, 'SIGTERM');
      if (!(await this.#isGoneWithin(identity, STOP_GRACE_MS))) {
        process.kill(identity.pid, 'SIGKILL');
        await this.#isGoneWithin(identity, STOP_GRACE_MS);
      }
    }
    this.#cancelWatch?.();
    rmSync(this.#options.pidFile, { force: true });
  }

  #spawn(): void {
    const { plane, file, runtimeFile, pidFile, clock, log } = this.#options;
    const argv = [process.execPath, '--enable-source-maps', file] as const;
    const [command, ...args] = scheduled(plane, [...argv], this.#options.scheduling);
    // Its own session: a Ctrl-C in our terminal is ours to handle, and our death is not its.
    const child = spawn(command, args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
      env: childEnvironment({ [RUNTIME_VARIABLE]: runtimeFile }),
    });
    this.#isAdopted = false;
    this.#restarts += 1;
    this.#startedUs = clock.monoUs();
    child.once('error', () => this.#onGone('cannot_start'));
    if (child.pid === undefined) return;
    this.#identity = { pid: child.pid, startTicks: readStartTicks(child.pid) };
    writePrivateJson(pidFile, this.#identity);
    log.info({ plane, pid: child.pid }, 'started a plane');
    this.#noteScheduling(child);
    child.once('exit', (code, signal) => this.#onGone(signal ?? `exit_${code ?? 0}`));
  }

  /** Read once the program runs: before exec it would be ours. */
  #noteScheduling(child: ChildProcess): void {
    this.#options.clock.after(POLL_MS, () => {
      if (child.pid !== undefined && child.exitCode === null) this.#scheduling = obtainedScheduling(child.pid);
    });
  }

  #watchAdopted(identity: ProcessIdentity): void {
    this.#cancelWatch = this.#options.clock.every(POLL_MS, () => {
      if (isSameProcess(identity)) return;
      this.#cancelWatch?.();
      this.#onGone('gone');
    });
  }

  #onGone(reason: string): void {
    const { plane, clock, log } = this.#options;
    this.#identity = undefined;
    this.#options.onExit(reason);
    if (this.#isStopping) return;
    const livedMs = (clock.monoUs() - this.#startedUs) / 1000;
    this.#backOffMs = livedMs > SETTLED_MS ? FIRST_BACK_OFF_MS : Math.min(this.#backOffMs * 2, MAX_BACK_OFF_MS);
    log.warn({ plane, reason, again_in_ms: this.#backOffMs }, 'a plane ended');
    this.#cancelRestart = clock.after(this.#backOffMs, () => this.#spawn());
  }

  #readSurvivor(): ProcessIdentity | undefined {
    try {
      const identity: unknown = JSON.parse(readFileSync(this.#options.pidFile, 'utf8'));
      if (typeof identity !== 'object' || identity === null) return undefined;
      if (!('pid' in identity) || !('startTicks' in identity)) return undefined;
      const known = { pid: Number(identity.pid), startTicks: Number(identity.startTicks) };
      return isSameProcess(known) ? known : undefined;
    } catch {
      return undefined;
    }
  }

  async #isGoneWithin(identity: ProcessIdentity, limitMs: number): Promise<boolean> {
    for (let waitedMs = 0; waitedMs < limitMs; waitedMs += 50) {
      if (!isSameProcess(identity)) return true;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return !isSameProcess(identity);
  }
}
