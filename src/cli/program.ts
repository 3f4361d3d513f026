/** The commands of `earshot`, in the order people meet them; each is in a file of its own. */

import { Command } from 'commander';
import { packageVersion } from '../base/package-root.ts';
import { addAccess } from './access.ts';
import { addApply } from './apply.ts';
import { addCalls } from './calls.ts';
import { addCompletion } from './completion.ts';
import { addConfig } from './config.ts';
import { addDecisions } from './decisions.ts';
import { addEvents } from './events.ts';
import { addLedgerExport } from './ledger-export.ts';
import { addLedgerQueries } from './ledger-query.ts';
import { addLedgerVerify } from './ledger-verify.ts';
import { whole } from './options.ts';
import { addPolicyAuthor } from './policy/author.ts';
import { addPolicyDeliver } from './policy/deliver.ts';
import { addPolicyEval } from './policy/eval.ts';
import { addProcessors } from './processors.ts';
import { addRedact } from './redact.ts';
import { addRevoke } from './revoke.ts';
import { addRouteTest } from './route-test.ts';
import { addTenants } from './tenants.ts';
import type { DrainOptions } from './drain.ts';
import type { Terminal } from './terminal/terminal.ts';
import { addTokens } from './tokens.ts';
import { addTranscripts } from './transcripts.ts';

/** Every command, writing to `terminal`. Errors of usage throw a CommanderError instead of ending the process. */
export function buildProgram(terminal: Terminal): Command {
  const program = new Command('earshot')
    .description('Decides which AI may hear which call, and proves it.')
    .version(packageVersion)
    .showHelpAfterError('(add --help to see what there is)')
    // Options before a subcommand are its group's, those after it its own.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.print(text),
      writeErr: (text) => terminal.note(text.trimEnd()),
    });
  addNodeCommands(program);
  addRevoke(program, terminal);
  addCalls(program, terminal);
  addEvents(program, terminal);
  addDecisions(program, terminal);
  const ledger = program.command('ledger').description('the inference ledger: ask it, verify it, take it away');
  addLedgerQueries(ledger, terminal);
  addLedgerVerify(ledger, terminal);
  addLedgerExport(ledger, terminal);
  addTranscripts(program, terminal);
  addRedact(program, terminal);
  const policy = program.command('policy').description('for those who write policy: test, build, eval, deliver');
  addPolicyEval(policy, terminal);
  addPolicyAuthor(policy, terminal);
  addPolicyDeliver(policy, terminal);
  addApply(program, terminal);
  addConfig(program, terminal);
  addRouteTest(program.command('route').description('where a call would go'), terminal);
  addTenants(program, terminal);
  addProcessors(program, terminal);
  addAccess(program, terminal);
  addTokens(program, terminal);
  addCompletion(program, terminal);
  return program;
}

/**
 * What works on the node of this machine, without its API. Loaded when it is meant: whoever pulls the kill switch must
 * not wait for a demo to be read.
 */
function addNodeCommands(program: Command): void {
  const config = [
    '-c, --config <file>',
    'node configuration (default: earshot.yaml here, else embedded defaults)',
  ] as const;
  program
    .command('start')
    .description('start this node: call plane, governance and, on trial, an embedded Postgres')
    .option(...config)
    .action(async (options: { readonly config?: string }) => (await import('./start.ts')).start(options));
  program
    .command('check')
    .description('check a node configuration and the document it seeds, without starting anything')
    .argument('[file]', 'node configuration (default: earshot.yaml here)')
    .action(async (file: string | undefined) => (await import('./check.ts')).checkConfig(file));
  program
    .command('status')
    .description('show how this node is')
    .option(...config)
    .option('--json', 'one JSON object')
    .action(async (options: { readonly config?: string; readonly json?: boolean }) =>
      (await import('./status.ts')).showStatus(options),
    );
  program
    .command('drain')
    .description('take no new calls and wait until those there are have ended')
    .option(...config)
    .option('--undo', 'take calls again')
    .option('--wait <seconds>', 'give up waiting after this time; no call is ever ended by it', whole)
    .action(async (options: DrainOptions) => (await import('./drain.ts')).drain(options));
  program
    .command('demo')
    .description('play one governed call on free ports and show it as it happens')
    .option('--json', 'only one JSON object on stdout')
    .option('--keep', 'leave the state directory behind')
    .action(async (options: { readonly json?: boolean; readonly keep?: boolean }) =>
      (await import('./demo.ts')).demo(options),
    );
  program
    .command('policies')
    .description('check, test and build the shipped policy bundles with opa')
    .option('--check', 'change nothing; fail when the checked-in bundles differ from their source')
    .action(async (options: { readonly check?: boolean }) => (await import('./policies.ts')).policies(options));
}
