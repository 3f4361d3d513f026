/** How well one leg's packets reach us, over all its sources (RFC 3550 §6.4.1). Numbers for people; no packet is judged. */

import { rtpPayloadType, rtpSequence, rtpSsrc, rtpTimestamp } from '../../../protocol/rtp/header.ts';
import { Reception } from '../../../protocol/rtp/reception.ts';
import type { PayloadTable } from './payload-table.ts';

/** A peer uses one or two sources at a time; a plain leg can be sent anything, so old ones make room. */
const MAX_SOURCES = 16;

export class LegReception {
  readonly #bySsrc = new Map<number, Reception>();
  #latestSsrc = -1;
  #latest: Reception | undefined;
  #clockRateHz = 8000;
  /** Of sources that made room. */
  #forgottenLost = 0;

  /** Takes one accepted packet. */
  note(packet: Buffer, payloads: PayloadTable, arrivalUs: number): void {
    const ssrc = rtpSsrc(packet);
    if (ssrc !== this.#latestSsrc || !this.#latest) this.#latest = this.#receptionOf(ssrc);
    this.#latestSsrc = ssrc;
    const payloadType = rtpPayloadType(packet);
    const clockRateHz = payloads.isDtmf(payloadType) ? 0 : payloads.clockRateHz(payloadType);
    if (clockRateHz > 0) this.#clockRateHz = clockRateHz;
    this.#latest.note(rtpSequence(packet), rtpTimestamp(packet), arrivalUs, clockRateHz);
  }

  /** Packets that were sent and did not come, as far as sequence numbers tell. */
  get lost(): number {
    let lost = this.#forgottenLost;
    for (const reception of this.#bySsrc.values()) lost += lostOf(reception);
    return lost;
  }

  /** Interarrival jitter of the newest source. */
  get jitterMs(): number {
    return ((this.#latest?.snapshot().jitter ?? 0) * 1000) / this.#clockRateHz;
  }

  #receptionOf(ssrc: number): Reception {
    const known = this.#bySsrc.get(ssrc);
    if (known) return known;
    const reception = new Reception();
    this.#bySsrc.set(ssrc, reception);
    for (const [oldest, forgotten] of this.#bySsrc) {
      if (this.#bySsrc.size <= MAX_SOURCES) break;
      this.#forgottenLost += lostOf(forgotten);
      this.#bySsrc.delete(oldest);
    }
    return reception;
  }
}

/** RFC 3550 counts doubled packets against lost ones; nobody has less than none. */
function lostOf(reception: Reception): number {
  return Math.max(0, reception.snapshot().lost);
}
