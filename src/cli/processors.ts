/** `earshot processors`: which AI endpoints there are, under which terms, and how each of them is. */

import type { Command } from 'commander';
import { processorPage, type ProcessorView } from '../model/api/config.ts';
import { connect, type WhereOptions } from './connect.ts';
import { whereOptions } from './options.ts';
import { printList, whole } from './terminal/print-list.ts';
import type { Column } from './terminal/table.ts';
import type { Terminal } from './terminal/terminal.ts';
import { formatMoment, formatSpan, type ZoneOffset } from './terminal/when.ts';

export function addProcessors(program: Command, terminal: Terminal): void {
  const command = program.command('processors').description('AI processors: terms, health, what they hear now');
  whereOptions(command).action(async (options: WhereOptions) => {
    const page = connect(options).request({ path: '/v1/processors', answer: processorPage });
    const json = options.json === true;
    await printList(terminal, whole(page), { columns: processorColumns(), json, nothing: 'no processors' });
  });
}

export function processorColumns(zone?: ZoneOffset): readonly Column<ProcessorView>[] {
  return [
    { heading: 'PROCESSOR', of: ({ processor, revoked }) => (revoked ? `${processor} (revoked)` : processor) },
    { heading: 'HEARS', of: ({ hears }) => hears },
    { heading: 'HEALTH', of: ({ health }) => health },
    {
      heading: 'STREAMS',
      of: ({ streams, lag_ms }) => (streams === 0 ? '0' : `${streams}, ${formatSpan(lag_ms)} behind`),
    },
    { heading: 'REGION', of: ({ region }) => region },
    { heading: 'LEGAL ENTITY', of: ({ legal_entity }) => legal_entity },
    { heading: 'PURPOSE', of: ({ purpose }) => purpose },
    { heading: 'TERMS', of: ({ terms }) => describeTerms(terms, zone) },
    { heading: 'TENANTS', of: ({ tenants }) => tenants.join(', ') },
  ];
}

function describeTerms({ training, retention_days, expires_ms }: ProcessorView['terms'], zone?: ZoneOffset): string {
  const keeps = retention_days === 0 ? 'keeps nothing' : `keeps ${retention_days} days`;
  return `${training ? 'trains' : 'no training'}, ${keeps}, until ${formatMoment(expires_ms, zone).slice(0, 10)}`;
}
