/**
 * What the kill switch holds silent now, in memory: asked before anything else is, by everything that would let somebody
 * hear or read. It knows targets only; who pulled the switch, and why, is in the list of revocations.
 */

import type { CallId, ProcessorId, TenantId } from '../../base/ids.ts';
import type { RevocationTarget } from '../../model/api/revocations.ts';

/** One processor's hearing or reading of one call. */
export interface HearingSubject {
  readonly call: CallId;
  readonly tenant: TenantId;
  readonly processor: ProcessorId;
}

/** Remembers that its subject was silenced, even if only for a moment that is over. */
export interface Latch {
  wasSilenced(): boolean;
  /** Nobody asks any more. Every latch is to be released. */
  release(): void;
}

export class Silenced {
  readonly #targets = new Set<string>();
  readonly #latches = new Set<SubjectLatch>();
  #isEverything = false;
  #onCallOver: (call: CallId) => void = () => undefined;

  /** Whether this processor may neither hear nor read this call. */
  covers({ call, tenant, processor }: HearingSubject): boolean {
    if (this.#isEverything) return true;
    if (this.#targets.size === 0) return false;
    return (
      this.#targets.has(targetKey({ scope: 'call', call })) ||
      this.#targets.has(targetKey({ scope: 'tenant', tenant })) ||
      this.#targets.has(targetKey({ scope: 'processor', processor })) ||
      this.#targets.has(targetKey({ scope: 'processor', processor, tenant }))
    );
  }

  /** From the return of this call on the target is silent; every latch it concerns has closed. */
  add(target: RevocationTarget): void {
    this.#targets.add(targetKey(target));
    this.#closeLatches();
  }

  remove(target: RevocationTarget): void {
    this.#targets.delete(targetKey(target));
  }

  /** What is silenced cannot be known, so everything is. Nothing here takes that back. */
  addEverything(): void {
    this.#isEverything = true;
    this.#closeLatches();
  }

  /** For something that is under way: closes at once, or later, when the subject is silenced; `onSilenced` is told then. */
  latch(subject: HearingSubject, onSilenced: () => void = () => undefined): Latch {
    const latch = new SubjectLatch(subject, onSilenced, () => this.#latches.delete(latch));
    if (this.covers(subject)) latch.close();
    else this.#latches.add(latch);
    return latch;
  }

  /** The call is forgotten, and so is what was silenced about it alone. */
  forgetCall(call: CallId): void {
    if (this.#targets.delete(targetKey({ scope: 'call', call }))) this.#onCallOver(call);
  }

  /** Whoever keeps the list is told of calls that took their own silence with them. */
  whenForgotten(onCallOver: (call: CallId) => void): void {
    this.#onCallOver = onCallOver;
  }

  #closeLatches(): void {
    for (const latch of [...this.#latches]) if (this.covers(latch.subject)) latch.close();
  }
}

class SubjectLatch implements Latch {
  readonly subject: HearingSubject;
  readonly #onSilenced: () => void;
  readonly #onRelease: () => void;
  #isSilenced = false;

  constructor(subject: HearingSubject, onSilenced: () => void, onRelease: () => void) {
    this.subject = subject;
    this.#onSilenced = onSilenced;
    this.#onRelease = onRelease;
  }

  wasSilenced(): boolean {
    return this.#isSilenced;
  }

  close(): void {
    this.#onRelease();
    if (this.#isSilenced) return;
    this.#isSilenced = true;
    this.#onSilenced();
  }

  release(): void {
    this.#onRelease();
  }
}

/** What tells targets apart: a tenant and a processor may share a name, and no name holds a blank. */
export function targetKey(target: RevocationTarget): string {
  switch (target.scope) {
    case 'call':
      return `call ${target.call}`;
    case 'tenant':
      return `tenant ${target.tenant}`;
    case 'processor':
      return target.tenant === undefined
        ? `processor ${target.processor}`
        : `processor ${target.processor} ${target.tenant}`;
  }
}
