/** `earshot completion`: a script for the shell, made from the commands there are. */

import { Argument, type Command } from 'commander';
import { completionScript, SHELLS, type Shell } from './completion/scripts.ts';
import { listSpots } from './completion/spots.ts';
import type { Terminal } from './terminal/terminal.ts';

/** Added last: it completes what is there by then. */
export function addCompletion(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .description('print completions for a shell: eval "$(earshot completion bash)"')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .action(async (shell: Shell) => {
      await terminal.print(completionScript(shell, listSpots(program)));
    });
}
