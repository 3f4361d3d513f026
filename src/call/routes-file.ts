/** The last published routing snapshot on disk, so that the call plane starts alone. Read once, written behind calls. */

import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { errorCode } from '../base/error.ts';
import type { Log } from '../base/log.ts';
import { routingSnapshot, type RoutingSnapshot } from '../link/messages.ts';

/** The stored snapshot, or null when there is none that can be believed. */
export function readRoutes(file: string, log: Log): RoutingSnapshot | null {
  try {
    const read = routingSnapshot.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (read.success) return read.data;
    log.error({ file }, 'the stored routing snapshot is not one; waiting for governance');
  } catch (cause) {
    if (errorCode(cause) !== 'ENOENT') log.error({ file, error: cause }, 'the stored routing snapshot cannot be read');
  }
  return null;
}

/** Stores a snapshot in one step; a failure is logged and the calls go on with what is in memory. */
export function storeRoutes(file: string, snapshot: RoutingSnapshot, log: Log): void {
  const fresh = `${file}.new`;
  writeFile(fresh, JSON.stringify(snapshot), { mode: 0o600 })
    .then(() => rename(fresh, file))
    .catch((cause: unknown) => log.error({ file, error: cause }, 'the routing snapshot could not be stored'));
}
