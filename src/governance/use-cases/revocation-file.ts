/**
 * The list of revocations on this node's disk, so that what is silenced stays silent over restarts and without a
 * database. Written behind the act, in one step; a list that cannot be believed is never taken for an empty one.
 */

import { readFileSync, statSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Cancel, Clock } from '../../base/clock.ts';
import { errorCode } from '../../base/error.ts';
import type { RevocationId, TenantId } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import { revocationTarget } from '../../model/api/revocations.ts';
import { revocationId, tenantName, timeMs, whole } from '../../model/api/words.ts';
import { SYSTEM_LOG } from '../../model/evidence.ts';
import { MAX_REVOCATIONS, type Revocation } from './revocation-list.ts';

const MAX_FILE_BYTES = 256 * 1024 * 1024;
const MAX_LOGS = 64;
const RETRY_MS = 1000;

const tenant = tenantName.transform((name) => name as TenantId);
const log = z.union([z.literal(SYSTEM_LOG), tenant]);
const stored = z.strictObject({
  version: z.literal(1),
  revocations: z
    .array(
      z.strictObject({
        revocation: revocationId.transform((id) => id as RevocationId),
        target: revocationTarget,
        tenant: tenant.optional(),
        reason: z.string().max(128),
        actor: z.string().max(64),
        actedMs: timeMs,
        silenced: whole,
        logs: z.array(log).max(MAX_LOGS),
        unrecorded: z.array(log).max(MAX_LOGS),
        isOver: z.boolean(),
      }),
    )
    .max(MAX_REVOCATIONS),
});

export class RevocationFile {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onOutcome: (isStored: boolean) => void;
  #next: readonly Revocation[] | undefined;
  #writing: Promise<void> | undefined;
  #cancelRetry: Cancel = () => undefined;

  /** `onOutcome` hears after every attempt whether the file says what is in force. */
  constructor(options: {
    readonly path: string;
    readonly clock: Clock;
    readonly log: Log;
    readonly onOutcome: (isStored: boolean) => void;
  }) {
    this.#path = options.path;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#onOutcome = options.onOutcome;
  }

  /** What is stored, nothing when there is no file, or `unreadable`: then nobody can say what is silenced. */
  read(): readonly Revocation[] | 'unreadable' {
    const file = this.#path;
    try {
      const isTooLarge = statSync(file).size > MAX_FILE_BYTES;
      const read = isTooLarge ? undefined : stored.safeParse(JSON.parse(readFileSync(file, 'utf8')));
      if (read?.success) return read.data.revocations;
      this.#log.error({ file }, 'the list of revocations is not one; nobody hears anything until it is');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return [];
      this.#log.error({ file, error }, 'the list of revocations cannot be read; nobody hears anything until it can');
    }
    return 'unreadable';
  }

  /**
   * Stores the list as it is now. One write at a time, the newest wins; one that fails is tried again until it is
   * stored. Resolves after the first attempt.
   */
  store(revocations: readonly Revocation[]): Promise<void> {
    this.#next = revocations;
    this.#writing ??= this.#writeAll();
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    this.#cancelRetry();
    while (this.#next !== undefined) {
      const revocations = this.#next;
      this.#next = undefined;
      this.#onOutcome(await this.#write(revocations));
    }
    this.#writing = undefined;
  }

  async #write(revocations: readonly Revocation[]): Promise<boolean> {
    const fresh = `${this.#path}.new`;
    try {
      await writeFile(fresh, JSON.stringify({ version: 1, revocations }), { mode: 0o600, flush: true });
      await rename(fresh, this.#path);
      return true;
    } catch (error) {
      this.#log.error({ file: this.#path, error }, 'the list of revocations could not be stored');
      this.#cancelRetry = this.#clock.after(RETRY_MS, () => {
        void this.store(this.#next ?? revocations);
      });
      return false;
    }
  }
}
