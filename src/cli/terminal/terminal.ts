/** The person or program on the other side of a command: what is said to it, and what it is asked. */

import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { systemClock, type Clock } from '../../base/clock.ts';

export interface Terminal {
  readonly clock: Clock;
  /** Whether somebody is there who could answer a question. */
  readonly isInteractive: boolean;
  /** The result, on stdout; resolves when it has been taken, false when nobody reads any more. */
  print(text: string): Promise<boolean>;
  /** What is not the result, on stderr. */
  note(text: string): void;
  /** A yes or no; anything but yes is no. */
  confirm(question: string): Promise<boolean>;
  /** The exit code of the command unless it fails. */
  exitWith(code: number): void;
  /** Whether Ctrl-C was pressed, for commands that go on until then; call `release` when no longer. */
  untilInterrupted(): { readonly signal: AbortSignal; readonly release: () => void };
}

export const systemTerminal: Terminal = {
  clock: systemClock,
  isInteractive: process.stdin.isTTY && process.stderr.isTTY,
  print: (text) =>
    new Promise((resolve) => {
      if (process.stdout.destroyed) resolve(false);
      else process.stdout.write(text, (error) => resolve(error === null || error === undefined));
    }),
  note: (text) => process.stderr.write(`${text}\n`),
  async confirm(question) {
    const reader = createInterface({ input: process.stdin, output: process.stderr });
    // Ctrl-D or Ctrl-C ends the reader without an answer.
    const gone = once(reader, 'close').then(() => '');
    try {
      const answer = await Promise.race([reader.question(`${question} [y/N] `), gone]);
      return /^y(es)?$/i.test(answer.trim());
    } finally {
      reader.close();
    }
  },
  exitWith: (code) => (process.exitCode = code),
  untilInterrupted() {
    const control = new AbortController();
    const stop = (): void => control.abort();
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    return {
      signal: control.signal,
      release: () => {
        process.off('SIGINT', stop);
        process.off('SIGTERM', stop);
      },
    };
  },
};
