/** `earshot transcripts`: which are kept, and one of them opened; the node records every open before it answers. */

import type { Command } from 'commander';
import {
  openedTranscript,
  transcriptPage,
  type OpenedTranscript,
  type TranscriptTurn,
  type TranscriptView,
} from '../model/api/transcripts.ts';
import { callId } from '../model/api/words.ts';
import { callArgument } from './call-argument.ts';
import { followPages } from './client/pages.ts';
import { connect, type WhereOptions } from './connect.ts';
import { addList, limitOf, pageOptions, repeated, shaped, whereOptions, type PageOptions } from './options.ts';
import { plainJson } from './terminal/plain.ts';
import { printList } from './terminal/print-list.ts';
import { renderTable, type Column } from './terminal/table.ts';
import type { Terminal } from './terminal/terminal.ts';
import { formatMoment, formatSpan, type ZoneOffset } from './terminal/when.ts';

interface ListOptions extends WhereOptions, PageOptions {
  readonly tenant?: readonly string[];
  readonly call?: string;
}

/** The reader cannot tell a call that goes on from one whose writer died. */
const INCOMPLETE = 'incomplete: the call goes on, or its writer died; the last turns may be missing';

export function addTranscripts(program: Command, terminal: Terminal): void {
  const transcripts = program.command('transcripts').description('kept transcripts: list, open');
  addList(transcripts, 'list what is kept', (command) =>
    pageOptions(whereOptions(command))
      .addOption(repeated('--tenant <tenant>', 'only of this tenant; may be repeated'))
      .option('--call <call>', 'only of this call', shaped(callId))
      .action((options: ListOptions) => listTranscripts(terminal, options)),
  );
  whereOptions(transcripts.command('open').description('open the transcript of a call; the open is recorded'))
    .addArgument(callArgument())
    .action(async (call: string, options: WhereOptions) => {
      const path = `/v1/transcripts/${encodeURIComponent(call)}`;
      const opened = await connect(options).request({ path, answer: openedTranscript });
      await terminal.print(options.json === true ? `${plainJson(opened)}\n` : renderTranscript(opened));
      if (!opened.complete) terminal.note(INCOMPLETE);
    });
}

async function listTranscripts(terminal: Terminal, options: ListOptions): Promise<void> {
  const { tenant, call } = options;
  const client = connect(options);
  const portions = followPages(limitOf(options), (page) =>
    client.request({ path: '/v1/transcripts', query: { tenant, call, ...page }, answer: transcriptPage }),
  );
  const nothing = 'no transcripts are kept';
  await printList(terminal, portions, { columns: transcriptColumns(), json: options.json === true, nothing });
}

export function transcriptColumns(zone?: ZoneOffset): readonly Column<TranscriptView>[] {
  return [
    { heading: 'CALL', of: ({ call }) => call },
    { heading: 'TENANT', of: ({ tenant }) => tenant },
    { heading: 'CLASS', of: (transcript) => transcript.class },
    { heading: 'BEGUN', of: ({ opened_ms }) => formatMoment(opened_ms, zone) },
    { heading: 'CHUNKS', of: ({ chunks }) => String(chunks) },
    { heading: 'BYTES', of: ({ size_bytes }) => String(size_bytes) },
  ];
}

/** Turn by turn, at its time on the call. */
export function renderTranscript({ call, tenant, turns }: OpenedTranscript): string {
  const columns: readonly Column<TranscriptTurn>[] = [
    { heading: 'FROM', of: ({ from_ms }) => formatSpan(from_ms) },
    { heading: 'WHO', of: ({ role }) => role },
    { heading: 'SAID', of: ({ text }) => text },
  ];
  const heading = `call ${call}, tenant ${tenant}\n`;
  return turns.length === 0 ? `${heading}nothing was said\n` : heading + renderTable(columns, turns);
}
