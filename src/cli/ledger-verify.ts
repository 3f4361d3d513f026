/** `earshot ledger verify`: the offline verifier over a running node's entries, or over an exported file. */

import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { CodedError, errorCode } from '../base/error.ts';
import { loadNodeConfig } from '../config/load.ts';
import { importRow } from '../governance/ledger/verify/exported-row.ts';
import { verifyLedger, type VerifyReport } from '../governance/ledger/verify.ts';
import { readLines } from './api-client.ts';

class VerifyError extends CodedError<'UNREADABLE' | 'NOT_AN_ENTRY' | 'NOT_VERIFIED'> {}

/** Lines longer than this hold no entry: 4 KiB of raw bytes in base64, and its projections. */
const MAX_LINE_CHARS = 16 * 1024;

export async function verifyLedgerCommand(options: {
  readonly config?: string;
  readonly file?: string;
  readonly json?: boolean;
}): Promise<void> {
  const report =
    options.file === undefined
      ? await verifyLines(nodeLines(options.config), 'the node')
      : await verifyLines(fileLines(options.file), options.file);
  process.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : renderReport(report));
  if (!report.verified) process.exitCode = 1;
}

/** Verifies the entries of the node whose local API listens at `socketPath`. */
export function verifyNode(socketPath: string): Promise<VerifyReport> {
  return verifyLines(readLines(socketPath, '/v1/ledger/raw'), 'the node');
}

async function verifyLines(lines: AsyncIterable<unknown>, source: string): Promise<VerifyReport> {
  async function* rows(): AsyncGenerator<NonNullable<ReturnType<typeof importRow>>> {
    let number = 0;
    for await (const line of lines) {
      number += 1;
      const row = importRow(line);
      if (row === undefined)
        throw new VerifyError('NOT_AN_ENTRY', `${source}: line ${number} is not an exported ledger entry`);
      yield row;
    }
  }
  return verifyLedger(rows());
}

function nodeLines(configFile: string | undefined): AsyncIterable<unknown> {
  const { config } = loadNodeConfig({ file: configFile, cwd: process.cwd() });
  return readLines(join(config.stateDir, 'run', 'api.sock'), '/v1/ledger/raw');
}

/** Each line as a value; what is too long or not JSON is undefined, which is no entry. */
async function* fileLines(file: string): AsyncGenerator {
  const input = createReadStream(file, { encoding: 'utf8' });
  try {
    let rest = '';
    for await (const chunk of input as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield readLine(line);
      // One line without an end must not fill the memory; it is no entry however it goes on.
      if (rest.length > MAX_LINE_CHARS) yield undefined;
    }
    if (rest !== '') yield readLine(rest);
  } catch (cause) {
    throw new VerifyError('UNREADABLE', `${file}: cannot be read (${errorCode(cause)})`, { cause });
  } finally {
    input.destroy();
  }
}

function readLine(line: string): unknown {
  if (line.length > MAX_LINE_CHARS) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Verdicts one to a line, then what was found. */
export function renderReport(report: VerifyReport): string {
  const verdicts = Object.entries(report.verdicts).map(([name, verdict]) => `  ${name.padEnd(20)} ${verdict}`);
  const findings = report.findings.map(({ verdict, code, log, node, epoch, seq }) =>
    // Names come from whoever wrote the file, and must not write to the terminal.
    `  ! ${verdict}: ${code} at ${log} ${node} ${epoch} seq ${seq}`.replace(/\p{Cc}/gu, '?'),
  );
  return [
    report.verified ? 'verified: every evaluated verdict passed' : 'NOT VERIFIED',
    ...verdicts,
    `  ${'entries'.padEnd(20)} ${report.entries} in ${report.chains} chains, ${report.uncovered} not yet covered by a heartbeat`,
    `  ${'gaps recorded'.padEnd(20)} ${report.gaps}`,
    ...findings,
    '',
  ].join('\n');
}
