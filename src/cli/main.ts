/** `earshot`: runs the command. Expected failures are a line on stderr and exit code 1; wrong usage is exit code 2. */

import { CommanderError } from 'commander';
import { CodedError } from '../base/error.ts';
import { UsageError } from './options.ts';
import { buildProgram } from './program.ts';
import { systemTerminal } from './terminal/terminal.ts';

const FAILED = 1;
const MISUSED = 2;

// Whoever reads us may stop reading; what we are in the middle of still ends in order.
process.stdout.on('error', () => undefined);

try {
  await buildProgram(systemTerminal).parseAsync(process.argv);
} catch (thrown) {
  process.exitCode = report(thrown);
}

function report(thrown: unknown): number {
  // It has said what is wrong, or shown the help that was asked for.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : MISUSED;
  if (thrown instanceof CodedError || isSystemError(thrown)) {
    process.stderr.write(`${thrown.message.replace(/^/gm, 'earshot: ')}\n`);
    return thrown instanceof UsageError ? MISUSED : FAILED;
  }
  throw thrown;
}

/** A full disk, a missing right: its message says which call on which path, and is one line. */
function isSystemError(thrown: unknown): thrown is Error {
  return thrown instanceof Error && 'syscall' in thrown;
}
