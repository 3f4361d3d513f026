/**
 * Reads telephone events (RFC 4733 §2.3) and tells each press once, however often it is sent. It says nothing of digits
 * to anybody: what may be told of one is for its caller to know.
 */

/*
 *   0                   1                   2                   3
 *  |     event     |E|R| volume    |          duration             |
 */
export const TELEPHONE_EVENT_BYTES = 4;

/** Events of keys: 0 to 9, *, #, A to D (RFC 4733 §3.2, table 3). Others are tones and flashes. */
export const LAST_DTMF_EVENT = 15;

/** Timestamps this far behind are not late: at 8 kHz half a minute, and a source that begins anew may say anything. */
const MAX_LATE = 0x4_0000;

/** Event code of the payload's first event; -1 when it holds no whole one. */
export function telephoneEvent(payload: Uint8Array): number {
  return payload.length < TELEPHONE_EVENT_BYTES ? -1 : payload[0]!;
}

/** Whether the sender says that this report is the last of its event. */
export function isEventEnd(payload: Uint8Array): boolean {
  return (payload[1]! & 0x80) !== 0;
}

/** Power in dBm0 without its sign, 0 to 63. */
export function eventVolume(payload: Uint8Array): number {
  return payload[1]! & 0x3f;
}

/** How long the event has lasted, in timestamp units. */
export function eventDuration(payload: Uint8Array): number {
  return (payload[2]! << 8) | payload[3]!;
}

/**
 * What a packet was to its press: `whole` is one whose end was the first thing that came, `repeated` says nothing new.
 */
export type EventProgress = 'begun' | 'continued' | 'ended' | 'whole' | 'repeated' | 'malformed';

/** The presses of one SSRC. Each packet of a press says the timestamp of its beginning (RFC 4733 §2.2.1). */
export class TelephoneEvents {
  #event = -1;
  #timestamp = -1;
  #isEnded = true;
  /** A press too long for one report is continued under a new timestamp (RFC 4733 §2.5.1.3). */
  #segmentTimestamp = -1;
  #segmentDuration = 0;
  #earlierDuration = 0;

  /** Of the newest press; -1 before the first. */
  get event(): number {
    return this.#event;
  }

  /** When it began, as RTP timestamp. */
  get timestamp(): number {
    return this.#timestamp;
  }

  /** How long it lasts as far as is known, in timestamp units. */
  get duration(): number {
    return this.#earlierDuration + this.#segmentDuration;
  }

  /** A press is told `begun` once and `ended` at most once: all three packets of an end can be lost. */
  note(payload: Uint8Array, rtpTimestamp: number): EventProgress {
    const event = telephoneEvent(payload);
    if (event < 0) return 'malformed';
    if (this.#event >= 0) {
      const ahead = (rtpTimestamp - this.#segmentTimestamp) | 0;
      if (ahead < 0 && ahead > -MAX_LATE) return 'repeated';
      if (event === this.#event) {
        if (ahead === 0) return this.#goOn(payload);
        if (!this.#isEnded && ahead === this.#segmentDuration) return this.#segment(payload, rtpTimestamp);
      }
    }
    return this.#begin(event, payload, rtpTimestamp);
  }

  #begin(event: number, payload: Uint8Array, rtpTimestamp: number): EventProgress {
    this.#event = event;
    this.#timestamp = rtpTimestamp;
    this.#segmentTimestamp = rtpTimestamp;
    this.#segmentDuration = eventDuration(payload);
    this.#earlierDuration = 0;
    this.#isEnded = isEventEnd(payload);
    return this.#isEnded ? 'whole' : 'begun';
  }

  #goOn(payload: Uint8Array): EventProgress {
    const duration = eventDuration(payload);
    if (this.#isEnded || (duration <= this.#segmentDuration && !isEventEnd(payload))) return 'repeated';
    if (duration > this.#segmentDuration) this.#segmentDuration = duration;
    if (!isEventEnd(payload)) return 'continued';
    this.#isEnded = true;
    return 'ended';
  }

  #segment(payload: Uint8Array, rtpTimestamp: number): EventProgress {
    this.#earlierDuration += this.#segmentDuration;
    this.#segmentTimestamp = rtpTimestamp;
    this.#segmentDuration = 0;
    const progress = this.#goOn(payload);
    return progress === 'repeated' ? 'continued' : progress;
  }
}
