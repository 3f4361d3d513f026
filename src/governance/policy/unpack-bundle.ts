/**
 * tar.gz bytes to files in memory, for archives written by somebody hostile. Nothing touches the disk, links and
 * devices are refused, and each of size, count and name has a limit that is checked before it is spent.
 */

import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { CodedError } from '../../base/error.ts';

export const MAX_UNPACKED_BYTES = 16 * 1024 * 1024;
export const MAX_FILES = 64;
const MAX_NAME_CHARS = 255;

export class UnpackError extends CodedError<
  'NOT_GZIP' | 'TOO_LARGE' | 'TOO_MANY' | 'NOT_TAR' | 'NOT_A_FILE' | 'BAD_NAME'
> {}

/** Files by name without the leading slash. Throws `UnpackError` for anything out of order. */
export async function unpackBundle(packed: Uint8Array): Promise<ReadonlyMap<string, Buffer>> {
  const archive = await inflate(packed);
  const files = new Map<string, Buffer>();
  const entries = extract();
  entries.on('error', () => undefined);
  entries.end(archive);
  try {
    for await (const entry of entries) {
      if (files.size >= MAX_FILES) throw new UnpackError('TOO_MANY', `more than ${MAX_FILES} files`);
      const name = fileName(entry.header, files);
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry) if (chunk instanceof Uint8Array) chunks.push(chunk);
      files.set(name, Buffer.concat(chunks));
    }
  } catch (cause) {
    if (cause instanceof UnpackError) throw cause;
    throw new UnpackError('NOT_TAR', 'not a whole tar archive', { cause });
  }
  return files;
}

const gunzipAsync = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(gunzip);

/** The archive as a whole, at most `MAX_UNPACKED_BYTES`: a bomb stops inflating there. */
async function inflate(packed: Uint8Array): Promise<Buffer> {
  try {
    return await gunzipAsync(packed, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new UnpackError('TOO_LARGE', `unpacks to more than ${MAX_UNPACKED_BYTES} bytes`);
    throw new UnpackError('NOT_GZIP', 'not a gzip file', { cause });
  }
}

/** A plain relative name, seen for the first time. Names are only ever keys here, yet another reader may write files. */
function fileName(header: Header, seen: ReadonlyMap<string, unknown>): string {
  if (header.type !== 'file') throw new UnpackError('NOT_A_FILE', 'holds something that is not a plain file');
  const name = header.name.replace(/^\//, '');
  const isPlain = name.length <= MAX_NAME_CHARS && /^[\w.-]+(\/[\w.-]+)*$/.test(name);
  if (!isPlain || name.split('/').some((part) => part === '.' || part === '..') || seen.has(name)) {
    throw new UnpackError('BAD_NAME', 'holds a file with a name that is odd, climbs or is said twice');
  }
  return name;
}
