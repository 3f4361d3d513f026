/** `earshot redact`: the redactor over a file or standard input. Needs no node, configuration, database or right. */

import type { Readable } from 'node:stream';
import { Option, type Command } from 'commander';
import type { Topic } from '../governance/redaction/speech/token.ts';
import { UsageError } from './options.ts';
import { TOPIC_WORDS } from './redact/topics.ts';
import type { Terminal } from './terminal/terminal.ts';

interface Options {
  readonly jsonl?: boolean;
  readonly stream?: boolean;
  readonly explain?: boolean;
  readonly plan?: string;
  readonly linkKey?: string;
  readonly resumed?: boolean;
  readonly asked?: Topic;
}

export function addRedact(program: Command, terminal: Terminal, input: () => Readable = () => process.stdin): void {
  program
    .command('redact')
    .description('take what is personal out of a text, spoken or written; needs no node')
    .argument('[file]', 'the text (default: standard input)')
    .option('--jsonl', 'rows of {id, text, asked?} in, rows of {id, text, spans} out')
    .option('--stream', 'word by word as if it were said: when each is let go')
    .option('--explain', 'what was found, by which rule, how surely, and how long words were held')
    .option('--plan <file>', 'YAML or JSON: what becomes of each type, and a default; or all of a tenant’s redaction')
    .option('--link-key <file>', 'a key of 32 bytes in hex, for a plan with linkable_token')
    .option('--resumed', 'as if what was said before had not been heard')
    .addOption(new Option('--asked <topic>', 'what the other side has just asked for').choices(TOPIC_WORDS))
    .action((file: string | undefined, options: Options) => redact(terminal, { file, input }, options));
}

async function redact(
  terminal: Terminal,
  { file, input }: { readonly file: string | undefined; readonly input: () => Readable },
  { jsonl, stream, explain, plan, linkKey, resumed, asked }: Options,
): Promise<void> {
  if (jsonl === true && asked !== undefined) throw new UsageError('--asked: with --jsonl every row says it for itself');
  const { redactRows, redactText } = await import('./redact/run.ts');
  const { DEFAULT_PLAN, readLinkKey, readPlan } = await import('./redact/plan.ts');
  const { openSource } = await import('./redact/lines.ts');
  const how = {
    ...(plan === undefined ? { plan: DEFAULT_PLAN } : readPlan(plan)),
    linkKey: linkKey === undefined ? undefined : readLinkKey(linkKey),
    resumed: resumed === true,
    isStreamed: stream === true,
    isExplained: explain === true,
  };
  const source = openSource(file, input);
  await (jsonl === true ? redactRows(terminal, source, how) : redactText(terminal, source, { ...how, asked }));
}
