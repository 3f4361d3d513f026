/** What a leg's payload types mean, looked up per packet without a search. It knows what SDP said and nothing of packets. */

import type { PayloadFact } from '../../../model/call.ts';

const PAYLOAD_TYPES = 128;
/** Static payload type of comfort noise (RFC 3389), unless SDP gives 13 to something else. */
const COMFORT_NOISE = 13;
/** Of a payload type nobody spoke of: what nearly all of telephony has. */
const USUAL_CLOCK_RATE_HZ = 8000;

const AUDIO = 0;
const DTMF = 1;
const NOTHING = 2;

export class PayloadTable {
  readonly #meanings = new Uint8Array(PAYLOAD_TYPES);
  readonly #clockRatesHz = new Uint32Array(PAYLOAD_TYPES);

  constructor(payloads: readonly PayloadFact[]) {
    this.#meanings[COMFORT_NOISE] = NOTHING;
    this.#clockRatesHz.fill(USUAL_CLOCK_RATE_HZ);
    // The first fact of a payload type is the one that counts.
    for (const { payloadType, encoding, clockRateHz } of payloads.toReversed()) {
      if (payloadType < 0 || payloadType >= PAYLOAD_TYPES) continue;
      this.#meanings[payloadType] = encoding === 'telephone-event' ? DTMF : AUDIO;
      this.#clockRatesHz[payloadType] = clockRateHz > 0 ? clockRateHz : USUAL_CLOCK_RATE_HZ;
    }
  }

  /** Audio is everything but telephone events, which carry digits, and comfort noise, which carries nothing. */
  isAudio(payloadType: number): boolean {
    return this.#meanings[payloadType] === AUDIO;
  }

  isDtmf(payloadType: number): boolean {
    return this.#meanings[payloadType] === DTMF;
  }

  clockRateHz(payloadType: number): number {
    return this.#clockRatesHz[payloadType] ?? USUAL_CLOCK_RATE_HZ;
  }
}
