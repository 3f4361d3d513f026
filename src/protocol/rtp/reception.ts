/**
 * What one source's packets tell of their way here: how many were sent, came, and how evenly (RFC 3550 §6.4.1, A.1, A.3,
 * A.8). Hot path: plain numbers, nothing allocated per packet. It judges no packet; who relays needs no probation.
 */

/** Ahead of this many a source has not lost packets but begun anew; behind this many it was not late but did. */
const MAX_DROPOUT = 3000;
const MAX_MISORDER = 100;
const SEQUENCES = 65_536;
const NOT_AWAITED = -1;

export interface ReceptionSnapshot {
  /** All of a source's life, through every new beginning. Late and doubled packets are received too. */
  readonly received: number;
  readonly expected: number;
  /** Expected but not received; negative where more came than were sent. */
  readonly lost: number;
  /** Interarrival jitter in units of the RTP clock, as a report says it. */
  readonly jitter: number;
  /** Cycles and highest sequence number since the newest beginning, as a report says them; -1 before the first packet. */
  readonly highestExtended: number;
}

export class Reception {
  #highest = -1;
  #cycles = 0;
  #base = 0;
  #received = 0;
  /** The number after a packet that jumped: if it comes next, the source has really begun anew. */
  #awaited = NOT_AWAITED;
  #earlierReceived = 0;
  #earlierExpected = 0;
  #intervalReceived = 0;
  #intervalExpected = 0;

  #jitter = 0;
  #clockRateHz = 0;
  /** Whether there is a packet that the next one's time can be compared with. */
  #isTimed = false;
  #lastTimestamp = 0;
  #lastArrivalUs = 0;

  /**
   * Takes one packet. `clockRateHz` is 0 where the timestamp is not the time of sending, as in telephone events
   * (RFC 4733 §2.2.1): it is counted, and says nothing of jitter.
   */
  note(sequence: number, rtpTimestamp: number, arrivalUs: number, clockRateHz: number): void {
    if (!this.#count(sequence) || clockRateHz === 0) return;
    if (this.#isTimed && clockRateHz === this.#clockRateHz) {
      // A.8: how much longer or shorter this packet was under way than the one before. The difference of timestamps as
      // a signed 32-bit number goes on through their wrap.
      const sentApart = (rtpTimestamp - this.#lastTimestamp) | 0;
      const cameApart = ((arrivalUs - this.#lastArrivalUs) * clockRateHz) / 1_000_000;
      this.#jitter += (Math.abs(cameApart - sentApart) - this.#jitter) / 16;
    } else {
      // Another clock begins a new difference; what was known keeps its length in time (RFC 7160 §4.1).
      if (this.#clockRateHz !== 0) this.#jitter *= clockRateHz / this.#clockRateHz;
      this.#clockRateHz = clockRateHz;
      this.#isTimed = true;
    }
    this.#lastTimestamp = rtpTimestamp;
    this.#lastArrivalUs = arrivalUs;
  }

  snapshot(): ReceptionSnapshot {
    const expected = this.#expected();
    const received = this.#earlierReceived + this.#received;
    const highestExtended = this.#highest < 0 ? -1 : this.#cycles + this.#highest;
    return { received, expected, lost: expected - received, jitter: Math.floor(this.#jitter), highestExtended };
  }

  /** Of what was expected since this was last asked, the part that did not come, in 256ths (A.3). */
  takeFractionLost(): number {
    const received = this.#earlierReceived + this.#received;
    const expectedNow = this.#expected() - this.#intervalExpected;
    const lostNow = expectedNow - (received - this.#intervalReceived);
    this.#intervalExpected += expectedNow;
    this.#intervalReceived = received;
    return expectedNow <= 0 || lostNow <= 0 ? 0 : Math.min(255, Math.floor((lostNow * 256) / expectedNow));
  }

  /** A.1 without probation. False for a packet that jumped: nobody knows yet what it belongs to. */
  #count(sequence: number): boolean {
    if (this.#highest < 0) this.#begin(sequence);
    const step = (sequence - this.#highest) & 0xffff;
    if (step < MAX_DROPOUT) {
      if (sequence < this.#highest) this.#cycles += SEQUENCES;
      this.#highest = sequence;
    } else if (step <= SEQUENCES - MAX_MISORDER) {
      if (sequence !== this.#awaited) {
        this.#awaited = (sequence + 1) & 0xffff;
        return false;
      }
      this.#begin(sequence);
    }
    this.#received += 1;
    return true;
  }

  /** What was counted before stays counted; the time before and after a gap of unknown length is no jitter. */
  #begin(sequence: number): void {
    this.#earlierExpected = this.#expected();
    this.#earlierReceived += this.#received;
    this.#received = 0;
    this.#cycles = 0;
    this.#base = sequence;
    this.#highest = sequence;
    this.#awaited = NOT_AWAITED;
    this.#isTimed = false;
  }

  #expected(): number {
    return this.#highest < 0 ? 0 : this.#earlierExpected + this.#cycles + this.#highest - this.#base + 1;
  }
}
