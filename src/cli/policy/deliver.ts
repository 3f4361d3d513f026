/** `earshot policy deliver`: puts a bundle into the node under its digest, for a document to name. */

import type { Command } from 'commander';
import { deliverBundle, digestOf, readBundleFile } from '../bundle-files.ts';
import { connect, type WhereOptions } from '../connect.ts';
import { whereOptions } from '../options.ts';
import { plainJson } from '../terminal/plain.ts';
import type { Terminal } from '../terminal/terminal.ts';

export function addPolicyDeliver(policy: Command, terminal: Terminal): void {
  whereOptions(policy.command('deliver').description('store a bundle on the node; no tenant has it by that'))
    .argument('<file>', 'the bundle')
    .action(async (file: string, options: WhereOptions) => {
      const bytes = readBundleFile(file);
      const stored = await deliverBundle(connect(options), { sha256: digestOf(bytes), bytes });
      const said = `${stored.isNew ? 'stored' : 'there already'}: ${stored.sha256}\n`;
      await terminal.print(options.json === true ? `${plainJson(stored)}\n` : said);
    });
}
