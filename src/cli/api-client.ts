/** Reads the local API of a running node: newline-delimited JSON over its Unix socket. */

import { request, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { CodedError, errorCode } from '../base/error.ts';

export class ApiError extends CodedError<'NOT_RUNNING' | 'REFUSED' | 'BROKEN'> {}

const CONNECT_LIMIT_MS = 5000;

/** Yields each line of `path` as a parsed value until the response ends or `signal` aborts. */
export async function* readLines(socketPath: string, path: string, signal?: AbortSignal): AsyncGenerator {
  const response = await get(socketPath, path, signal);
  if (response.statusCode !== 200) {
    response.resume();
    throw new ApiError('REFUSED', `the node answered ${response.statusCode ?? 0} for ${path}`);
  }
  const reader = createInterface({ input: response, crlfDelay: Infinity });
  try {
    for await (const line of reader) yield JSON.parse(line) as unknown;
  } catch (cause) {
    if (signal?.aborted === true) return;
    throw new ApiError('BROKEN', `the answer to ${path} broke off (${errorCode(cause)})`, { cause });
  } finally {
    reader.close();
    response.destroy();
  }
}

function get(socketPath: string, path: string, signal?: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, ...(signal === undefined ? {} : { signal }) }, resolve);
    asked.setTimeout(CONNECT_LIMIT_MS, () => asked.destroy(new Error('no answer in time')));
    asked.once('response', () => asked.setTimeout(0));
    asked.once('error', (cause) => {
      reject(new ApiError('NOT_RUNNING', `no Earshot answers at ${socketPath} (${errorCode(cause)})`, { cause }));
    });
    asked.end();
  });
}
