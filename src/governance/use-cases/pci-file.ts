/**
 * Which calls card data is being taken in, on this node's disk: so that a governance that dies in the middle of a card
 * number does not come back and listen. Ids and words of ours only; a file that cannot be believed stands for every call.
 */

import { readFileSync, statSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode } from '../../base/error.ts';
import type { CallId, LegId } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { Conditions } from './conditions.ts';
import type { PciTrigger } from './pci-state.ts';

export interface KeptWindow {
  readonly call: CallId;
  readonly trigger: PciTrigger;
  readonly spared: readonly LegId[];
  readonly added: readonly LegId[];
}

const MAX_WINDOWS = 20_000;
const MAX_FILE_BYTES = 64 * 1024 * 1024;

const leg = z
  .string()
  .regex(/^l_[0-9a-f]{32}$/)
  .transform((id) => id as LegId);
const stored = z.strictObject({
  version: z.literal(1),
  windows: z
    .array(
      z.strictObject({
        call: z
          .string()
          .regex(/^c_[0-9a-f]{32}$/)
          .transform((id) => id as CallId),
        trigger: z.enum(['question', 'dtmf', 'api', 'digits', 'entity']),
        spared: z.array(leg).max(64),
        added: z.array(leg).max(64),
      }),
    )
    .max(MAX_WINDOWS),
});

/** The list in a state directory. */
export function windowFileIn(
  stateDir: string,
  world: { readonly log: Log; readonly conditions: Pick<Conditions, 'set'> },
): WindowFile {
  return new WindowFile({ path: join(stateDir, 'pci-windows.json'), ...world });
}

export class WindowFile {
  readonly #path: string;
  readonly #log: Log;
  readonly #conditions: Pick<Conditions, 'set'>;
  /** Of the life before. Undefined: nobody can say. */
  readonly #found: ReadonlyMap<CallId, KeptWindow> | undefined;
  #next: readonly KeptWindow[] | undefined;
  #writing: Promise<void> | undefined;

  constructor(options: { readonly path: string; readonly log: Log; readonly conditions: Pick<Conditions, 'set'> }) {
    this.#path = options.path;
    this.#log = options.log;
    this.#conditions = options.conditions;
    this.#found = this.#read();
    if (this.#found === undefined) this.#conditions.set('pci_windows.unreadable', true);
  }

  /** The window that was open in this call in the life before; `unknown` where nobody can say whether one was. */
  find(call: CallId): KeptWindow | 'unknown' | undefined {
    return this.#found === undefined ? 'unknown' : this.#found.get(call);
  }

  /** Stores those that are open now. One write at a time, the newest wins. Past the limit the newest are not stored. */
  keep(windows: readonly KeptWindow[]): Promise<void> {
    this.#next = windows.slice(0, MAX_WINDOWS);
    this.#writing ??= this.#writeAll();
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#next !== undefined) {
      const windows = this.#next;
      this.#next = undefined;
      this.#conditions.set('pci_windows.not_stored', !(await this.#write(windows)));
    }
    this.#writing = undefined;
  }

  async #write(windows: readonly KeptWindow[]): Promise<boolean> {
    const fresh = `${this.#path}.new`;
    try {
      await writeFile(fresh, JSON.stringify({ version: 1, windows }), { mode: 0o600, flush: true });
      await rename(fresh, this.#path);
      return true;
    } catch (error) {
      this.#log.error({ file: this.#path, error }, 'the list of card windows could not be stored');
      return false;
    }
  }

  #read(): ReadonlyMap<CallId, KeptWindow> | undefined {
    const file = this.#path;
    try {
      const isTooLarge = statSync(file).size > MAX_FILE_BYTES;
      const read = isTooLarge ? undefined : stored.safeParse(JSON.parse(readFileSync(file, 'utf8')));
      if (read?.success === true) return new Map(read.data.windows.map((window) => [window.call, window]));
      this.#log.error({ file }, 'the list of card windows is not one; calls that go on are taken for being in one');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return new Map();
      this.#log.error(
        { file, error },
        'the list of card windows cannot be read; calls that go on are taken for in one',
      );
    }
    return undefined;
  }
}
