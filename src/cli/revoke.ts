/** `earshot revoke`: the kill switch. It needs neither a token nor a database on the node itself, and never the call. */

import type { Command } from 'commander';
import {
  revocationPage,
  revocationView,
  type RevocationTarget,
  type RevocationView,
} from '../model/api/revocations.ts';
import { callId, processorName, revocationId, tenantName } from '../model/api/words.ts';
import { ApiError } from './api-client.ts';
import { connect, type WhereOptions } from './connect.ts';
import { shaped, UsageError, whereOptions } from './options.ts';
import { plainJson } from './terminal/plain.ts';
import { printList, whole } from './terminal/print-list.ts';
import type { Column } from './terminal/table.ts';
import type { Terminal } from './terminal/terminal.ts';
import { formatMoment, type ZoneOffset } from './terminal/when.ts';

interface RevokeOptions extends WhereOptions {
  readonly call?: string;
  readonly processor?: string;
  readonly tenant?: string;
  readonly reason?: string;
}

export function addRevoke(program: Command, terminal: Terminal): void {
  const revoke = program.command('revoke').description('silence the AI at once: of a call, a processor or a tenant');
  whereOptions(revoke)
    .option('--call <call>', 'nobody hears this call any more', shaped(callId))
    .option('--processor <processor>', 'this processor hears nothing any more', shaped(processorName))
    .option(
      '--tenant <tenant>',
      'no call of this tenant is heard; with --processor, not by that one',
      shaped(tenantName),
    )
    .option('--reason <text>', 'why, in a few words; it is recorded')
    .action((options: RevokeOptions) => silence(terminal, options));
  whereOptions(revoke.command('list').description('what is revoked now')).action((options: WhereOptions) =>
    listRevocations(terminal, options),
  );
  whereOptions(revoke.command('lift').description('let the AI hear again'))
    .argument('<revocation>', 'its id, v_ and 32 hex digits', shaped(revocationId))
    .action(async (revocation: string, options: WhereOptions) => {
      const path = `/v1/revocations/${encodeURIComponent(revocation)}`;
      const lifted = await connect(options).request({ method: 'DELETE', path, answer: revocationView });
      const said = `lifted: ${describeTarget(lifted.target)} may be heard again where policy allows it\n`;
      await terminal.print(options.json === true ? `${plainJson(lifted)}\n` : said);
    });
}

async function silence(terminal: Terminal, options: RevokeOptions): Promise<void> {
  const target = readTarget(options);
  if (options.reason === undefined) throw new UsageError('--reason is missing: why, in a few words');
  try {
    const done = await connect(options, 'named-only-at-socket').request({
      method: 'POST',
      path: '/v1/revocations',
      body: { target, reason: options.reason },
      answer: revocationView,
    });
    await terminal.print(options.json === true ? `${plainJson(done)}\n` : describeRevocation(done));
  } catch (thrown) {
    if (!(thrown instanceof ApiError) || thrown.code !== 'NOT_RUNNING') throw thrown;
    // The dead man's switch: without governance nobody moves a tap's deadline forward.
    const lapse = 'where governance does not answer, taps lapse by themselves within 5 s and no AI hears anything';
    throw new ApiError('NOT_RUNNING', `${thrown.message}\n${lapse}; it is not recorded: repeat it when it is back`, {
      cause: thrown,
    });
  }
}

function readTarget({ call, processor, tenant }: RevokeOptions): RevocationTarget {
  if (call !== undefined) {
    if (processor === undefined && tenant === undefined) return { scope: 'call', call };
    throw new UsageError('--call stands alone: a call is silenced for every processor');
  }
  if (processor !== undefined) return { scope: 'processor', processor, ...(tenant === undefined ? {} : { tenant }) };
  if (tenant !== undefined) return { scope: 'tenant', tenant };
  throw new UsageError('say what is to be silenced: --call, --processor or --tenant');
}

async function listRevocations(terminal: Terminal, options: WhereOptions): Promise<void> {
  const client = connect(options, 'named-only-at-socket');
  const page = client.request({ path: '/v1/revocations', answer: revocationPage });
  const json = options.json === true;
  await printList(terminal, whole(page), { columns: revocationColumns(), json, nothing: 'nothing is revoked' });
}

export function describeRevocation({ revocation, target, silenced, recorded }: RevocationView): string {
  const evidence = recorded ? 'recorded' : 'not recorded yet: the ledger takes it as soon as it can';
  return [
    `silenced: ${describeTarget(target)}, ${silenced} ${silenced === 1 ? 'listener' : 'listeners'} cut off, ${evidence}`,
    `it stays so until \`earshot revoke lift ${revocation}\``,
    '',
  ].join('\n');
}

function describeTarget(target: RevocationTarget): string {
  switch (target.scope) {
    case 'call':
      return `call ${target.call}`;
    case 'processor':
      return `processor ${target.processor}${target.tenant === undefined ? '' : ` for tenant ${target.tenant}`}`;
    case 'tenant':
      return `tenant ${target.tenant}`;
  }
}

export function revocationColumns(zone?: ZoneOffset): readonly Column<RevocationView>[] {
  return [
    { heading: 'REVOCATION', of: ({ revocation }) => revocation },
    { heading: 'OF', of: ({ target }) => describeTarget(target) },
    { heading: 'SINCE', of: ({ acted_ms }) => formatMoment(acted_ms, zone) },
    { heading: 'BY', of: ({ actor }) => actor },
    { heading: 'RECORDED', of: ({ recorded }) => (recorded ? 'yes' : 'not yet') },
    { heading: 'REASON', of: ({ reason }) => reason },
  ];
}
