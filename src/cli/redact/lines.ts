/**
 * Input as lines, read no faster than they are worked on and never more than a chunk and a line at a time. A line
 * without an end must not fill the memory.
 */

import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { errorCode } from '../../base/error.ts';
import { faultAt, RedactFault } from './fault.ts';

export const MAX_LINE_BYTES = 64 * 1024;

/** A file, or standard input, under the name that messages give it. */
export interface Source {
  readonly name: string;
  readonly chunks: Readable;
}

/** Lines that came together, each with its end if it had one. `first` is the number of the first of them, from 1. */
export interface LineBatch {
  readonly first: number;
  readonly lines: readonly string[];
}

const LINE_END = 10;
const AFTER_LINE_END = /(?<=\n)/;

export function openSource(file: string | undefined, standardInput: () => Readable): Source {
  if (file === undefined || file === '-') return { name: 'standard input', chunks: standardInput() };
  return { name: file, chunks: createReadStream(file) };
}

/** Throws RedactFault UNREADABLE, or TOO_LONG after the lines before the one that is. */
export async function* readLines({ name, chunks }: Source): AsyncGenerator<LineBatch> {
  let rest: Buffer = Buffer.alloc(0);
  let first = 1;
  for await (const chunk of guarded(name, chunks)) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(LINE_END) + 1;
    rest = bytes.subarray(end);
    if (end > 0) {
      const lines = bytes.toString('utf8', 0, end).split(AFTER_LINE_END);
      yield* batchesOf(name, first, lines);
      first += lines.length;
    }
    if (rest.length > MAX_LINE_BYTES) throw tooLong(name, first);
  }
  if (rest.length > 0) yield* batchesOf(name, first, [rest.toString('utf8')]);
}

/** Lines before one that is too long are still worked on. */
function* batchesOf(name: string, first: number, lines: readonly string[]): Generator<LineBatch> {
  const long = lines.findIndex(isTooLong);
  if (long !== 0) yield { first, lines: long < 0 ? lines : lines.slice(0, long) };
  if (long >= 0) throw tooLong(name, first + long);
}

async function* guarded(name: string, chunks: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of chunks) yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk as string | Uint8Array);
  } catch (thrown) {
    const code = errorCode(thrown);
    throw new RedactFault(
      'UNREADABLE',
      `${name}: ${code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`}`,
    );
  }
}

function isTooLong(line: string): boolean {
  // A UTF-16 unit is at most three bytes.
  return line.length * 3 > MAX_LINE_BYTES && Buffer.byteLength(line) > MAX_LINE_BYTES;
}

function tooLong(name: string, line: number): RedactFault {
  return faultAt('TOO_LONG', name, line, `is longer than ${MAX_LINE_BYTES} bytes`);
}
