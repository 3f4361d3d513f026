/**
 * Where a packet lies on its stream's timeline (ms from the stream's first packet), and what lies before it. Takes
 * packets in order; it never moves back, and never lets a sender's timestamps run far ahead of the packets' arrival.
 */

/** What was between the packet before and this one. `restart`: the sender began anew, so only arrival can tell. */
export type Before = 'nothing' | 'silence' | 'lost' | 'tap_overflow' | 'undecodable' | 'restart';

export interface Placement {
  readonly before: Before;
  /** Where what was before began; equals `startMs` when nothing was. */
  readonly beforeMs: number;
  readonly startMs: number;
  readonly endMs: number;
}

export interface TimedPacket {
  readonly arrivalUs: number;
  readonly ssrc: number;
  readonly extendedSequence: number;
  readonly rtpTimestamp: number;
}

/** How a packet counts: its RTP clock, its length (0 when we cannot tell) and whether we can hear it. */
export interface PacketSpan {
  readonly clockRateHz: number;
  readonly durationUs: number;
  readonly isAudible: boolean;
}

/** A burst after a stall stays below this; timestamps further ahead of their arrival are not believed. */
const MAX_LEAD_US = 5_000_000;

interface Last {
  readonly ssrc: number;
  readonly clockRateHz: number;
  readonly rtpTimestamp: number;
  readonly startUs: number;
  readonly durationUs: number;
  readonly isAudible: boolean;
}

export class Timeline {
  readonly #originUs: number;
  #positionUs: number;
  #last: Last | undefined;
  #sequence = 0;
  /** Packets that did not come since the last one placed, and how many of them the tap said it dropped. */
  #missing = 0;
  #droppedByTap = 0;

  /** `originUs`: arrival of the stream's first packet. Nothing is placed before `floorMs`. */
  constructor(originUs: number, floorMs = 0) {
    this.#originUs = originUs;
    this.#positionUs = floorMs * 1000;
  }

  /** End of what was placed so far. */
  get positionMs(): number {
    return this.#positionUs / 1000;
  }

  /** A moment of CLOCK_MONOTONIC on this timeline. */
  msAt(monoUs: number): number {
    return Math.max(0, monoUs - this.#originUs) / 1000;
  }

  /** The tap dropped packets that the reader will never see: a hole of that size is its doing. */
  noteDropped(count: number): void {
    this.#droppedByTap += count;
  }

  /** Whether packets the tap dropped left no hole yet, because none came after them. */
  get hasUnplacedDrop(): boolean {
    return this.#droppedByTap > 0;
  }

  /** Takes a packet that carries no audio (telephone-event, comfort noise): it uses a sequence number, not time. */
  skip(packet: TimedPacket): void {
    if (this.#last?.ssrc !== packet.ssrc || packet.extendedSequence <= this.#sequence) return;
    this.#missing += packet.extendedSequence - this.#sequence - 1;
    this.#sequence = packet.extendedSequence;
  }

  /** Places the next packet; undefined when it claims to come from too far in the future and is not to be heard. */
  place(packet: TimedPacket, span: PacketSpan): Placement | undefined {
    const arrivalUs = Math.max(0, packet.arrivalUs - this.#originUs);
    const last = this.#last;
    if (!last) return this.#put(packet, span, 'nothing', Math.max(this.#positionUs, arrivalUs));
    const byArrivalUs = Math.max(this.#positionUs, arrivalUs);
    const furthestUs = arrivalUs + MAX_LEAD_US;
    if (!this.#continues(last, packet, span)) {
      const cause = this.#droppedByTap > 0 ? 'tap_overflow' : 'restart';
      return byArrivalUs > furthestUs ? undefined : this.#put(packet, span, cause, byArrivalUs);
    }

    this.skip(packet);
    const advanceUs = ticksToUs((packet.rtpTimestamp - last.rtpTimestamp) | 0, span.clockRateHz);
    const byTimestampUs = Math.max(this.#positionUs, last.startUs + advanceUs);
    const whatWasBefore = this.#whatWasBefore(last);
    if (advanceUs >= 0 && byTimestampUs <= furthestUs) return this.#put(packet, span, whatWasBefore, byTimestampUs);
    // Timestamps that jump are not believed; audio that comes too fast is dropped until time has caught up.
    if (byArrivalUs <= furthestUs) {
      return this.#put(packet, span, this.#missing > 0 ? whatWasBefore : 'restart', byArrivalUs);
    }
    this.#missing += 1;
    return undefined;
  }

  #continues(last: Last, packet: TimedPacket, span: PacketSpan): boolean {
    return (
      packet.ssrc === last.ssrc && span.clockRateHz === last.clockRateHz && packet.extendedSequence > this.#sequence
    );
  }

  #whatWasBefore(last: Last): Before {
    if (this.#missing > 0) return this.#droppedByTap > 0 ? 'tap_overflow' : 'lost';
    return last.isAudible ? 'silence' : 'undecodable';
  }

  #put(packet: TimedPacket, span: PacketSpan, cause: Before, startUs: number): Placement {
    const beforeUs = this.#last === undefined ? startUs : this.#positionUs;
    // A hole without time in it is still a hole; silence without time is nothing.
    const isWorthAMark = startUs > beforeUs || this.#missing > 0 || cause === 'restart';
    const isSameSource = this.#last?.ssrc === packet.ssrc;
    this.#droppedByTap = isSameSource ? Math.max(0, this.#droppedByTap - this.#missing) : 0;
    this.#missing = 0;
    this.#sequence = packet.extendedSequence;
    this.#positionUs = startUs + span.durationUs;
    this.#last = {
      ssrc: packet.ssrc,
      clockRateHz: span.clockRateHz,
      rtpTimestamp: packet.rtpTimestamp,
      startUs,
      durationUs: span.durationUs,
      isAudible: span.isAudible,
    };
    return {
      before: isWorthAMark ? cause : 'nothing',
      beforeMs: beforeUs / 1000,
      startMs: startUs / 1000,
      endMs: this.#positionUs / 1000,
    };
  }
}

function ticksToUs(ticks: number, clockRateHz: number): number {
  return Math.round((ticks * 1_000_000) / clockRateHz);
}
