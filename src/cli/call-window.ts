/** `earshot calls pci`: tells the node that card data is being taken in a call, and that it is over. */

import { Argument, type Command } from 'commander';
import type { CallDetail } from '../model/api/calls.ts';
import { pciWindowView, type PciWindowView } from '../model/api/pci.ts';
import { callArgument } from './call-argument.ts';
import { connect, type WhereOptions } from './connect.ts';
import { whereOptions } from './options.ts';
import { plainJson } from './terminal/plain.ts';
import { renderTable } from './terminal/table.ts';
import type { Terminal } from './terminal/terminal.ts';
import { formatMoment, formatSpan, type ZoneOffset } from './terminal/when.ts';

export function addCallWindow(calls: Command, terminal: Terminal): void {
  whereOptions(calls.command('pci').description('card data is being taken: keep the customer from being heard, or not'))
    .addArgument(callArgument())
    .addArgument(new Argument('<state>', 'what is to be').choices(['open', 'close']))
    .action(async (call: string, state: string, options: WhereOptions) => {
      const isOpening = state === 'open';
      const client = isOpening ? connect(options, 'named-only-at-socket') : connect(options);
      const view = await client.request({
        method: isOpening ? 'POST' : 'DELETE',
        path: `/v1/calls/${encodeURIComponent(call)}/pci-window`,
        answer: pciWindowView,
      });
      await terminal.print(options.json === true ? `${plainJson(view)}\n` : describeWindow(view));
    });
}

export function describeWindow({ call, state, streams, until_ms }: PciWindowView, zone?: ZoneOffset): string {
  if (state === 'closed') return `closed: the customer of call ${call} may be heard again where policy allows it\n`;
  const until = until_ms === undefined ? '' : `; it closes by itself at ${formatMoment(until_ms, zone)}`;
  const count = `${streams.length} ${streams.length === 1 ? 'stream' : 'streams'}`;
  return `open: nobody hears ${count} of call ${call}${until}\n`;
}

/** Nothing where no card data was taken. */
export function renderWindows({ windows, first, ...sum }: CallDetail['pci']): string {
  const table = renderTable<CallDetail['pci']['first'][number]>(
    [
      { heading: 'FROM', of: ({ opened_ms }) => formatSpan(opened_ms) },
      { heading: 'TO', of: ({ closed_ms }) => (closed_ms === undefined ? '' : formatSpan(closed_ms)) },
      { heading: 'BECAUSE OF', of: ({ trigger }) => trigger },
      { heading: 'CLOSED BY', of: ({ reason }) => reason ?? '' },
      { heading: 'SENT', of: saySent },
      { heading: 'STREAM', of: ({ stream }) => stream },
    ],
    first,
  );
  const more = windows - first.length;
  return more <= 0 ? table : `${table}and ${more} more; of all, ${saySent(sum)}\n`;
}

/** What should not have been sent. */
function saySent({
  exposed_ms: ms,
  exposed_bytes: bytes,
  unknown = 0,
}: {
  readonly exposed_ms: number;
  readonly exposed_bytes: number | 'unknown';
  readonly unknown?: number;
}): string {
  if (ms === 0 && bytes === 0 && unknown === 0) return 'nothing';
  const known = bytes === 'unknown' ? 'nobody knows how many bytes' : `${bytes} bytes`;
  const rest = unknown === 0 ? '' : `, and of ${unknown} nobody knows`;
  return `${formatSpan(ms)}, ${known}${rest}`;
}
