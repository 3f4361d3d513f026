/** One call as its entries tell it, added one by one in whatever order; it keeps sums, not entries. */

import type { Entry } from '../../../model/evidence.ts';
import { GapAccount } from './gap-account.ts';
import { HearingAccount } from './hearing-account.ts';
import { RefusalAccount } from './refusal-account.ts';
import { WindowAccount } from './window-account.ts';

type Of<Kind extends Entry['kind']> = Extract<Entry, { kind: Kind }>;

export class CallAccount {
  readonly hearing = new HearingAccount();
  readonly gaps = new GapAccount();
  readonly refusals = new RefusalAccount();
  readonly windows = new WindowAccount();
  #entries = 0;
  #firstMs: number | undefined;
  #opening: Of<'call.open'> | undefined;
  #closing: Of<'call.close'> | undefined;

  /** Everything added, of whatever kind, but reads of the call: they are about it and not part of it. */
  get entries(): number {
    return this.#entries;
  }

  /** Time of the earliest entry. */
  get firstMs(): number | undefined {
    return this.#firstMs;
  }

  /** The first one: a call taken up again after a restart is opened once more. */
  get opening(): Of<'call.open'> | undefined {
    return this.#opening;
  }

  get closing(): Of<'call.close'> | undefined {
    return this.#closing;
  }

  /** `undefined` stands for an entry of another version, of which only the number is known. */
  add(entry: Entry | undefined, isVoided: boolean): void {
    if (entry?.kind === 'read') return;
    this.#entries += 1;
    if (entry === undefined) return;
    this.#firstMs = Math.min(this.#firstMs ?? entry.at_ms, entry.at_ms);
    switch (entry.kind) {
      case 'call.open':
        if (this.#opening === undefined || entry.at_ms < this.#opening.at_ms) this.#opening = entry;
        return;
      case 'call.close':
        this.#closing ??= entry;
        return;
      case 'refusal':
        this.refusals.add(entry);
        return;
      case 'gap':
        this.gaps.add(entry);
        return;
      case 'pci.open':
      case 'pci.close':
        this.windows.add(entry);
        return;
      default:
        this.hearing.add(entry, isVoided);
    }
  }
}
