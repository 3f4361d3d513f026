/** `earshot calls`: which calls there are and were, and for one of them who heard it, what was refused, what is missing. */

import type { Command } from 'commander';
import { callDetail, callPage, type CallDetail, type CallView } from '../model/api/calls.ts';
import { processorName } from '../model/api/words.ts';
import { addCallWindow, renderWindows } from './call-window.ts';
import { callArgument } from './call-argument.ts';
import { followPages } from './client/pages.ts';
import { connect, type WhereOptions } from './connect.ts';
import {
  addList,
  limitOf,
  moment,
  pageOptions,
  repeated,
  shaped,
  UsageError,
  whereOptions,
  type PageOptions,
} from './options.ts';
import { plainJson } from './terminal/plain.ts';
import { printList } from './terminal/print-list.ts';
import { renderFacts, renderTable, type Column } from './terminal/table.ts';
import type { Terminal } from './terminal/terminal.ts';
import { formatMoment, formatSpan, type ZoneOffset } from './terminal/when.ts';

interface ListOptions extends WhereOptions, PageOptions {
  readonly live?: boolean;
  readonly past?: boolean;
  readonly tenant?: readonly string[];
  readonly processor?: string;
  readonly since?: number;
  readonly until?: number;
}

export function addCalls(program: Command, terminal: Terminal): void {
  const calls = program.command('calls').description('calls, live and past');
  addList(calls, 'list calls, the newest first', (command) =>
    pageOptions(whereOptions(command))
      .option('--live', 'only calls going on')
      .option('--past', 'only calls that have ended')
      .addOption(repeated('--tenant <tenant>', 'only calls of this tenant; may be repeated'))
      .option('--processor <processor>', 'only calls that this processor heard or read', shaped(processorName))
      .option('--since <when>', 'begun since: 2h, or a date and time', moment(terminal.clock))
      .option('--until <when>', 'begun before', moment(terminal.clock))
      .action((options: ListOptions) => listCalls(terminal, options)),
  );
  whereOptions(calls.command('show').description('show one call: who heard it, refusals, gaps'))
    .addArgument(callArgument())
    .action(async (call: string, options: WhereOptions) => {
      const detail = await fetchCall(options, call);
      await terminal.print(options.json === true ? `${plainJson(detail)}\n` : renderCall(detail));
    });
  addCallWindow(calls, terminal);
}

/** One call as the node and its ledger know it. */
export function fetchCall(options: WhereOptions, call: string): Promise<CallDetail> {
  return connect(options).request({ path: `/v1/calls/${encodeURIComponent(call)}`, answer: callDetail });
}

async function listCalls(terminal: Terminal, options: ListOptions): Promise<void> {
  const { live, past, tenant, processor, since, until } = options;
  if (live === true && past === true) throw new UsageError('--live and --past exclude each other: leave both for all');
  const state = live === true ? 'live' : past === true ? 'past' : undefined;
  const client = connect(options);
  const portions = followPages(limitOf(options), ({ limit, cursor }) =>
    client.request({
      path: '/v1/calls',
      query: { state, tenant, processor, since_ms: since, until_ms: until, limit, cursor },
      answer: callPage,
    }),
  );
  await printList(terminal, portions, { columns: callColumns(), json: options.json === true, nothing: 'no calls' });
}

export function callColumns(zone?: ZoneOffset): readonly Column<CallView>[] {
  return [
    { heading: 'CALL', of: ({ call }) => call },
    { heading: 'TENANT', of: ({ tenant }) => tenant },
    { heading: 'STATE', of: ({ state, reason }) => (reason === undefined ? state : `${state}, ${reason}`) },
    { heading: 'STARTED', of: ({ started_ms }) => formatMoment(started_ms, zone) },
    { heading: 'LASTED', of: ({ duration_ms }) => (duration_ms === undefined ? '' : formatSpan(duration_ms)) },
    { heading: 'MEDIA', of: ({ media }) => media },
    { heading: 'HEARD BY', of: ({ heard_by }) => heard_by.map(({ processor }) => processor).join(', ') },
  ];
}

type ProcessorPart = CallDetail['processors'][number];
type Refusal = CallDetail['refusals'][number];
type Gap = CallDetail['gaps'][number];

