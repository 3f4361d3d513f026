/** `earshot access`: the first token of a node, made once and kept in a file of one's own; and who one is. */

import type { Command } from 'commander';
import { issuedToken, whoAmI, type IssuedToken, type WhoAmI } from '../model/api/access.ts';
import { defaultTokenFile, reserveTokenFile } from './client/token-file.ts';
import { connect, type WhereOptions } from './connect.ts';
import { UsageError, whereOptions } from './options.ts';
import { plainJson } from './terminal/plain.ts';
import { renderFacts } from './terminal/table.ts';
import type { Terminal } from './terminal/terminal.ts';
import { formatMoment, type ZoneOffset } from './terminal/when.ts';

export interface KeepOptions {
  readonly out?: string;
  readonly print?: boolean;
}

/** Where a new token goes. */
export function keepOptions(command: Command, file: string): Command {
  return command
    .option('-o, --out <file>', `new file for the token, mode 0600 (default: ${file})`)
    .option('--print', 'print the token on stdout, and keep no file');
}

export function addAccess(program: Command, terminal: Terminal): void {
  const access = program.command('access').description('access to this node: its first token, and who you are');
  const bootstrap = access
    .command('bootstrap')
    .description("make the first token, an admin's: once, on the node itself");
  keepOptions(bootstrap, 'EARSHOT_TOKEN_FILE, else ~/.config/earshot/token')
    .requiredOption('--for <holder>', 'name of whoever holds it')
    .option('-c, --config <file>', 'configuration of the node, to find its own socket')
    .option('--json', 'one JSON object, without the token')
    .action((options: KeepOptions & WhereOptions & { readonly for: string }) => bootstrapAccess(terminal, options));
  whereOptions(access.command('whoami').description('show what a token may do')).action(
    async (options: WhereOptions) => {
      const client = connect(options);
      const me = await client.request({ path: '/v1/whoami', answer: whoAmI });
      await terminal.print(options.json === true ? `${plainJson(me)}\n` : renderWhoAmI(me, client.place));
    },
  );
}

async function bootstrapAccess(
  terminal: Terminal,
  options: KeepOptions & WhereOptions & { readonly for: string },
): Promise<void> {
  const client = connect(options, 'never');
  await makeToken(terminal, options, {
    file: options.out ?? defaultTokenFile(),
    make: () =>
      client.request({
        method: 'POST',
        path: '/v1/access/bootstrap',
        body: { holder: options.for },
        answer: issuedToken,
      }),
  });
}

/** Asks for a token once there is a place for it; says everything about it but the token itself. */
export async function makeToken(
  terminal: Terminal,
  options: KeepOptions & WhereOptions,
  { file, make }: { readonly file: string; readonly make: () => Promise<IssuedToken> },
): Promise<void> {
  const { out, print, json } = options;
  if (print === true && out !== undefined) throw new UsageError('--print and --out exclude each other');
  if (print === true && json === true) throw new UsageError('--print and --json exclude each other');
  if (print === true) {
    const { secret, ...token } = await make();
    await terminal.print(`${secret}\n`);
    terminal.note(describeToken(token));
    return;
  }
  const kept = reserveTokenFile(file);
  let made: IssuedToken;
  try {
    made = await make();
  } catch (thrown) {
    kept.discard();
    throw thrown;
  }
  const { secret, ...token } = made;
  kept.write(secret);
  if (json === true) await terminal.print(`${plainJson({ ...token, file })}\n`);
  else await terminal.print(`${describeToken(token)}\nits secret is in ${file}, and nowhere else\n`);
}

function describeToken({ token, holder, roles, tenants, expires_ms }: Omit<IssuedToken, 'secret'>): string {
  const scope = tenants === undefined ? 'all tenants' : tenants.join(', ');
  return `token ${token} for ${holder}: ${roles.join(', ')}, ${scope}, until ${formatMoment(expires_ms)}`;
}

export function renderWhoAmI(me: WhoAmI, place: string, zone?: ZoneOffset): string {
  return renderFacts([
    ['node', place],
    ['token', me.token],
    ['holder', me.holder],
    ['roles', me.roles.join(', ')],
    ['tenants', me.tenants === undefined ? 'all' : me.tenants.join(', ')],
    ['expires', me.expires_ms === undefined ? undefined : formatMoment(me.expires_ms, zone)],
  ]);
}
