/**
 * An exported ledger as lines of JSON: the first says whose logs follow, then one entry a line, and the last says how
 * many there were. Bounded line by line; whether what is in it holds is for the verifier.
 */

import { z } from 'zod';
import { CodedError } from '../../../base/error.ts';
import type { EntryRow } from '../../../store/schema.ts';
import { importRow, type ExportedRow } from './exported-row.ts';

export class ExportError extends CodedError<'NOT_AN_EXPORT' | 'NOT_AN_ENTRY' | 'CUT_SHORT'> {}

/** `all` is the whole ledger with its system log; otherwise the logs of these tenants and nothing else. */
export type ExportScope = 'all' | readonly string[];

export interface ExportHeader {
  readonly export: typeof EXPORT_FORMAT;
  readonly scope: ExportScope;
}

export interface ExportFooter {
  readonly end: typeof EXPORT_FORMAT;
  readonly rows: number;
}

export type ExportLine = ExportHeader | ExportedRow | ExportFooter;

export interface LedgerExport {
  readonly scope: ExportScope;
  /** Throws ExportError at the first line that is no entry, and where the file ends before its end. */
  readonly rows: AsyncIterable<EntryRow>;
}

const EXPORT_FORMAT = 'earshot/ledger/v1';
/** Lines longer than this hold no entry: 4 KiB of raw bytes in base64, and its projections. */
const MAX_LINE_CHARS = 16 * 1024;

const header = z.strictObject({
  export: z.literal(EXPORT_FORMAT),
  scope: z.union([z.literal('all'), z.array(z.string().min(1).max(512)).min(1).max(64)]),
});
const footer = z.strictObject({ end: z.literal(EXPORT_FORMAT), rows: z.int().min(0) });

export function exportHeader(scope: ExportScope): ExportHeader {
  return { export: EXPORT_FORMAT, scope };
}

export function exportFooter(rows: number): ExportFooter {
  return { end: EXPORT_FORMAT, rows };
}

/**
 * Reads the first line and leaves the rest to be read. Lines without a header are entries of what claims to be the whole
 * ledger. Throws ExportError NOT_AN_EXPORT for a header of another format.
 */
export async function readExport(lines: AsyncIterable<unknown>): Promise<LedgerExport> {
  const reader = lines[Symbol.asyncIterator]();
  const first = await reader.next();
  if (first.done === true || !isHeaderLike(first.value)) {
    const firstRow = first.done === true ? [] : [first.value];
    return { scope: 'all', rows: readRows(firstRow, reader, { isFramed: false }) };
  }
  const read = header.safeParse(first.value);
  if (!read.success) {
    await reader.return?.();
    throw new ExportError('NOT_AN_EXPORT', 'line 1 names no export that can be read here');
  }
  return { scope: read.data.scope, rows: readRows([], reader, { isFramed: true }) };
}

/** Each line of a text as a value; one that is too long or not JSON is undefined, which is no entry. */
export async function* readLines(chunks: AsyncIterable<string>): AsyncGenerator {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield readLine(line);
    if (rest.length <= MAX_LINE_CHARS) continue;
    // One line without an end must not fill the memory; it is no entry however it goes on.
    yield undefined;
    return;
  }
  if (rest !== '') yield readLine(rest);
}

async function* readRows(
  first: readonly unknown[],
  reader: AsyncIterator<unknown>,
  { isFramed }: { readonly isFramed: boolean },
): AsyncGenerator<EntryRow> {
  let line = isFramed ? 1 : 0;
  let rows = 0;
  try {
    for await (const value of inTurn(first, reader)) {
      line += 1;
      if (isFramed && isFooterOf(value, rows)) {
        await expectNothing(reader, line + 1);
        return;
      }
      const row = importRow(value);
      if (row === undefined) throw new ExportError('NOT_AN_ENTRY', `line ${line} is not an exported ledger entry`);
      rows += 1;
      yield row;
    }
    if (isFramed) throw new ExportError('CUT_SHORT', `the export breaks off after line ${line}`);
  } finally {
    await reader.return?.();
  }
}

async function* inTurn(first: readonly unknown[], reader: AsyncIterator<unknown>): AsyncGenerator {
  yield* first;
  for (let next = await reader.next(); next.done !== true; next = await reader.next()) yield next.value;
}

async function expectNothing(reader: AsyncIterator<unknown>, line: number): Promise<void> {
  const next = await reader.next();
  if (next.done !== true) throw new ExportError('NOT_AN_ENTRY', `line ${line} follows the end of the export`);
}

function isFooterOf(value: unknown, rows: number): boolean {
  const read = footer.safeParse(value);
  if (!read.success) return false;
  if (read.data.rows !== rows) throw new ExportError('CUT_SHORT', `the export should hold ${read.data.rows} entries`);
  return true;
}

function isHeaderLike(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'export' in value;
}

function readLine(line: string): unknown {
  if (line.length > MAX_LINE_CHARS) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
