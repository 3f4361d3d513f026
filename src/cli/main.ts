/** `earshot`: the commands, each in a file of its own. Expected failures are one line on stderr and exit code 1. */

import { Command, CommanderError } from 'commander';
import { CodedError } from '../base/error.ts';
import { packageVersion } from '../base/package-root.ts';
import { checkConfig } from './check.ts';
import { demo } from './demo.ts';
import { verifyLedgerCommand } from './ledger-verify.ts';
import { policies } from './policies.ts';
import { start } from './start.ts';
import { showStatus } from './status.ts';

const program = new Command('earshot')
  .description('Decides which AI may hear which call, and proves it.')
  .version(packageVersion)
  .showHelpAfterError('(earshot --help shows the commands)')
  .exitOverride();

program
  .command('start')
  .description('start this node: call plane, governance and, on trial, an embedded Postgres')
  .option('-c, --config <file>', 'node configuration (default: earshot.yaml here, else embedded defaults)')
  .action(start);

program
  .command('check')
  .description('check a node configuration and the document it seeds, without starting anything')
  .argument('[file]', 'node configuration (default: earshot.yaml here)')
  .action(checkConfig);

program
  .command('status')
  .description('show how the processes of this node are')
  .option('-c, --config <file>', 'node configuration of the running node')
  .option('--json', 'one JSON object')
  .action(showStatus);

program
  .command('demo')
  .description('play one governed call on free ports and show it as it happens')
  .option('--json', 'only one JSON object on stdout')
  .option('--keep', 'leave the state directory behind')
  .action(demo);

const ledger = program.command('ledger').description('the inference ledger');
ledger
  .command('verify')
  .description('verify the ledger: chains, gaplessness, projections, lease arithmetic')
  .option('-c, --config <file>', 'node configuration of the running node')
  .option('-f, --file <file>', 'verify an exported file instead of the running node')
  .option('--json', 'one JSON object')
  .action(verifyLedgerCommand);

program
  .command('policies')
  .description('check, test and build the shipped policy bundles with opa')
  .option('--check', 'change nothing; fail when the checked-in bundles differ from their source')
  .action(policies);

// Whoever reads us may stop reading; what we are in the middle of still ends in order.
process.stdout.on('error', () => undefined);

try {
  await program.parseAsync(process.argv);
} catch (thrown) {
  process.exitCode = report(thrown);
}

function report(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode;
  if (thrown instanceof CodedError || isSystemError(thrown)) {
    process.stderr.write(`${thrown.message.replace(/^/gm, 'earshot: ')}\n`);
    return 1;
  }
  throw thrown;
}

/** A full disk, a missing right: its message says which call on which path, and is one line. */
function isSystemError(thrown: unknown): thrown is Error {
  return thrown instanceof Error && 'syscall' in thrown;
}
