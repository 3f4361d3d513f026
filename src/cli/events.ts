/** `earshot events`: what happens, as it happens, until Ctrl-C. */

import type { Command } from 'commander';
import { z } from 'zod';
import { createNarrator } from '../demo/narrate.ts';
import { connect, type WhereOptions } from './connect.ts';
import { whereOptions, whole } from './options.ts';
import { plain, plainJson } from './terminal/plain.ts';
import type { Terminal } from './terminal/terminal.ts';
import { formatMoment } from './terminal/when.ts';

export function addEvents(program: Command, terminal: Terminal): void {
  const command = program
    .command('events')
    .description('follow decisions, leases, releases, previews, insights and gaps');
  whereOptions(command)
    .option('--since <n>', 'from the event after this number on, as far as the node remembers', whole)
    .action((options: WhereOptions & { readonly since?: number }) => followEvents(terminal, options));
}

async function followEvents(terminal: Terminal, options: WhereOptions & { readonly since?: number }): Promise<void> {
  const client = connect(options);
  const narrator = createNarrator({ colour: false });
  const { signal, release } = terminal.untilInterrupted();
  try {
    const query = { since: options.since };
    for await (const event of client.lines({ path: '/v1/events', query, isEndless: true, signal })) {
      const lines =
        options.json === true ? [plainJson(event)] : narrator.event(event).map((line) => placed(event, line));
      if (lines.length > 0 && !(await terminal.print(lines.map((line) => `${line}\n`).join('')))) return;
    }
  } finally {
    release();
  }
}

const about = z.object({ atMs: z.number().optional(), call: z.string().max(64).optional() });

/** When, and on which call: many go on at once. */
function placed(event: unknown, line: string): string {
  const { atMs, call } = about.safeParse(event).data ?? {};
  return [...(atMs === undefined ? [] : [formatMoment(atMs)]), plain(call ?? NO_CALL), line].join('  ');
}

const NO_CALL = '-'.padEnd(34);
