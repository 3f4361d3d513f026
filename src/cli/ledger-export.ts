/** `earshot ledger export`: the ledger as lines that `earshot ledger verify --file` reads anywhere; whole or not at all. */

import { rmSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { Command } from 'commander';
import { CodedError, errorCode } from '../base/error.ts';
import { connect, type WhereOptions } from './connect.ts';
import { repeated, whereOptions } from './options.ts';
import type { Terminal } from './terminal/terminal.ts';

class ExportFileError extends CodedError<'EXISTS' | 'UNWRITABLE'> {}

interface ExportOptions extends WhereOptions {
  readonly out?: string;
  readonly tenant?: readonly string[];
}

export function addLedgerExport(ledger: Command, terminal: Terminal): void {
  whereOptions(ledger.command('export').description('take the ledger away, to be verified elsewhere'))
    .option('-o, --out <file>', 'write to a new file, mode 0600 (default: stdout)')
    .addOption(repeated('--tenant <tenant>', 'only the logs of this tenant; may be repeated'))
    .action((options: ExportOptions) => exportLedger(terminal, options));
}

async function exportLedger(terminal: Terminal, options: ExportOptions): Promise<void> {
  const { out, tenant } = options;
  const lines = connect(options).rawLines({ path: '/v1/ledger/raw', query: { tenant } });
  if (out === undefined) {
    for await (const line of lines) if (!(await terminal.print(`${line}\n`))) return;
    return;
  }
  const written = await writeWhole(lines, out);
  terminal.note(`${written} lines in ${out}; \`earshot ledger verify --file ${out}\` verifies them`);
}

/** What cannot be finished is taken away again; what was cut off all the same lacks its last line, and does not verify. */
async function writeWhole(lines: AsyncIterable<string>, path: string): Promise<number> {
  const file = await createNew(path);
  let written = 0;
  let batch = '';
  try {
    for await (const line of lines) {
      batch += `${line}\n`;
      written += 1;
      if (batch.length < BATCH_CHARS) continue;
      await file.appendFile(batch);
      batch = '';
    }
    await file.appendFile(batch);
    await file.sync();
    return written;
  } catch (cause) {
    rmSync(path, { force: true });
    throw cause;
  } finally {
    await file.close();
  }
}

const BATCH_CHARS = 64 * 1024;

async function createNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST')
      throw new ExportFileError('EXISTS', `${path}: exists already: name another`, { cause });
    throw new ExportFileError('UNWRITABLE', `${path}: cannot be made (${errorCode(cause)})`, { cause });
  }
}
