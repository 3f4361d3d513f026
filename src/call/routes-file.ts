/** The last published routing snapshot on disk, so that the call plane starts alone. Read once, written behind calls. */

import { readFileSync, statSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { errorCode } from '../base/error.ts';
import type { Log } from '../base/log.ts';
import { MAX_CONTROL_BYTES, routingSnapshot } from '../link/messages.ts';
import type { RoutingSnapshot } from '../model/routing.ts';

export class RoutesFile {
  readonly #path: string;
  readonly #log: Log;
  #next: RoutingSnapshot | undefined;
  #writing: Promise<void> | undefined;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** The stored snapshot, or null when there is none that can be believed. */
  read(): RoutingSnapshot | null {
    const file = this.#path;
    try {
      // What came over the control socket was no larger.
      const isTooLarge = statSync(file).size > MAX_CONTROL_BYTES;
      const read = isTooLarge ? undefined : routingSnapshot.safeParse(JSON.parse(readFileSync(file, 'utf8')));
      if (read?.success) return read.data;
      this.#log.error({ file }, 'the stored routing snapshot is not one; waiting for governance');
    } catch (cause) {
      if (errorCode(cause) === 'ENOENT') return null;
      this.#log.error({ file, error: cause }, 'the stored routing snapshot cannot be read');
    }
    return null;
  }

  /**
   * Stores a snapshot in one step; a failure is logged and the calls go on with what is in memory. One write at a time:
   * two into the same fresh file would mix. Resolves when the newest is stored; nobody needs to wait for it.
   */
  store(snapshot: RoutingSnapshot): Promise<void> {
    this.#next = snapshot;
    this.#writing ??= this.#writeAll();
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#next !== undefined) {
      const snapshot = this.#next;
      this.#next = undefined;
      await this.#write(JSON.stringify(snapshot));
    }
    this.#writing = undefined;
  }

  async #write(text: string): Promise<void> {
    const fresh = `${this.#path}.new`;
    try {
      await writeFile(fresh, text, { mode: 0o600, flush: true });
      await rename(fresh, this.#path);
    } catch (cause) {
      this.#log.error({ file: this.#path, error: cause }, 'the routing snapshot could not be stored');
    }
  }
}
