/**
 * A recogniser counts the ms of audio it was given on one connection; the call counts the ms of its stream. This
 * remembers where the two part, so that a word can be put back where it was said. Bounded: it forgets the oldest.
 */

interface Anchor {
  readonly connectionMs: number;
  readonly streamMs: number;
}

const MAX_ANCHORS = 1024;
/** Smaller differences are rounding. */
const TOLERANCE_MS = 0.5;

export class ConnectionTime {
  readonly #anchors: Anchor[] = [];
  #sentMs = 0;
  #streamEndMs = 0;

  /** Ms of audio given to this connection. */
  get sentMs(): number {
    return this.#sentMs;
  }

  /** Notes that the next `durationMs` given to the connection began at `streamMs` of the stream. */
  noteSent(streamMs: number, durationMs: number): void {
    const last = this.#anchors.at(-1);
    const expectedMs = last && last.streamMs + (this.#sentMs - last.connectionMs);
    if (expectedMs === undefined || Math.abs(streamMs - expectedMs) > TOLERANCE_MS) {
      this.#anchors.push({ connectionMs: this.#sentMs, streamMs });
      if (this.#anchors.length > MAX_ANCHORS) this.#anchors.shift();
    }
    this.#sentMs += durationMs;
    this.#streamEndMs = streamMs + durationMs;
  }

  /** Where something that begins at `connectionMs` begins on the stream, in whole ms. */
  startOnStream(connectionMs: number): number {
    return this.#map(connectionMs, (anchorMs, at) => anchorMs <= at);
  }

  /** Where something that ends at `connectionMs` ends on the stream: before a hole that begins there, not after it. */
  endOnStream(connectionMs: number): number {
    return this.#map(connectionMs, (anchorMs, at) => anchorMs < at);
  }

  #map(connectionMs: number, isBefore: (anchorMs: number, at: number) => boolean): number {
    // A recogniser may say any number; only what it was given can have been heard.
    const at = Math.min(Math.max(connectionMs, 0), this.#sentMs);
    const anchor = this.#lastAnchor((anchorMs) => isBefore(anchorMs, at)) ?? this.#anchors[0];
    if (!anchor) return 0;
    const streamMs = anchor.streamMs + Math.max(0, at - anchor.connectionMs);
    return Math.round(Math.min(streamMs, this.#streamEndMs));
  }

  /** By halves: a reply may hold hundreds of words, and a stream with many holes a thousand anchors. */
  #lastAnchor(isBefore: (anchorMs: number) => boolean): Anchor | undefined {
    let [from, to] = [0, this.#anchors.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      const anchor = this.#anchors[middle];
      if (anchor !== undefined && isBefore(anchor.connectionMs)) from = middle + 1;
      else to = middle;
    }
    return this.#anchors[from - 1];
  }
}
