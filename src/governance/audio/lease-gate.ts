/**
 * The gate every byte of audio passes on its way to a processor: is this position, and are this many bytes, covered
 * by the recorded lease? It also keeps the account that closes the lease. It sends nothing itself.
 */

import { assert } from '../../base/assert.ts';
import type { LeaseUse, LeaseWindow } from '../../model/audio.ts';

export class LeaseGate {
  readonly #fromMs: number;
  #throughMs: number;
  #maxBytes: number;
  #bytes = 0;
  #capturedThroughMs: number;
  #isClosed = false;

  constructor(window: LeaseWindow) {
    this.#fromMs = window.fromMs;
    this.#throughMs = window.throughMs;
    this.#maxBytes = window.maxBytes;
    this.#capturedThroughMs = window.fromMs;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** What was sent so far. The position is rounded up to whole ms, which never passes the window's own end. */
  get use(): LeaseUse {
    return { capturedThroughMs: Math.ceil(this.#capturedThroughMs), bytes: this.#bytes };
  }

  /** Whether audio from this position was never part of the lease. */
  precedes(startMs: number): boolean {
    return startMs < this.#fromMs;
  }

  /** Whether audio captured over this span may be sent now, all of it. */
  covers(startMs: number, endMs: number, bytes: number): boolean {
    return (
      !this.#isClosed && startMs >= this.#fromMs && endMs <= this.#throughMs && this.#bytes + bytes <= this.#maxBytes
    );
  }

  /** Accounts for bytes a socket has taken. */
  record(endMs: number, bytes: number): void {
    assert(!this.#isClosed && endMs <= this.#throughMs, 'audio was sent past its lease');
    this.#bytes += bytes;
    assert(this.#bytes <= this.#maxBytes, 'more bytes were sent than leased');
    this.#capturedThroughMs = Math.max(this.#capturedThroughMs, endMs);
  }

  /** Takes a recorded renewal. `maxBytes` is cumulative, as in the lease. */
  extend(throughMs: number, maxBytes: number): void {
    this.#throughMs = throughMs;
    this.#maxBytes = maxBytes;
  }

  /** Covers nothing from here on. */
  close(): LeaseUse {
    this.#isClosed = true;
    return this.use;
  }
}
