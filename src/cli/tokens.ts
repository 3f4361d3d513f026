/** `earshot tokens`: who may ask this node what, and until when. Secrets go to files, not to the screen. */

import type { Command } from 'commander';
import { ACCESS_ROLES } from '../model/access.ts';
import { issuedToken, tokenPage, tokenView, type TokenView } from '../model/api/access.ts';
import { tokenId } from '../model/api/words.ts';
import { keepOptions, makeToken, type KeepOptions } from './access.ts';
import { followPages } from './client/pages.ts';
import { connect, type WhereOptions } from './connect.ts';
import {
  addList,
  limitOf,
  pageOptions,
  repeated,
  shaped,
  span,
  UsageError,
  whereOptions,
  type PageOptions,
} from './options.ts';
import { plainJson } from './terminal/plain.ts';
import { printList } from './terminal/print-list.ts';
import type { Column } from './terminal/table.ts';
import type { Terminal } from './terminal/terminal.ts';
import { formatMoment, type ZoneOffset } from './terminal/when.ts';

interface IssueOptions extends WhereOptions, KeepOptions {
  readonly for: string;
  readonly role?: readonly string[];
  readonly tenant?: readonly string[];
  readonly expires?: number;
}

export function addTokens(program: Command, terminal: Terminal): void {
  const tokens = program.command('tokens').description('tokens: list, issue, revoke');
  addList(tokens, 'list tokens', (command) =>
    pageOptions(whereOptions(command)).action((options: WhereOptions & PageOptions) => listTokens(terminal, options)),
  );
  keepOptions(whereOptions(tokens.command('issue').description('issue a token')), 'HOLDER.token here')
    .requiredOption('--for <holder>', 'name of whoever will hold it: nobody issues one for himself')
    .addOption(repeated('--role <role>', 'what it may do; may be repeated', ACCESS_ROLES))
    .addOption(repeated('--tenant <tenant>', 'only this tenant; may be repeated (default: all of yours)'))
    .option('--expires <span>', 'how long it is valid, such as 12h or 90d, at most a year (default: 30d)', span)
    .action((options: IssueOptions) => issueToken(terminal, options));
  whereOptions(tokens.command('revoke').description('revoke a token, at once'))
    .argument('<token>', 'its id, k_ and 32 hex digits', shaped(tokenId))
    .action(async (token: string, options: WhereOptions) => {
      const path = `/v1/tokens/${encodeURIComponent(token)}`;
      const revoked = await connect(options).request({ method: 'DELETE', path, answer: tokenView });
      await terminal.print(
        options.json === true ? `${plainJson(revoked)}\n` : `revoked ${token} of ${revoked.holder}\n`,
      );
    });
}

async function issueToken(terminal: Terminal, options: IssueOptions): Promise<void> {
  const { role, tenant, expires, out } = options;
  if (role === undefined) throw new UsageError(`--role is missing: ${ACCESS_ROLES.join(', ')}`);
  const client = connect(options);
  await makeToken(terminal, options, {
    file: out ?? `${fileNameOf(options.for)}.token`,
    make: () =>
      client.request({
        method: 'POST',
        path: '/v1/tokens',
        body: {
          holder: options.for,
          roles: role,
          ...(tenant === undefined ? {} : { tenants: tenant }),
          ...(expires === undefined ? {} : { expires_in_s: Math.floor(expires / 1000) }),
        },
        answer: issuedToken,
      }),
  });
}

/** A holder may be called what he likes; the file stays here. */
function fileNameOf(holder: string): string {
  return holder.replace(/[^A-Za-z0-9._@-]/g, '_').replace(/^\.+/, '_');
}

async function listTokens(terminal: Terminal, options: WhereOptions & PageOptions): Promise<void> {
  const client = connect(options);
  const portions = followPages(limitOf(options), (page) =>
    client.request({ path: '/v1/tokens', query: page, answer: tokenPage }),
  );
  await printList(terminal, portions, { columns: tokenColumns(), json: options.json === true, nothing: 'no tokens' });
}

export function tokenColumns(zone?: ZoneOffset): readonly Column<TokenView>[] {
  return [
    { heading: 'TOKEN', of: ({ token }) => token },
    { heading: 'HOLDER', of: ({ holder }) => holder },
    { heading: 'ROLES', of: ({ roles }) => roles.join(', ') },
    { heading: 'TENANTS', of: ({ tenants }) => tenants?.join(', ') ?? 'all' },
    { heading: 'STATE', of: ({ state }) => state },
    { heading: 'EXPIRES', of: ({ expires_ms }) => formatMoment(expires_ms, zone) },
    { heading: 'ISSUED BY', of: ({ issued_by }) => issued_by },
  ];
}
