/**
 * A process of a benchmark that answers questions: the asking side here, the answering side in `answering.ts`. It ends
 * with the process that started it.
 */

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What may be asked by name: the question's shape and its answer's, both plain values. */
export type Questions<Asked> = {
  readonly [Name in keyof Asked]: { readonly ask: unknown; readonly answer: unknown };
};

export interface Question {
  readonly name: string;
  readonly ask: unknown;
}

export type Reply = { readonly answer: unknown } | { readonly fault: string };

const ANSWER_LIMIT_MS = 20_000;
const END_LIMIT_MS = 5000;

export class Child<Asked extends Questions<Asked>> {
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  /** Resolves once the process listens: what is said to it before would be lost. */
  static async start<Asked extends Questions<Asked>>(file: URL): Promise<Child<Asked>> {
    const child = fork(fileURLToPath(file), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    await nextReply(child);
    return new Child<Asked>(child);
  }

  /** Asks one thing; the next only after its answer. Rejects after 20 s, or when the process is gone. */
  async ask<Name extends keyof Asked & string>(name: Name, ask: Asked[Name]['ask']): Promise<Asked[Name]['answer']> {
    const replied = nextReply(this.#process);
    this.#process.send({ name, ask } satisfies Question);
    return replied;
  }

  async stop(): Promise<void> {
    if (hasEnded(this.#process)) return;
    const exit = once(this.#process, 'exit');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), END_LIMIT_MS);
    this.#process.disconnect();
    await exit;
    clearTimeout(timer);
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function nextReply(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (outcome: () => void): void => {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onExit);
      outcome();
    };
    const onMessage = (said: unknown): void => {
      const reply = said as Reply;
      settle(() => ('fault' in reply ? reject(new Error(reply.fault)) : resolve(reply.answer)));
    };
    const onExit = (): void => settle(() => reject(new Error('a process of the benchmark ended')));
    const timer = setTimeout(() => {
      settle(() => reject(new Error('a process of the benchmark does not answer')));
    }, ANSWER_LIMIT_MS);
    child.on('message', onMessage).on('exit', onExit);
    if (hasEnded(child)) onExit();
  });
}
