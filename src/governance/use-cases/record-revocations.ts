/**
 * Records revocations as soon as the ledger can: each is appended until the append is confirmed, over restarts too. The
 * switch has acted by then; nobody waits for this.
 */

import type { Clock } from '../../base/clock.ts';
import { errorCode } from '../../base/error.ts';
import type { Log } from '../../base/log.ts';
import type { RevocationTarget } from '../../model/api/revocations.ts';
import type { EntryBody } from '../../model/evidence.ts';
import type { Ledger, LogName } from '../ledger/ledger.ts';
import { targetWord, type Revocation, type RevocationList } from './revocation-list.ts';

export type RevokeEntry = Extract<EntryBody, { kind: 'revoke' }>;

/** An entry waits for the database in its place, however long that takes; one given up could be recorded twice. */
const PATIENCE_MS = 24 * 3_600_000;
/** When the ledger would not even queue it. */
const RETRY_MS = 2000;

export class RevocationRecorder {
  readonly #ledger: Pick<Ledger, 'append'>;
  readonly #list: RevocationList;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #underWay = new Set<string>();

  constructor(options: {
    readonly ledger: Pick<Ledger, 'append'>;
    readonly list: RevocationList;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.#ledger = options.ledger;
    this.#list = options.list;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Begins to record whatever is not recorded. Call it after every change, and at the start. */
  record(): void {
    for (const revocation of this.#list.all) {
      for (const log of revocation.unrecorded) void this.#recordIn(log, revocation);
    }
  }

  async #recordIn(log: LogName, revocation: Revocation): Promise<void> {
    const name = `${revocation.revocation} ${log}`;
    if (this.#underWay.has(name)) return;
    this.#underWay.add(name);
    try {
      await this.#ledger.append(log, silenceEntry(revocation), { deadlineMs: PATIENCE_MS, urgent: true });
      this.#list.confirm(revocation.revocation, log);
    } catch (error) {
      this.#log.warn({ log, code: errorCode(error) }, 'a revocation is not recorded yet');
      this.#clock.after(RETRY_MS, () => this.record());
    } finally {
      this.#underWay.delete(name);
    }
  }
}

/** What an entry says of a revocation; the same every time it is said. */
export function silenceEntry(revocation: Revocation): RevokeEntry {
  const { target, actor, actedMs, silenced, reason } = revocation;
  return {
    kind: 'revoke',
    revocation: revocation.revocation,
    action: 'silence',
    ...entryTarget(target),
    reason,
    actor,
    acted_ms: actedMs,
    silenced,
  };
}

/** What an entry says of its end. */
export function liftEntry(
  { revocation, target }: Revocation,
  lifted: { readonly actor: string; readonly atMs: number },
): RevokeEntry {
  return {
    kind: 'revoke',
    revocation,
    action: 'lift',
    ...entryTarget(target),
    actor: lifted.actor,
    acted_ms: lifted.atMs,
    silenced: 0,
  };
}

function entryTarget(target: RevocationTarget): Pick<RevokeEntry, 'scope' | 'target' | 'call'> {
  const named = { scope: target.scope, target: targetWord(target) };
  return target.scope === 'call' ? { ...named, call: target.call } : named;
}
