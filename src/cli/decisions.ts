/** `earshot decisions`: what policy was asked, what it answered and by which rule. */

import type { Command } from 'commander';
import { decisionPage, type DecisionView } from '../model/api/ledger.ts';
import type { ApiQuery } from './api-client.ts';
import { followPages } from './client/pages.ts';
import { connect } from './connect.ts';
import {
  filterOptions,
  filterQuery,
  verdictOptions,
  verdictQuery,
  type FilterOptions,
  type VerdictOptions,
} from './filters.ts';
import { limitOf } from './options.ts';
import { printList } from './terminal/print-list.ts';
import type { Column } from './terminal/table.ts';
import type { Terminal } from './terminal/terminal.ts';
import { formatMoment, type ZoneOffset } from './terminal/when.ts';
import { entrypointOption } from './policy/entrypoint.ts';

export interface DecisionOptions extends FilterOptions {
  readonly entrypoint?: string;
}

export function addDecisions(program: Command, terminal: Terminal): void {
  const command = program.command('decisions').description('what policy decided, and why');
  verdictOptions(decisionOptions(command, terminal)).action((options: DecisionOptions & VerdictOptions) =>
    listDecisions(terminal, options, verdictQuery(options)),
  );
}

export function decisionOptions(command: Command, terminal: Terminal): Command {
  return filterOptions(command, terminal.clock).addOption(entrypointOption('only this question'));
}

export async function listDecisions(terminal: Terminal, options: DecisionOptions, extra: ApiQuery): Promise<void> {
  const client = connect(options);
  const query = { ...filterQuery(options), entrypoint: options.entrypoint, ...extra };
  const portions = followPages(limitOf(options), (page) =>
    client.request({ path: '/v1/decisions', query: { ...query, ...page }, answer: decisionPage }),
  );
  await printList(terminal, portions, {
    columns: decisionColumns(),
    json: options.json === true,
    nothing: 'no decisions',
  });
}

export function decisionColumns(zone?: ZoneOffset): readonly Column<DecisionView>[] {
  return [
    { heading: 'AT', of: ({ at_ms }) => formatMoment(at_ms, zone) },
    { heading: 'TENANT', of: ({ tenant }) => tenant },
    { heading: 'WHAT', of: ({ entrypoint }) => entrypoint },
    { heading: 'WHOM', of: ({ processor, subscriber }) => processor ?? subscriber ?? '' },
    { heading: 'DECISION', of: ({ allow, code }) => (allow ? 'allowed' : `denied, ${code}`) },
    { heading: 'TIMES', of: ({ count }) => String(count) },
    { heading: 'CALL', of: ({ call }) => call },
    { heading: 'RULES', of: ({ rules }) => rules.map(({ rule }) => rule).join(', ') },
  ];
}
