/**
 * Puts packets back into the order they were sent. A packet that is next goes straight through; only behind a hole do
 * packets wait, a bounded time and a bounded number of them. It has no timer: arrivals and `flush` move it on.
 */

import type { TimedPacket } from './timeline.ts';

export interface JitterBufferOptions {
  /** How long a packet waits for one before it. */
  readonly depthMs: number;
  readonly maxPackets: number;
}

export const DEFAULT_JITTER: JitterBufferOptions = { depthMs: 80, maxPackets: 32 };

/** A sender this far behind what it sent has begun anew, if it says so twice in a row (RFC 3550 appendix A.1). */
const MAX_MISORDER = 100;

export class JitterBuffer<Packet extends TimedPacket> {
  /** Packets that came after their place was given up, or twice. */
  late = 0;

  readonly #depthUs: number;
  readonly #maxPackets: number;
  readonly #deliver: (packet: Packet) => void;
  /** Packets behind a hole, in order of their sequence. */
  readonly #held: Packet[] = [];
  #ssrc: number | undefined;
  #next = 0;
  #restartAt: number | undefined;
  #formerSsrc: number | undefined;
  #changedUs = 0;

  constructor(options: JitterBufferOptions, deliver: (packet: Packet) => void) {
    this.#depthUs = options.depthMs * 1000;
    this.#maxPackets = options.maxPackets;
    this.#deliver = deliver;
  }

  push(packet: Packet): void {
    if (packet.ssrc !== this.#ssrc && !this.#changeSource(packet)) return;
    if (packet.extendedSequence < this.#next && !this.#restart(packet)) return;
    if (packet.extendedSequence === this.#next) {
      this.#release(packet);
      this.#releaseRun();
    } else {
      this.#hold(packet);
    }
    this.flush(packet.arrivalUs);
  }

  /** Gives up the holes that packets have waited behind for long enough. */
  flush(nowUs: number): void {
    for (let first = this.#held[0]; first && nowUs - first.arrivalUs >= this.#depthUs; first = this.#held[0]) {
      this.#giveUpHole(first);
    }
  }

  /** Delivers all that is held, in order: no more will come. */
  drain(): void {
    for (let first = this.#held[0]; first; first = this.#held[0]) this.#giveUpHole(first);
  }

  /** False for a straggler of the source before this one. */
  #changeSource(packet: Packet): boolean {
    if (packet.ssrc === this.#formerSsrc && packet.arrivalUs - this.#changedUs < this.#depthUs) {
      this.late += 1;
      return false;
    }
    this.drain();
    this.#formerSsrc = this.#ssrc;
    this.#changedUs = packet.arrivalUs;
    this.#ssrc = packet.ssrc;
    this.#next = packet.extendedSequence;
    this.#restartAt = undefined;
    return true;
  }

  /** False for a packet that is merely late. */
  #restart(packet: Packet): boolean {
    if (packet.extendedSequence === this.#restartAt) {
      this.drain();
      this.#next = packet.extendedSequence;
      this.#restartAt = undefined;
      return true;
    }
    if (this.#next - packet.extendedSequence > MAX_MISORDER) this.#restartAt = packet.extendedSequence + 1;
    this.late += 1;
    return false;
  }

  #hold(packet: Packet): void {
    let at = this.#held.length;
    while (at > 0 && sequenceOf(this.#held[at - 1]) > packet.extendedSequence) at -= 1;
    if (at > 0 && sequenceOf(this.#held[at - 1]) === packet.extendedSequence) {
      this.late += 1;
      return;
    }
    this.#held.splice(at, 0, packet);
    const first = this.#held[0];
    if (first && this.#held.length > this.#maxPackets) this.#giveUpHole(first);
  }

  #giveUpHole(first: Packet): void {
    this.#next = first.extendedSequence;
    this.#releaseRun();
  }

  #releaseRun(): void {
    for (let first = this.#held[0]; first?.extendedSequence === this.#next; first = this.#held[0]) {
      this.#held.shift();
      this.#release(first);
    }
  }

  #release(packet: Packet): void {
    this.#next = packet.extendedSequence + 1;
    this.#restartAt = undefined;
    this.#deliver(packet);
  }
}

function sequenceOf(packet: TimedPacket | undefined): number {
  return packet?.extendedSequence ?? -1;
}
