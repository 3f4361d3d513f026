/**
 * A process that was started ahead of need: it has loaded its code and waits for one word, so that a death costs calls no
 * start of a process. It holds no port and no call, runs after those it stands by for, and ends with us.
 */

import type { ChildProcess } from 'node:child_process';
import type { Cancel, Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';

/** While calls wait for who was just started, nobody else is. */
const PREPARE_MS = 2000;
/** One that cannot even wait is not tried over and over. */
const RETRY_MS = 60_000;

export interface UnderstudyOptions {
  /** Starts one. What is written to its standard input, once, is its cue. */
  readonly launch: () => ChildProcess | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export class Understudy {
  readonly #options: UnderstudyOptions;
  #child: ChildProcess | undefined;
  #cancel: Cancel | undefined;
  #isStopped = false;

  constructor(options: UnderstudyOptions) {
    this.#options = options;
  }

  /** Whether one stands by. */
  get isThere(): boolean {
    return this.#child !== undefined;
  }

  /** Has one stand by, from soon on. */
  prepare(): void {
    this.#prepareIn(PREPARE_MS);
  }

  /** The one that stands by, on its cue from now on; undefined when there is none. */
  take(): ChildProcess | undefined {
    const child = this.#child;
    this.#child = undefined;
    // One that was stopped, as by whoever stopped everything of that name, would be on its cue for ever.
    child?.kill('SIGCONT');
    child?.stdin?.end('go');
    return child;
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  #prepareIn(delayMs: number): void {
    if (this.#isStopped || this.#child) return;
    this.#cancel?.();
    this.#cancel = this.#options.clock.after(delayMs, () => this.#launch());
  }

  #launch(): void {
    const child = this.#options.launch();
    if (child === undefined) {
      this.#prepareIn(RETRY_MS);
      return;
    }
    this.#child = child;
    // It may die while it is written to.
    child.stdin?.on('error', () => undefined);
    child.once('error', () => this.#onGone(child));
    child.once('exit', () => this.#onGone(child));
  }

  #onGone(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#options.log.warn({}, 'a process that stood by is gone');
    this.#prepareIn(RETRY_MS);
  }
}
