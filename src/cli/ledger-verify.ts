/** `earshot ledger verify`: the offline verifier over a running node's entries, or over an exported file. */

import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import { CodedError, errorCode } from '../base/error.ts';
import { ExportError, readExport, readLines } from '../governance/ledger/verify/export-file.ts';
import { verifyLedger, type VerifyOutcome, type VerifyReport } from '../governance/ledger/verify.ts';
import type { ApiClient } from './api-client.ts';
import { connect, type WhereOptions } from './connect.ts';
import { repeated, whereOptions } from './options.ts';
import { plain } from './terminal/plain.ts';
import type { Terminal } from './terminal/terminal.ts';

class VerifyError extends CodedError<'UNREADABLE' | 'NOT_AN_EXPORT'> {}

/** Part of a ledger that holds is not a ledger that does: a script must be able to tell. */
const EXIT_CODE: Readonly<Record<VerifyOutcome, number>> = { verified: 0, not_verified: 1, partial: 3 };

const HEADING: Readonly<Record<VerifyOutcome, string>> = {
  verified: 'verified: every evaluated verdict passed',
  partial: 'holds as far as it goes: whether it is all there, only the system log of the whole ledger could say',
  not_verified: 'NOT VERIFIED',
};

export function addLedgerVerify(ledger: Command, terminal: Terminal): void {
  whereOptions(ledger.command('verify').description('verify the ledger: chains, gaplessness, projections, accounts'))
    .option('-f, --file <file>', 'verify an export instead of a running node')
    .addOption(repeated('--tenant <tenant>', 'only the logs of this tenant; may be repeated'))
    .action(async (options: WhereOptions & { readonly file?: string; readonly tenant?: readonly string[] }) => {
      const { file, tenant } = options;
      const report = file === undefined ? await verifyNode(connect(options), tenant) : await verifyFile(file);
      await terminal.print(options.json === true ? `${JSON.stringify(report)}\n` : renderReport(report));
      terminal.exitWith(EXIT_CODE[report.outcome]);
    });
}

/** Verifies what a node exports: the whole ledger, or the logs of some tenants. */
export function verifyNode(client: ApiClient, tenants?: readonly string[]): Promise<VerifyReport> {
  return verifyLines(client.lines({ path: '/v1/ledger/raw', query: { tenant: tenants } }), 'the node');
}

async function verifyFile(file: string): Promise<VerifyReport> {
  const input = createReadStream(file, { encoding: 'utf8' });
  try {
    return await verifyLines(readLines(input as AsyncIterable<string>), file);
  } catch (cause) {
    if (cause instanceof CodedError) throw cause;
    throw new VerifyError('UNREADABLE', `${file}: cannot be read (${errorCode(cause)})`, { cause });
  } finally {
    input.destroy();
  }
}

async function verifyLines(lines: AsyncIterable<unknown>, source: string): Promise<VerifyReport> {
  try {
    const { scope, rows } = await readExport(lines);
    return await verifyLedger(rows, scope);
  } catch (cause) {
    if (!(cause instanceof ExportError)) throw cause;
    throw new VerifyError('NOT_AN_EXPORT', `${source}: ${cause.message}`, { cause });
  }
}

/** How much card data was sent, whatever the verdict. */
function renderCardWindows({ windows, exposedMs, exposedBytes, unknown }: VerifyReport['pci']): string[] {
  if (windows === 0) return [];
  const sent = exposedMs === 0 && exposedBytes === 0 ? 'nothing' : `${exposedMs} ms, ${exposedBytes} bytes`;
  const rest = unknown === 0 ? '' : ` and an unknown number of bytes in ${unknown}`;
  return [`  ${'card windows'.padEnd(20)} ${windows}, sent of what was said in them: ${sent}${rest}`];
}

/** Verdicts one to a line, then what was found. */
export function renderReport(report: VerifyReport): string {
  const verdicts = Object.entries(report.verdicts).map(([name, verdict]) => `  ${name.padEnd(20)} ${verdict}`);
  const findings = report.findings.map(({ verdict, code, log, node, epoch, seq }) =>
    // Names come from whoever wrote the file, and must not write to the terminal.
    plain(`  ! ${verdict}: ${code} at ${log} ${node} ${epoch} seq ${seq}`),
  );
  return [
    HEADING[report.outcome],
    ...verdicts,
    `  ${'logs'.padEnd(20)} ${report.scope === 'all' ? 'all' : plain(report.scope.join(', '))}`,
    `  ${'entries'.padEnd(20)} ${report.entries} in ${report.chains} chains, ${report.uncovered} not yet covered by a heartbeat`,
    `  ${'gaps recorded'.padEnd(20)} ${report.gaps}`,
    ...renderCardWindows(report.pci),
    ...(report.openReads === 0 ? [] : [`  ${'reads without end'.padEnd(20)} ${report.openReads}`]),
    ...findings,
    '',
  ].join('\n');
}
