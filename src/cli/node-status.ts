/** What a node's supervisor says of it over HTTP, fetched and not interpreted. */

import { CodedError, errorCode } from '../base/error.ts';

class StatusError extends CodedError<'NOT_RUNNING' | 'NOT_EARSHOT'> {}

export type Fields = Readonly<Record<string, unknown>>;

const LIMIT_MS = 3000;

/** The status of the node whose supervisor listens there; rejects when none does. */
export async function fetchStatus({ address, port }: { address: string; port: number }): Promise<Fields> {
  const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}/status`;
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS), redirect: 'error' });
  } catch (cause) {
    throw new StatusError('NOT_RUNNING', `no Earshot answers at ${url} (${reasonOf(cause)})`, { cause });
  }
  const status: unknown = await response.json().catch(() => undefined);
  if (!isFields(status)) throw new StatusError('NOT_EARSHOT', `${url} is not an Earshot node`);
  return status;
}

/** `fetch` throws a TypeError and keeps the reason in its cause. */
function reasonOf(thrown: unknown): string {
  return errorCode(thrown instanceof TypeError && thrown.cause !== undefined ? thrown.cause : thrown);
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
