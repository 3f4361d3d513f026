/** A real program run by a test: what it says is kept, and it is ended by its own process id and no other. */

import { spawn, type ChildProcess } from 'node:child_process';

const END_MS = 10_000;
const MAX_SAID_CHARS = 1_000_000;

export class PeerProcess {
  readonly #child: ChildProcess;
  readonly #gone: Promise<number | null>;
  #said = '';

  constructor(program: string, args: readonly string[]) {
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const hear = (chunk: Buffer): void => {
      this.#said = (this.#said + chunk.toString('latin1')).slice(-MAX_SAID_CHARS);
    };
    this.#child.stdout?.on('data', hear);
    this.#child.stderr?.on('data', hear);
    this.#gone = new Promise((resolve) => {
      this.#child.once('error', () => resolve(null));
      this.#child.once('close', resolve);
    });
  }

  /** Everything it wrote so far. */
  get said(): string {
    return this.#said;
  }

  /** Its exit code; null when it was ended by a signal, as it is when it takes longer than `limitMs`. */
  async finished(limitMs: number): Promise<number | null> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), limitMs);
    const code = await this.#gone;
    clearTimeout(timer);
    return code;
  }

  /** Asks it to end, and ends it when it does not; with SIGKILL it is not asked. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    await this.finished(END_MS);
  }
}
