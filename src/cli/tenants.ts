/** `earshot tenants`: whose calls this node takes, where they go, and which policy is in force. */

import type { Command } from 'commander';
import { tenantPage, type TenantView } from '../model/api/config.ts';
import { connect, type WhereOptions } from './connect.ts';
import { whereOptions } from './options.ts';
import { printList, whole } from './terminal/print-list.ts';
import type { Column } from './terminal/table.ts';
import type { Terminal } from './terminal/terminal.ts';

export function addTenants(program: Command, terminal: Terminal): void {
  const command = program.command('tenants').description('tenants in force, and the policy of each');
  whereOptions(command).action(async (options: WhereOptions) => {
    const page = connect(options).request({ path: '/v1/tenants', answer: tenantPage });
    const json = options.json === true;
    await printList(terminal, whole(page), { columns: TENANT_COLUMNS, json, nothing: 'no tenants' });
  });
}

export const TENANT_COLUMNS: readonly Column<TenantView>[] = [
  { heading: 'TENANT', of: ({ tenant, revoked }) => (revoked ? `${tenant} (AI revoked)` : tenant) },
  { heading: 'CALLS', of: ({ live_calls }) => String(live_calls) },
  { heading: 'FROM', of: ({ sources }) => sources.join(', ') },
  { heading: 'ROUTE', of: ({ ingress, egress, next }) => `${ingress} > ${egress}: ${next.join(', ')}` },
  { heading: 'PROCESSORS', of: ({ processors }) => processors.join(', ') },
  { heading: 'POLICY', of: ({ policy }) => describePolicy(policy) },
];

function describePolicy({ state, origin, bundle, code }: TenantView['policy']): string {
  if (state === 'refused') return `refused: ${code ?? 'unknown'}, so AI is off`;
  if (state === 'none') return 'none yet, so AI is off';
  return origin === 'default' ? 'the shipped default' : (bundle?.slice(0, 12) ?? 'its own');
}
