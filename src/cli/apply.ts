/** `earshot apply -f`: the document of this node's tenants, routes and processors, shown as a diff before it is applied. */

import { basename, dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { MAX_DOCUMENT_BYTES } from '../config/read-document.ts';
import { readText } from '../config/read-text.ts';
import { applyResult, revisionDetail, type ApplyBody, type ApplyResult } from '../model/api/config.ts';
import { reasonText } from '../model/api/words.ts';
import { ApiError, type ApiClient } from './api-client.ts';
import { deliverBundle, readNamedBundles, type NamedBundle } from './bundle-files.ts';
import { connect, type WhereOptions } from './connect.ts';
import { shaped, whereOptions, whole } from './options.ts';
import { renderChanges } from './show-changes.ts';
import { plain, plainJson } from './terminal/plain.ts';
import type { Terminal } from './terminal/terminal.ts';

/** What somebody says of a change, and how it is to be made. */
export interface ChangeOptions extends WhereOptions {
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

interface ApplyOptions extends ChangeOptions {
  readonly file: string;
  readonly base?: number;
}

export function changeOptions(command: Command): Command {
  return whereOptions(command)
    .option('--reason <text>', 'why, in a few words; it is recorded', shaped(reasonText))
    .option('--dry-run', 'show what would change, and change nothing')
    .option('-y, --yes', 'do not ask; without a terminal nothing is asked anyway');
}

export function addApply(program: Command, terminal: Terminal): void {
  const command = program.command('apply').description('apply a document: tenants, routes, processors, policies');
  changeOptions(command)
    .requiredOption('-f, --file <file>', 'the document, YAML or JSON; - for stdin')
    .option('--base <revision>', 'only if this revision is still the newest', whole)
    .action((options: ApplyOptions) => apply(terminal, options));
}

async function apply(terminal: Terminal, options: ApplyOptions): Promise<void> {
  const { file, name, folder, text } = readDocument(options.file);
  const bundles = readNamedBundles(name, text, folder);
  const client = connect(options);
  if (options.dryRun !== true) await deliver(client, terminal, bundles);
  const reason = options.reason ?? `applied ${file}`.slice(0, 128);
  const applied = changeConfig(terminal, options, {
    base: options.base,
    send: ({ dry_run, base }) => {
      const body: ApplyBody = {
        document: text,
        reason,
        dry_run,
        ...(base === undefined ? {} : { base_revision: base }),
      };
      return client.request({ method: 'POST', path: '/v1/config/apply', body, file: name, answer: applyResult });
    },
  });
  await applied.catch((thrown: unknown) => {
    const isUndelivered = options.dryRun === true && bundles.length > 0 && isInvalid(thrown);
    if (isUndelivered)
      terminal.note('a dry run delivers no bundle: `earshot policy deliver FILE` does, and so does apply');
    throw thrown;
  });
}

function isInvalid(thrown: unknown): boolean {
  return thrown instanceof ApiError && thrown.problem === 'DOCUMENT_INVALID';
}

/**
 * Shows what would change, asks where there is somebody to ask, and changes it: only what was shown, because the
 * revision it was compared with must still be the newest.
 */
export async function changeConfig(
  terminal: Terminal,
  options: ChangeOptions,
  change: {
    readonly base: number | undefined;
    readonly send: (how: { readonly dry_run: boolean; readonly base: number | undefined }) => Promise<ApplyResult>;
  },
): Promise<void> {
  const planned = await change.send({ dry_run: true, base: change.base });
  const isChange = planned.changes.length > 0;
  if (options.json !== true) {
    await terminal.print(
      isChange ? renderChanges(planned.changes) : `nothing changes: revision ${planned.revision} stands\n`,
    );
  }
  if (options.dryRun === true || !isChange) return tell(terminal, options, planned);
  const mustAsk = options.yes !== true && terminal.isInteractive;
  if (mustAsk && !(await terminal.confirm('apply?'))) {
    terminal.note('nothing was changed');
    terminal.exitWith(1);
    return;
  }
  const applied = await change.send({ dry_run: false, base: change.base ?? planned.revision });
  await tell(terminal, options, applied);
}

async function tell(terminal: Terminal, options: ChangeOptions, result: ApplyResult): Promise<void> {
  if (options.json === true) await terminal.print(`${plainJson(result)}\n`);
  else if (result.applied) await terminal.print(`revision ${result.revision} is in force\n`);
  for (const warning of result.warnings) terminal.note(`warning: ${plain(warning)}`);
}

/** Stores the bundles that the newest revision does not name yet; nothing is in force by that. */
async function deliver(client: ApiClient, terminal: Terminal, bundles: readonly NamedBundle[]): Promise<void> {
  const missing = bundles.length === 0 ? [] : withoutKnown(bundles, await knownBundles(client));
  for (const bundle of missing) {
    const { isNew } = await deliverBundle(client, bundle);
    if (isNew) terminal.note(`delivered the policy of ${plain(bundle.tenant)}, ${bundle.sha256.slice(0, 12)}`);
  }
}

function withoutKnown(bundles: readonly NamedBundle[], known: ReadonlySet<string>): NamedBundle[] {
  return [...new Map(bundles.map((bundle) => [bundle.sha256, bundle])).values()].filter(
    ({ sha256 }) => !known.has(sha256),
  );
}

/** Digests in the newest revision. Whoever may not read it may not deliver either, and is told so by the delivery. */
async function knownBundles(client: ApiClient): Promise<ReadonlySet<string>> {
  try {
    const { document } = await client.request({ path: '/v1/config/revisions/current', answer: revisionDetail });
    return new Set(JSON.stringify(document['tenants'] ?? []).match(/[0-9a-f]{64}/g) ?? []);
  } catch (thrown) {
    if (thrown instanceof ApiError && (thrown.status === 403 || thrown.status === 404)) return new Set();
    throw thrown;
  }
}

interface DocumentText {
  /** Base name, for the reason. */
  readonly file: string;
  /** As it was named, for problems. */
  readonly name: string;
  /** Where its bundles are looked for. */
  readonly folder: string;
  readonly text: string;
}

function readDocument(path: string): DocumentText {
  const isStdin = path === '-';
  const name = isStdin ? 'stdin' : path;
  const text = readText(isStdin ? '/dev/stdin' : path, MAX_DOCUMENT_BYTES);
  return { file: basename(name), name, folder: isStdin ? process.cwd() : dirname(resolve(path)), text };
}
