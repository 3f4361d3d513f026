/** `earshot status`: what the supervisor of a running node says of its processes. */

import { CodedError, errorCode } from '../base/error.ts';
import { loadNodeConfig } from '../config/load.ts';

class StatusError extends CodedError<'NOT_RUNNING' | 'NOT_EARSHOT'> {}

const LIMIT_MS = 3000;

export async function showStatus(options: { readonly config?: string; readonly json?: boolean }): Promise<void> {
  const { config } = loadNodeConfig({ file: options.config, cwd: process.cwd() });
  const { address, port } = config.supervisor.http;
  const status = await fetchStatus(`http://${address.includes(':') ? `[${address}]` : address}:${port}/status`);
  process.stdout.write(options.json === true ? `${JSON.stringify(status)}\n` : renderStatus(status));
}

async function fetchStatus(url: string): Promise<Record<string, unknown>> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS), redirect: 'error' });
  } catch (cause) {
    throw new StatusError('NOT_RUNNING', `no Earshot answers at ${url} (${reasonOf(cause)})`, { cause });
  }
  const status: unknown = await response.json().catch(() => undefined);
  if (typeof status !== 'object' || status === null)
    throw new StatusError('NOT_EARSHOT', `${url} is not an Earshot node`);
  return status as Record<string, unknown>;
}

/** `fetch` throws a TypeError and keeps the reason in its cause. */
function reasonOf(thrown: unknown): string {
  return errorCode(thrown instanceof TypeError && thrown.cause !== undefined ? thrown.cause : thrown);
}

/** A heading, the conditions, then one block per process. */
export function renderStatus(status: Readonly<Record<string, unknown>>): string {
  const { node, version, ready, conditions, database, planes } = status;
  const lines = [
    `Earshot ${String(version)}, node ${String(node)}: ${ready === true ? 'ready' : 'not ready'}, database ${String(database)}`,
  ];
  if (Array.isArray(conditions)) for (const condition of conditions) lines.push(`  ! ${String(condition)}`);
  if (typeof planes === 'object' && planes !== null) {
    for (const [plane, fields] of Object.entries(planes)) {
      lines.push(plane);
      for (const [key, value] of Object.entries(fields as Record<string, unknown>))
        lines.push(`  ${key.padEnd(22)} ${String(value)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
