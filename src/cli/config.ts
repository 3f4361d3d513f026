/** `earshot config`: the revisions of the document, one of them, what differs between two, and the way back. */

import { Argument, type Command } from 'commander';
import { applyResult, revisionDetail, revisionPage, type RevisionView } from '../model/api/config.ts';
import type { ApiClient } from './api-client.ts';
import { changeConfig, changeOptions, type ChangeOptions } from './apply.ts';
import { followPages } from './client/pages.ts';
import { connect, type WhereOptions } from './connect.ts';
import { compareDocuments } from './document-diff.ts';
import { addList, limitOf, pageOptions, whereOptions, whole, type PageOptions } from './options.ts';
import { renderChanges } from './show-changes.ts';
import { plainJson } from './terminal/plain.ts';
import { printList } from './terminal/print-list.ts';
import { renderFacts, type Column } from './terminal/table.ts';
import type { Terminal } from './terminal/terminal.ts';
import { formatMoment, type ZoneOffset } from './terminal/when.ts';

export function addConfig(program: Command, terminal: Terminal): void {
  const config = program.command('config').description('revisions of the document: list, show, diff, rollback');
  addList(config, 'list the revisions, the newest first', (command) =>
    pageOptions(whereOptions(command)).action((options: WhereOptions & PageOptions) =>
      listRevisions(terminal, options),
    ),
  );
  whereOptions(config.command('show').description('show a revision; `earshot apply` takes what --json prints'))
    .addArgument(new Argument('[revision]', 'its number (default: the newest)').argParser(whole))
    .action((revision: number | undefined, options: WhereOptions) => show(terminal, revision, options));
  whereOptions(config.command('diff').description('what differs between two revisions'))
    .addArgument(new Argument('<before>', 'number of a revision').argParser(whole))
    .addArgument(new Argument('[after]', 'number of another (default: the newest)').argParser(whole))
    .action((before: number, after: number | undefined, options: WhereOptions) =>
      diff(terminal, before, after, options),
    );
  changeOptions(config.command('rollback').description('make an earlier revision the newest again'))
    .addArgument(new Argument('<revision>', 'its number').argParser(whole))
    .action((revision: number, options: ChangeOptions) => rollBack(terminal, revision, options));
}

async function listRevisions(terminal: Terminal, options: WhereOptions & PageOptions): Promise<void> {
  const client = connect(options);
  const portions = followPages(limitOf(options), (page) =>
    client.request({ path: '/v1/config/revisions', query: page, answer: revisionPage }),
  );
  const json = options.json === true;
  await printList(terminal, portions, { columns: revisionColumns(), json, nothing: 'no revisions yet' });
}

async function show(terminal: Terminal, revision: number | undefined, options: WhereOptions): Promise<void> {
  const { document, ...about } = await fetchRevision(connect(options), revision);
  if (options.json !== true) terminal.note(renderRevision(about).trimEnd());
  // JSON is YAML; indented it is what people read and programs parse alike.
  await terminal.print(`${JSON.stringify(document, null, 2)}\n`);
}

async function diff(
  terminal: Terminal,
  before: number,
  after: number | undefined,
  options: WhereOptions,
): Promise<void> {
  const client = connect(options);
  const [one, other] = [await fetchRevision(client, before), await fetchRevision(client, after)];
  const changes = compareDocuments(one.document, other.document);
  if (options.json === true) await terminal.print(changes.map((change) => `${plainJson(change)}\n`).join(''));
  else if (changes.length === 0) terminal.note(`revisions ${one.revision} and ${other.revision} are the same`);
  else await terminal.print(renderChanges(changes));
}

async function rollBack(terminal: Terminal, revision: number, options: ChangeOptions): Promise<void> {
  const client = connect(options);
  const reason = options.reason ?? `back to revision ${revision}`;
  await changeConfig(terminal, options, {
    base: undefined,
    send: ({ dry_run }) =>
      client.request({
        method: 'POST',
        path: '/v1/config/rollback',
        body: { revision, reason, dry_run },
        answer: applyResult,
      }),
  });
}

function fetchRevision(client: ApiClient, revision: number | undefined) {
  return client.request({ path: `/v1/config/revisions/${revision ?? 'current'}`, answer: revisionDetail });
}

export function renderRevision(view: RevisionView, zone?: ZoneOffset): string {
  return renderFacts([
    ['revision', view.in_force ? `${view.revision}, in force` : String(view.revision)],
    ['digest', view.digest],
    ['author', view.author],
    ['at', formatMoment(view.at_ms, zone)],
    ['reason', view.reason],
  ]);
}

export function revisionColumns(zone?: ZoneOffset): readonly Column<RevisionView>[] {
  return [
    { heading: 'REVISION', of: ({ revision }) => String(revision) },
    { heading: 'IN FORCE', of: ({ in_force }) => (in_force ? 'yes' : '') },
    { heading: 'AT', of: ({ at_ms }) => formatMoment(at_ms, zone) },
    { heading: 'AUTHOR', of: ({ author }) => author },
    { heading: 'DIGEST', of: ({ digest }) => digest.slice(0, 12) },
    { heading: 'REASON', of: ({ reason }) => reason },
  ];
}
