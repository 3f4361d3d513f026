/** `earshot ledger query` and the questions auditors ask most: who heard a call, what was denied, where the gaps are. */

import type { Command } from 'commander';
import { ENTRY_KINDS } from '../model/evidence.ts';
import { entryPage, type EntryView } from '../model/api/ledger.ts';
import type { ApiQuery } from './api-client.ts';
import { callArgument } from './call-argument.ts';
import { fetchCall, renderHearing } from './calls.ts';
import { followPages } from './client/pages.ts';
import { connect, type WhereOptions } from './connect.ts';
import { decisionOptions, listDecisions, type DecisionOptions } from './decisions.ts';
import { describeEntry } from './describe-entry.ts';
import {
  filterOptions,
  filterQuery,
  verdictOptions,
  verdictQuery,
  type FilterOptions,
  type VerdictOptions,
} from './filters.ts';
import { limitOf, repeated, UsageError } from './options.ts';
import { whereOptions } from './options.ts';
import { plainJson } from './terminal/plain.ts';
import { printList } from './terminal/print-list.ts';
import type { Column } from './terminal/table.ts';
import type { Terminal } from './terminal/terminal.ts';
import { formatMoment, formatSpan, type ZoneOffset } from './terminal/when.ts';

interface QueryOptions extends FilterOptions, VerdictOptions {
  readonly entity?: string;
  readonly kind?: readonly string[];
  readonly system?: boolean;
}

export function addLedgerQueries(ledger: Command, terminal: Terminal): void {
  const query = ledger
    .command('query')
    .description('entries by call, processor, decision, reason, entity type or time');
  verdictOptions(filterOptions(query, terminal.clock))
    .option('--entity <type>', 'only what says that this was taken out of a text, such as CARD', upperCase)
    .addOption(repeated('--kind <kind>', 'only entries of this kind; may be repeated', ENTRY_KINDS))
    .option('--system', 'the system log instead of the logs of tenants')
    .action((options: QueryOptions) => queryLedger(terminal, options));
  whereOptions(ledger.command('heard').description('which processors heard or read a call, and how much of it'))
    .addArgument(callArgument())
    .action((call: string, options: WhereOptions) => whoHeard(terminal, call, options));
  decisionOptions(ledger.command('denied').description('what was denied, and why'), terminal).action(
    (options: DecisionOptions) => listDecisions(terminal, options, { allow: false }),
  );
  filterOptions(ledger.command('gaps').description('where audio or text did not get through'), terminal.clock).action(
    (options: FilterOptions) => listGaps(terminal, options),
  );
}

async function queryLedger(terminal: Terminal, options: QueryOptions): Promise<void> {
  const { entity, kind, system } = options;
  if (system === true && options.tenant !== undefined) throw new UsageError('--system and --tenant exclude each other');
  const query = { ...filterQuery(options), ...verdictQuery(options), entity, kind, system };
  await listEntries(terminal, options, query, { columns: entryColumns(), nothing: 'no entries' });
}

async function listGaps(terminal: Terminal, options: FilterOptions): Promise<void> {
  const query = { ...filterQuery(options), kind: ['gap'] };
  await listEntries(terminal, options, query, { columns: gapColumns(), nothing: 'no gaps' });
}

async function listEntries(
  terminal: Terminal,
  options: FilterOptions,
  query: ApiQuery,
  shown: { readonly columns: readonly Column<EntryView>[]; readonly nothing: string },
): Promise<void> {
  const client = connect(options);
  const portions = followPages(limitOf(options), (page) =>
    client.request({ path: '/v1/ledger/entries', query: { ...query, ...page }, answer: entryPage }),
  );
  await printList(terminal, portions, { ...shown, json: options.json === true });
}

async function whoHeard(terminal: Terminal, call: string, options: WhereOptions): Promise<void> {
  const { processors } = await fetchCall(options, call);
  if (options.json === true) {
    await terminal.print(processors.map((one) => `${plainJson(one)}\n`).join(''));
  } else if (processors.length === 0) terminal.note('no processor heard or read this call');
  else await terminal.print(renderHearing(processors));
}

/** As types of entities are written: asked about as `card`, nothing would be found. */
function upperCase(type: string): string {
  return type.toUpperCase();
}

export function entryColumns(zone?: ZoneOffset): readonly Column<EntryView>[] {
  return [
    { heading: 'AT', of: ({ entry }) => momentOf(entry, zone) },
    { heading: 'LOG', of: ({ log }) => log },
    { heading: 'KIND', of: ({ entry }) => text(entry, 'kind') },
    { heading: 'CALL', of: ({ entry }) => text(entry, 'call') },
    { heading: 'PROCESSOR', of: ({ entry }) => text(entry, 'processor') },
    { heading: 'SAYS', of: ({ entry }) => describeEntry(entry, zone) },
  ];
}

export function gapColumns(zone?: ZoneOffset): readonly Column<EntryView>[] {
  const at = (entry: EntryView['entry'], key: string): string => {
    const ms = entry[key];
    return typeof ms === 'number' ? formatSpan(ms) : '';
  };
  return [
    { heading: 'AT', of: ({ entry }) => momentOf(entry, zone) },
    { heading: 'TENANT', of: ({ log }) => log },
    { heading: 'CALL', of: ({ entry }) => text(entry, 'call') },
    { heading: 'FROM', of: ({ entry }) => at(entry, 'from_ms') },
    { heading: 'TO', of: ({ entry }) => at(entry, 'to_ms') },
    { heading: 'REASON', of: ({ entry }) => text(entry, 'reason') },
    { heading: 'FOR', of: ({ entry }) => text(entry, 'processor') },
    { heading: 'TIMES', of: ({ entry }) => (typeof entry['count'] === 'number' ? String(entry['count']) : '') },
  ];
}

function momentOf(entry: EntryView['entry'], zone: ZoneOffset | undefined): string {
  return typeof entry['at_ms'] === 'number' ? formatMoment(entry['at_ms'], zone) : '';
}

function text(entry: EntryView['entry'], key: string): string {
  const value = entry[key];
  return typeof value === 'string' ? value : '';
}
