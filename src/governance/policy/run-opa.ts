/**
 * Runs the `opa` command with fixed arguments: no shell, no environment, a bounded time and a bounded output.
 * It is a tool of authors and tests; nothing that governs a call starts it.
 */

import { execFile } from 'node:child_process';
import { CodedError } from '../../base/error.ts';

export class OpaError extends CodedError<'NOT_STARTED' | 'FAILED'> {}

/** The version whose output is checked in; another one may build other bytes from the same Rego. */
export const OPA_VERSION = '1.22.2';

const TIMEOUT_MS = 120_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Runs `opa ...args` in `folder` and returns what it printed. Throws `OpaError` with what it complained of. */
export function runOpa(opa: string, folder: string, args: readonly string[]): Promise<string> {
  const options = {
    cwd: folder,
    env: {},
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT_BYTES,
  } as const;
  return new Promise((resolve, reject) => {
    execFile(opa, args, options, (cause, stdout, stderr) => {
      if (cause === null) resolve(stdout);
      else if (typeof cause.code === 'string') reject(new OpaError('NOT_STARTED', `cannot run ${opa}`, { cause }));
      else reject(new OpaError('FAILED', `opa ${args.join(' ')}\n${stdout}${stderr}`.trimEnd()));
    });
  });
}
