/**
 * Every revocation in force, and those that are over but not recorded yet. What it says is what is silenced: it keeps
 * `Silenced` in line with itself. It does no I/O; whoever keeps it is told of every change.
 */

import { isId, type CallId, type RevocationId, type TenantId } from '../../base/ids.ts';
import type { RevocationTarget, RevocationView } from '../../model/api/revocations.ts';
import type { LogName } from '../ledger/ledger.ts';
import { targetKey, type Silenced } from './silenced.ts';

/** More could not be told apart by anybody: whoever needs it silences a tenant or a processor. */
export const MAX_REVOCATIONS = 10_000;

export interface Revocation {
  readonly revocation: RevocationId;
  readonly target: RevocationTarget;
  /** Whose it is; absent for a processor of all tenants. */
  readonly tenant?: TenantId | undefined;
  readonly reason: string;
  readonly actor: string;
  readonly actedMs: number;
  /** Leases closed and readers cut off. */
  readonly silenced: number;
  /** Whom it concerns: where it is recorded, and where its end will be. */
  readonly logs: readonly LogName[];
  /** Those of them that may not hold it yet. */
  readonly unrecorded: readonly LogName[];
  /** Not in force any more, and kept only until it is recorded: its call has ended. */
  readonly isOver: boolean;
}

export class RevocationList {
  readonly #silenced: Silenced;
  readonly #revocations = new Map<string, Revocation>();
  /** In force, by what they silence. */
  readonly #byTarget = new Map<string, RevocationId>();
  /** How often each was asked for again while it was in force. */
  readonly #renewals = new Map<RevocationId, number>();
  #onChange: () => void = () => undefined;

  constructor(silenced: Silenced, stored: readonly Revocation[] = []) {
    this.#silenced = silenced;
    for (const revocation of stored.slice(0, MAX_REVOCATIONS)) this.#take(revocation);
    silenced.whenForgotten((call) => this.#forgetCall(call));
  }

  /** Whoever keeps the list is told after every change. */
  whenChanged(onChange: () => void): void {
    this.#onChange = onChange;
  }

  get isFull(): boolean {
    return this.#revocations.size >= MAX_REVOCATIONS;
  }

  get inForce(): readonly Revocation[] {
    return this.all.filter(({ isOver }) => !isOver);
  }

  /** In the order they were made, those that are over included. */
  get all(): readonly Revocation[] {
    return [...this.#revocations.values()];
  }

  /** One that is in force. */
  get(revocation: string): Revocation | undefined {
    const found = this.#revocations.get(revocation);
    return found?.isOver === true ? undefined : found;
  }

  /** The one in force for exactly this target. */
  findSame(target: RevocationTarget): Revocation | undefined {
    return this.get(this.#byTarget.get(targetKey(target)) ?? '');
  }

  /** Somebody silenced what is silenced already: a lift that is under way must not undo that. */
  renew(revocation: RevocationId): void {
    this.#renewals.set(revocation, this.renewalsOf(revocation) + 1);
  }

  renewalsOf(revocation: RevocationId): number {
    return this.#renewals.get(revocation) ?? 0;
  }

  add(revocation: Revocation): void {
    this.#take(revocation);
    this.#onChange();
  }

  /** It is lifted: its target may be heard again, unless another one covers it too. */
  remove(revocation: RevocationId): void {
    const found = this.#revocations.get(revocation);
    if (found === undefined) return;
    this.#revocations.delete(revocation);
    this.#renewals.delete(revocation);
    this.#release(found);
    this.#onChange();
  }

  /** That log holds it. */
  confirm(revocation: RevocationId, log: LogName): void {
    const found = this.#revocations.get(revocation);
    if (found === undefined) return;
    const unrecorded = found.unrecorded.filter((other) => other !== log);
    if (found.isOver && unrecorded.length === 0) this.#revocations.delete(revocation);
    else this.#revocations.set(revocation, { ...found, unrecorded });
    this.#onChange();
  }

  /** These logs say that it was lifted, and it was not: they are to say once more that it is in force. */
  doubt(revocation: RevocationId, logs: readonly LogName[]): void {
    const found = this.#revocations.get(revocation);
    if (found === undefined || logs.length === 0) return;
    const unrecorded = [...new Set([...found.unrecorded, ...logs])];
    this.#revocations.set(revocation, { ...found, unrecorded });
    this.#onChange();
  }

  /** Only these calls live: what was silenced about others alone ended with them, unseen by us. */
  keepCalls(living: readonly CallId[]): void {
    const calls = new Set<string>(living);
    for (const { target } of this.inForce) {
      if (target.scope !== 'call' || calls.has(target.call)) continue;
      if (isId('call', target.call)) this.#silenced.forgetCall(target.call);
    }
  }

  #take(revocation: Revocation): void {
    this.#revocations.set(revocation.revocation, revocation);
    if (revocation.isOver) return;
    this.#byTarget.set(targetKey(revocation.target), revocation.revocation);
    this.#silenced.add(revocation.target);
  }

  #release({ target }: Revocation): void {
    this.#byTarget.delete(targetKey(target));
    this.#silenced.remove(target);
  }

  #forgetCall(call: CallId): void {
    const found = this.findSame({ scope: 'call', call });
    if (found === undefined) return;
    this.#byTarget.delete(targetKey(found.target));
    this.#renewals.delete(found.revocation);
    if (found.unrecorded.length === 0) this.#revocations.delete(found.revocation);
    else this.#revocations.set(found.revocation, { ...found, isOver: true });
    this.#onChange();
  }
}

export function viewRevocation(revocation: Revocation): RevocationView {
  return {
    revocation: revocation.revocation,
    target: revocation.target,
    reason: revocation.reason,
    actor: revocation.actor,
    acted_ms: revocation.actedMs,
    silenced: revocation.silenced,
    recorded: revocation.unrecorded.length === 0,
  };
}

/** One word for the target, as entries name it beside its scope: `scribe@acme` is that processor for that tenant alone. */
export function targetWord(target: RevocationTarget): string {
  switch (target.scope) {
    case 'call':
      return target.call;
    case 'tenant':
      return target.tenant;
    case 'processor':
      return target.tenant === undefined ? target.processor : `${target.processor}@${target.tenant}`;
  }
}