/** Who heard or read it, under which terms, and how much of it. */
export function renderHearing(processors: readonly ProcessorPart[]): string {
  return renderTable<ProcessorPart>(
    [
      { heading: 'PROCESSOR', of: ({ processor }) => processor },
      { heading: 'HEARS', of: ({ hears }) => hears.join(', ') },
      { heading: 'AUDIO', of: ({ audio_ms }) => (audio_ms === 0 ? '' : formatSpan(audio_ms)) },
      { heading: 'BYTES', of: sayBytes },
      { heading: 'LEASES', of: ({ leases }) => String(leases) },
      { heading: 'RELEASES', of: ({ releases }) => String(releases) },
      { heading: 'CHARS', of: ({ chars }) => String(chars) },
      { heading: 'TERMS', of: ({ terms }) => terms.map((hash) => hash.slice(0, 12)).join(', ') },
    ],
    processors,
  );
}

function sayBytes({ bytes, bytes_unknown_max }: ProcessorPart): string {
  return bytes_unknown_max === 0 ? String(bytes) : `${bytes} and at most ${bytes_unknown_max} more`;
}

/** One call in full, block by block. */
export function renderCall(call: CallDetail, zone?: ZoneOffset): string {
  const facts = renderFacts([
    ['call', call.call],
    ['tenant', call.tenant],
    ['state', call.reason === undefined ? call.state : `${call.state}, ${call.reason}`],
    ['direction', `${call.direction}, in at ${call.ingress}`],
    ['media', call.media],
    ['started', formatMoment(call.started_ms, zone)],
    ['lasted', call.duration_ms === undefined ? undefined : formatSpan(call.duration_ms)],
    ['signaling', saySignaling(call)],
    ['configuration', `revision ${call.config_revision}`],
    ['entries', String(call.entries)],
  ]);
  const blocks = [
    facts,
    block('streams now', renderStreams(call.streams ?? [])),
    block('who heard or read it', renderHearing(call.processors) || 'nobody\n'),
    block('refused', renderRefusals(call.refusals)),
    block('gaps', renderGaps(call.gaps)),
    block('card data', renderWindows(call.pci)),
  ];
  return blocks.filter((text) => text !== '').join('\n');
}

/** The digest in full: it is there to be compared. */
function saySignaling({ signaling }: CallDetail): string | undefined {
  if (signaling === undefined) return undefined;
  const edited = Object.entries(signaling.edits).map(([line, times]) => `${line} ${times}`);
  return `${signaling.messages} messages, ${signaling.digest}, edited: ${edited.join(', ') || 'nothing'}`;
}

function block(heading: string, text: string): string {
  return text === '' ? '' : `${heading}\n${text.replace(/^(?=.)/gm, '  ')}`;
}

function renderStreams(streams: NonNullable<CallDetail['streams']>): string {
  return renderTable(
    [
      { heading: 'ROLE', of: ({ role }) => role },
      { heading: 'CODEC', of: ({ codec, secure }) => `${codec}${secure ? ', encrypted' : ''}` },
      { heading: 'TAPPED', of: ({ tapped, pci }) => (pci ? 'no, card data' : tapped ? 'yes' : 'no') },
      {
        heading: 'HEARD BY',
        of: ({ heard_by }) =>
          heard_by.map(({ processor, lag_ms }) => `${processor} (${formatSpan(lag_ms)} behind)`).join(', '),
      },
      { heading: 'READ BY', of: ({ read_by }) => read_by.join(', ') },
    ],
    streams,
  );
}

function renderRefusals(refusals: readonly Refusal[]): string {
  return renderTable(
    [
      { heading: 'WHOM', of: ({ processor, subscriber }) => processor ?? subscriber ?? '' },
      { heading: 'WHAT', of: ({ entrypoint }) => entrypoint },
      { heading: 'CODE', of: ({ code }) => code },
      { heading: 'TIMES', of: ({ count }) => String(count) },
      { heading: 'RULES', of: ({ rules }) => rules.join(', ') },
    ],
    refusals,
  );
}

function renderGaps(gaps: readonly Gap[]): string {
  return renderTable(
    [
      { heading: 'FROM', of: ({ from_ms }) => formatSpan(from_ms) },
      { heading: 'TO', of: ({ to_ms }) => formatSpan(to_ms) },
      { heading: 'REASON', of: ({ reason }) => reason },
      { heading: 'FOR', of: ({ processor }) => processor ?? '' },
      { heading: 'TIMES', of: ({ count }) => String(count) },
      { heading: 'STREAM', of: ({ stream }) => stream },
    ],
    gaps,
  );
}
