/**
 * `earshot status`: how this node is, as its supervisor says it. It needs no token and holds no tenant's data.
 *
 * `--json` is one object as the supervisor serves it under `/status`: `{node, version, ready, conditions[], database,
 * planes: {call, governance}, reader}`. Each plane has `{pid, restarts, scheduling, ready, silent_ms}` and what it says of
 * itself: the call plane `TrafficStatus` with `calls, sessions, taps, transactions, media_pairs_ready, routes_revision,
 * governance`; governance `HearingStatus`. A field a plane does not say yet is absent.
 */

import { loadNodeConfig } from '../config/load.ts';
import { fetchStatus, isFields, type Fields } from './node-status.ts';
import { plain } from './terminal/plain.ts';
import { renderFacts, renderTable } from './terminal/table.ts';

const DIGEST_CHARS = 12;
const COUNT = new Intl.NumberFormat('en-US');

export async function showStatus(options: { readonly config?: string; readonly json?: boolean }): Promise<void> {
  const { config } = loadNodeConfig({ file: options.config, cwd: process.cwd() });
  const status = await fetchStatus(config.supervisor.http);
  process.stdout.write(options.json === true ? `${JSON.stringify(status)}\n` : renderStatus(status));
}

/** What a person looks for, top down: does it take calls, what is amiss, the calls, the AI, the evidence, the processes. */
export function renderStatus(status: Fields): string {
  const planes = isFields(status['planes']) ? status['planes'] : {};
  const call = planeOf(planes, 'call');
  const governance = planeOf(planes, 'governance');
  const conditions = Array.isArray(status['conditions']) ? status['conditions'] : [];
  return [
    `Earshot ${word(status['version'])}, node ${word(status['node'])}: ${headline(status, governance)}\n`,
    ...conditions.map((condition) => `  ! ${word(condition)}\n`),
    '\n',
    renderFacts([
      ['calls', list([count(call, 'calls', 'live'), count(call, 'legs', 'legs'), count(call, 'streams', 'streams')])],
      ['packets', packetsOf(call)],
      ['AI', hearingOf(governance)],
      ['ledger', ledgerOf(status, governance)],
      ['policy', policyOf(governance)],
      ['config', configOf(governance)],
      ['revoked', revokedOf(governance)],
      ['reader', readerOf(status)],
    ]),
    '\n',
    renderTable(PROCESS_COLUMNS, Object.entries(planes).flatMap(processOf)),
  ].join('');
}

interface ProcessRow {
  readonly name: string;
  readonly fields: Fields;
}

const PROCESS_COLUMNS = [
  { heading: 'PROCESS', of: ({ name }: ProcessRow) => name },
  { heading: 'PID', of: ({ fields }: ProcessRow) => word(fields['pid']) },
  { heading: 'READY', of: ({ fields }: ProcessRow) => (fields['ready'] === true ? 'yes' : 'no') },
  { heading: 'HEARD', of: ({ fields }: ProcessRow) => heardOf(fields['silent_ms']) },
  { heading: 'RESTARTS', of: ({ fields }: ProcessRow) => word(fields['restarts']) },
  { heading: 'SCHEDULING', of: ({ fields }: ProcessRow) => word(fields['scheduling']) },
];

function headline(status: Fields, governance: Fields): string {
  if (status['ready'] !== true) return 'not ready, takes no calls';
  return governance['ready'] === true ? 'ready, takes calls and hears them' : 'ready, takes calls, AI is silent';
}

function packetsOf(call: Fields): string | undefined {
  const dropped = count(call, 'packets_dropped', 'dropped');
  const why = list([
    count(call, 'packets_replayed', 'replayed'),
    count(call, 'packets_unauthenticated', 'not authentic'),
  ]);
  return list([
    count(call, 'packets_received', 'in'),
    count(call, 'packets_forwarded', 'out'),
    count(call, 'packets_lost', 'lost on the way to us'),
    dropped === undefined || why === undefined ? dropped : `${dropped} (${why})`,
  ]);
}

function hearingOf(governance: Fields): string | undefined {
  const lagMs = governance['lag_ms'];
  return list([
    count(governance, 'taps', 'taps'),
    count(governance, 'leases', 'leases'),
    count(governance, 'readers', 'readers'),
    typeof lagMs === 'number' ? `lag ${COUNT.format(lagMs)} ms` : undefined,
    count(governance, 'releases_waiting', 'releases waiting'),
    governance['pci_windows'] === 0 ? undefined : count(governance, 'pci_windows', 'taking card data'),
  ]);
}

function ledgerOf(status: Fields, governance: Fields): string | undefined {
  return list([
    said(governance, 'ledger', 'available', 'NOT available'),
    count(governance, 'ledger_waiting', 'waiting'),
    `database ${word(status['database'])}`,
    said(governance, 'database', 'reachable', 'NOT reachable'),
  ]);
}

function policyOf(governance: Fields): string | undefined {
  const own = count(governance, 'tenants_with_policy', '');
  const tenants = count(governance, 'tenants', 'tenants');
  return list([
    digestOf(governance, 'policy_default', 'default'),
    digestOf(governance, 'policy_guardrail', 'guardrail'),
    own === undefined || tenants === undefined ? undefined : `${own.trim()} of ${tenants} with their own`,
  ]);
}

function configOf(governance: Fields): string | undefined {
  const revision = governance['revision'];
  if (typeof revision !== 'number') return undefined;
  return revision === 0 ? 'none in force' : list([`revision ${revision}`, digestOf(governance, 'config_digest', '')]);
}

function revokedOf(governance: Fields): string | undefined {
  if (governance['revocations'] === 0) return 'nothing';
  const unrecorded = governance['revocations_unrecorded'];
  return list([
    count(governance, 'revocations', 'in force'),
    unrecorded === 0 ? undefined : count(governance, 'revocations_unrecorded', 'not recorded yet'),
  ]);
}

function readerOf({ reader }: Fields): string | undefined {
  if (!isFields(reader)) return undefined;
  const state =
    reader['pid'] === null ? word(reader['state']) : `${word(reader['state'])} (process ${word(reader['pid'])})`;
  return list([state, count(reader, 'starts', 'starts'), count(reader, 'failures', 'failures')]);
}

function processOf([name, fields]: readonly [string, unknown]): ProcessRow[] {
  return isFields(fields) ? [{ name, fields }] : [];
}

function planeOf(planes: Fields, name: string): Fields {
  const plane = planes[name];
  return isFields(plane) ? plane : {};
}

/** A process that has said nothing yet has no time since. */
function heardOf(silentMs: unknown): string {
  if (typeof silentMs !== 'number' || silentMs < 0) return 'never';
  return `${(silentMs / 1000).toFixed(1)} s ago`;
}

function count(fields: Fields, name: string, unit: string): string | undefined {
  const value = fields[name];
  return typeof value === 'number' ? `${COUNT.format(value)} ${unit}` : undefined;
}

function said(fields: Fields, name: string, yes: string, no: string): string | undefined {
  const value = fields[name];
  return typeof value === 'boolean' ? (value ? yes : no) : undefined;
}

function digestOf(fields: Fields, name: string, what: string): string | undefined {
  const digest = fields[name];
  if (typeof digest !== 'string') return undefined;
  return `${what} ${digest === '' ? 'NONE' : plain(digest.slice(0, DIGEST_CHARS))}`.trim();
}

/** Undefined when nothing is known: then the line is left out. */
function list(parts: readonly (string | undefined)[]): string | undefined {
  const known = parts.filter((part) => part !== undefined);
  return known.length === 0 ? undefined : known.join(', ');
}

function word(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? plain(String(value)) : '?';
}
