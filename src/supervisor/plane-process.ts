/** One plane as a process: started, adopted when it outlived an earlier supervisor, restarted when it ends, stopped. */

import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import type { Cancel, Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { childEnvironment } from '../config/environment.ts';
import { RUNTIME_VARIABLE, UNDERSTUDY_ARGUMENT, type CallRuntime, type GovernanceRuntime } from '../config/runtime.ts';
import { endProcess } from './end-process.ts';
import { isSameProcess, readStartTicks, signalProcess, type ProcessIdentity } from './process-identity.ts';
import { isSchedulingPermitted, obtainedScheduling, promote, scheduled, type PlaneName } from './scheduling.ts';
import { writePrivateJson } from './state-dir.ts';
import { Understudy } from './understudy.ts';

export interface PlaneProcessOptions {
  readonly plane: PlaneName;
  /** Built file to run. */
  readonly file: string;
  readonly runtimeFile: string;
  readonly pidFile: string;
  readonly scheduling: boolean;
  /** Variables of our environment that are not for it. */
  readonly withheldEnv: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** Whether calls hang on it: then it is started again without a pause, unless it dies young again and again. */
  readonly isUrgent: boolean;
  onExit(reason: string, wasAsked: boolean): void;
}

const FIRST_BACK_OFF_MS = 200;
const MAX_BACK_OFF_MS = 5000;
/** A process that lived this long starts again at the shortest back-off. */
const SETTLED_MS = 30_000;
const URGENT_SETTLED_MS = 3000;
/** Deaths soon after a start that an urgent one is still started again from at once: the first is bad luck. */
const MAX_HASTY = 1;
/** Calls of an adopted plane that died are silent for this long at worst before it is noticed. */
const POLL_MS = 50;
const STOP_GRACE_MS = 8000;

/** What the pid file says of a process: who it is, and which runtime file it was started with. */
const survivorSchema = z.object({ pid: z.int(), startTicks: z.int(), runtimeDigest: z.string() });
type Survivor = z.output<typeof survivorSchema>;

export class PlaneProcess {
  readonly #options: PlaneProcessOptions;
  readonly #understudy: Understudy | undefined;
  #identity: ProcessIdentity | undefined;
  #startedUs = 0;
  #backOffMs = FIRST_BACK_OFF_MS;
  #restarts = -1;
  #isStopping = false;
  #isAdopted = false;
  #isOutdated = false;
  /** Deaths in a row, each too soon after its start. */
  #earlyDeaths = 0;
  #runtimeDigest = '';
  #isScheduled: boolean | undefined;
  #cancelRestart: Cancel | undefined;
  #cancelWatch: Cancel | undefined;

  constructor(options: PlaneProcessOptions) {
    this.#options = options;
    const { clock, log, isUrgent } = options;
    if (isUrgent) this.#understudy = new Understudy({ launch: () => this.#tryLaunch('understudy'), clock, log });
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
    return this.#identity === undefined ? 'unknown' : obtainedScheduling(this.#identity.pid);
  }

  /** Whether another process stands by for its death. */
  get hasUnderstudy(): boolean {
    return this.#understudy?.isThere === true;
  }

  /** Whether it was adopted and runs with another configuration than the present one. */
  get isOutdated(): boolean {
    return this.#isOutdated;
  }

  /** Whether a process of an earlier supervisor still lives. */
  hasSurvivor(): boolean {
    return this.#readSurvivor() !== undefined;
  }

  /** Takes over a living process of an earlier supervisor, or starts one with `runtime`. Returns whether it was adopted. */
  start(runtime: CallRuntime | GovernanceRuntime): boolean {
    writePrivateJson(this.#options.runtimeFile, runtime);
    this.#runtimeDigest = digestOf(runtime);
    const survivor = this.#readSurvivor();
    if (survivor === undefined) {
      this.#spawn();
      return false;
    }
    this.#options.log.info({ plane: this.#options.plane, process: survivor.pid }, 'adopted a running plane');
    this.#identity = survivor;
    this.#isAdopted = true;
    this.#isOutdated = survivor.runtimeDigest !== this.#runtimeDigest;
    this.#restarts = 0;
    this.#startedUs = this.#options.clock.monoUs();
    this.#watchAdopted(survivor);
    this.#understudy?.prepare();
    return true;
  }

  /** Ends it at once; it is started again like after any other end. */
  kill(reason: string): void {
    const { log, plane } = this.#options;
    if (this.#identity === undefined) return;
    log.warn({ plane, process: this.#identity.pid, reason }, 'killing a plane');
    signalProcess(this.#identity, 'SIGKILL');
  }

  /** Asks it to end, so that it is started again with the present configuration. */
  renew(): void {
    const identity = this.#identity;
    if (identity === undefined) return;
    signalProcess(identity, 'SIGTERM');
    this.#options.clock.after(STOP_GRACE_MS, () => signalProcess(identity, 'SIGKILL'));
  }

  /** Leaves a process of an earlier supervisor running, for a later one to adopt; stops one of our own. */
  async letGo(): Promise<void> {
    this.#understudy?.stop();
    if (this.#isAdopted || this.#identity === undefined) this.#cancelWatch?.();
    else await this.stop();
  }

  /** Asks it to end, one not yet adopted too, and ends it when it does not. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#cancelRestart?.();
    this.#understudy?.stop();
    const identity = this.#identity ?? this.#readSurvivor();
    if (identity !== undefined && isSameProcess(identity)) await endProcess(identity, STOP_GRACE_MS);
    this.#cancelWatch?.();
    // The runtime file may hold passwords, and nobody reads it any more.
    for (const file of [this.#options.pidFile, this.#options.runtimeFile]) rmSync(file, { force: true });
  }

  #spawn(): void {
    const { plane, clock, log } = this.#options;
    const stoodBy = this.#understudy?.take();
    const child = stoodBy ?? this.#tryLaunch(plane);
    this.#isAdopted = false;
    this.#isOutdated = false;
    this.#restarts += 1;
    this.#startedUs = clock.monoUs();
    this.#understudy?.prepare();
    if (child === undefined) {
      this.#onGone('cannot_start');
      return;
    }
    child.once('error', () => this.#onGone('cannot_start'));
    if (child.pid === undefined) return;
    this.#identity = { pid: child.pid, startTicks: readStartTicks(child.pid) };
    this.#notePid(this.#identity);
    log.info({ plane, process: child.pid, stood_by: stoodBy !== undefined }, 'started a plane');
    child.once('exit', (code, signal) => this.#onGone(signal ?? `exit_${code ?? 0}`));
    if (stoodBy && this.#isScheduled === true) promote(child.pid);
  }

  /** A disk that is full costs a later supervisor the adoption, and must not cost us the plane that was just started. */
  #notePid(identity: ProcessIdentity): void {
    const { plane, pidFile, log } = this.#options;
    try {
      writePrivateJson(pidFile, { ...identity, runtimeDigest: this.#runtimeDigest });
    } catch (error) {
      log.error({ plane, error }, 'its pid file cannot be written: no later supervisor will know it');
    }
  }

  /** Undefined when the system has nothing left for another process, as when it has just killed one for want of memory. */
  #tryLaunch(as: PlaneName | 'understudy'): ChildProcess | undefined {
    try {
      return this.#launch(as);
    } catch (error) {
      this.#options.log.error({ plane: this.#options.plane, error }, 'a process cannot be started');
      return undefined;
    }
  }

  #launch(as: PlaneName | 'understudy'): ChildProcess {
    const { plane, file, runtimeFile, withheldEnv } = this.#options;
    const isUnderstudy = as === 'understudy';
    // Asked once: to ask starts a process, and calls may be waiting for this one.
    this.#isScheduled ??= this.#options.scheduling && isSchedulingPermitted(plane);
    const words = ['--enable-source-maps', file, ...(isUnderstudy ? [UNDERSTUDY_ARGUMENT] : [])];
    const [command, ...args] = scheduled(as, [process.execPath, ...words], this.#isScheduled);
    // Its own session: a Ctrl-C in our terminal is ours to handle, and our death is not its.
    return spawn(command, args, {
      stdio: [isUnderstudy ? 'pipe' : 'ignore', 'inherit', 'inherit'],
      detached: true,
      env: childEnvironment({ [RUNTIME_VARIABLE]: runtimeFile }, withheldEnv),
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
    this.#options.onExit(reason, this.#isStopping);
    if (this.#isStopping) return;
    const livedMs = (clock.monoUs() - this.#startedUs) / 1000;
    this.#backOffMs = livedMs > SETTLED_MS ? FIRST_BACK_OFF_MS : Math.min(this.#backOffMs * 2, MAX_BACK_OFF_MS);
    this.#earlyDeaths = livedMs > URGENT_SETTLED_MS ? 0 : this.#earlyDeaths + 1;
    const pauseMs = this.#options.isUrgent && this.#earlyDeaths <= MAX_HASTY ? 0 : this.#backOffMs;
    log.warn({ plane, reason, again_in_ms: pauseMs }, 'a plane ended');
    if (pauseMs === 0) this.#spawn();
    else this.#cancelRestart = clock.after(pauseMs, () => this.#spawn());
  }

  #readSurvivor(): Survivor | undefined {
    const read = survivorSchema.safeParse(parseJson(readText(this.#options.pidFile) ?? ''));
    return read.success && isSameProcess(read.data) ? read.data : undefined;
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Tells one runtime file from another without keeping what is in it. */
function digestOf(runtime: CallRuntime | GovernanceRuntime): string {
  return createHash('sha256').update(JSON.stringify(runtime)).digest('hex');
}
