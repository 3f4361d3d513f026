/** `earshot ledger verify`: the offline verifier over a running node's entries, or over an exported file. */

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
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
  const report = await verifyLines(options.file === undefined ? nodeLines(options.config) : fileLines(options.file));
  process.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : renderReport(report));
  if (!report.verified) process.exitCode = 1;
}

/** Verifies the entries of the node whose local API listens at `socketPath`. */
export function verifyNode(socketPath: string): Promise<VerifyReport> {
  return verifyLines(readLines(socketPath, '/v1/ledger/raw'));
}

async function verifyLines(lines: AsyncIterable<unknown>): Promise<VerifyReport> {
  async function* rows(): AsyncGenerator<NonNullable<ReturnType<typeof importRow>>> {
    let number = 0;
    for await (const line of lines) {
      number += 1;
      const row = importRow(line);
      if (row === undefined) throw new VerifyError('NOT_AN_ENTRY', `line ${number} is not an exported ledger entry`);
      yield row;
    }
  }
  return verifyLedger(rows());
}

function nodeLines(configFile: string | undefined): AsyncIterable<unknown> {
  const { config } = loadNodeConfig({ file: configFile, cwd: process.cwd() });
  return readLines(join(config.stateDir, 'run', 'api.sock'), '/v1/ledger/raw');
}

async function* fileLines(file: string): AsyncGenerator {
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      if (line !== '') yield line.length > MAX_LINE_CHARS ? undefined : (JSON.parse(line) as unknown);
    }
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new VerifyError('NOT_AN_ENTRY', `${file}: a line is not JSON`, { cause });
    throw new VerifyError('UNREADABLE', `${file}: cannot be read (${errorCode(cause)})`, { cause });
  }
}

/** Verdicts one to a line, then what was found. */
function renderReport(report: VerifyReport): string {
  const verdicts = Object.entries(report.verdicts).map(([name, verdict]) => `  ${name.padEnd(20)} ${verdict}`);
  const findings = report.findings.map(
    ({ verdict, code, log, node, epoch, seq }) => `  ! ${verdict}: ${code} at ${log} ${node} ${epoch} seq ${seq}`,
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
