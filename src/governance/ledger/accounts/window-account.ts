/**
 * When card data was taken in a call, and how much of it was sent all the same. Of more windows than anybody reads the
 * first are told one by one, and all of them in sum.
 */

import type { Entry } from '../../../model/evidence.ts';

type Opening = Extract<Entry, { kind: 'pci.open' }>;
type Closing = Extract<Entry, { kind: 'pci.close' }>;

export interface WindowSpan {
  readonly opening: Opening;
  /** Undefined while it is open, or where its writer died. */
  readonly closing: Closing | undefined;
}

export interface WindowSum {
  readonly windows: number;
  readonly exposedMs: number;
  readonly exposedBytes: number;
  /** Of these nobody knows how many bytes were sent. */
  readonly unknown: number;
}

const MAX_TOLD = 100;

export class WindowAccount {
  readonly #openings = new Map<string, Opening>();
  readonly #closings = new Map<string, Closing>();
  #sum: WindowSum = { windows: 0, exposedMs: 0, exposedBytes: 0, unknown: 0 };

  get sum(): WindowSum {
    return this.#sum;
  }

  add(entry: Opening | Closing): void {
    if (entry.kind === 'pci.close') {
      if (this.#closings.size < MAX_TOLD) this.#closings.set(entry.window, entry);
      return;
    }
    const { exposed_ms: exposedMs, exposed_bytes: bytes } = entry;
    this.#sum = {
      windows: this.#sum.windows + 1,
      exposedMs: this.#sum.exposedMs + exposedMs,
      exposedBytes: this.#sum.exposedBytes + (bytes === 'unknown' ? 0 : bytes),
      unknown: this.#sum.unknown + (bytes === 'unknown' ? 1 : 0),
    };
    if (this.#openings.size < MAX_TOLD) this.#openings.set(entry.window, entry);
  }

  /** In the order they were added. */
  spans(): WindowSpan[] {
    return [...this.#openings].map(([window, opening]) => ({ opening, closing: this.#closings.get(window) }));
  }
}
