/** Reads a file to a limit, not to what it says its size is: it may be a pipe or a device. */

import { closeSync, openSync, readSync } from 'node:fs';
import { errorCode } from '../base/error.ts';
import { ConfigError } from './problem.ts';

const STEP_BYTES = 64 * 1024;

/** The file as UTF-8. Throws ConfigError UNREADABLE. */
export function readText(file: string, maxBytes: number): string {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    const descriptor = openSync(file, 'r');
    try {
      for (;;) {
        const chunk = Buffer.alloc(Math.min(STEP_BYTES, maxBytes + 1 - length));
        const more = readSync(descriptor, chunk, 0, chunk.length, null);
        if (more === 0) break;
        chunks.push(chunk.subarray(0, more));
        length += more;
        if (length > maxBytes) break;
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    const why = errorCode(cause) === 'ENOENT' ? 'does not exist' : `cannot be read (${errorCode(cause)})`;
    throw new ConfigError('UNREADABLE', [{ file, key: '', message: why }], { cause });
  }
  if (length <= maxBytes) return Buffer.concat(chunks).toString('utf8');
  throw new ConfigError('UNREADABLE', [{ file, key: '', message: `is larger than ${maxBytes} bytes` }]);
}
