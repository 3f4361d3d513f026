/**
 * From RTP payload to samples, by the stream's payload map. What the map does not name is not guessed at: policy
 * decided on the codecs of that map. Events and comfort noise are never audio.
 */

import { unreachable } from '../../base/assert.ts';
import type { PayloadFact } from '../../model/call.ts';
import {
  createDecoder,
  createL16Decoder,
  isSampleRate,
  type Decoder,
  type SampleRateHz,
} from '../../protocol/codec/codec.ts';

export type Decoded =
  | {
      readonly kind: 'audio';
      readonly pcm: Int16Array;
      readonly sampleRateHz: SampleRateHz;
      readonly clockRateHz: number;
    }
  | { readonly kind: 'undecodable'; readonly clockRateHz: number }
  /** Takes a sequence number and no place on the timeline. */
  | { readonly kind: 'no_audio' };

/** Comfort noise has this static payload type (RFC 3389) and is rarely in a map. */
const COMFORT_NOISE = 13;
const DEFAULT_CLOCK_RATE_HZ = 8000;

export class PayloadDecoder {
  #payloads: readonly PayloadFact[];
  /** One per codec and clock, so that a change of payload type and back keeps its state. */
  readonly #decoders = new Map<string, Decoder>();

  constructor(payloads: readonly PayloadFact[]) {
    this.#payloads = payloads;
  }

  /** Takes the map of a new SDP answer. */
  setPayloads(payloads: readonly PayloadFact[]): void {
    this.#payloads = payloads;
  }

  decode(payloadType: number, payload: Uint8Array): Decoded {
    const fact = this.#payloads.find((row) => row.payloadType === payloadType);
    if (fact?.encoding === 'telephone-event' || payload.length === 0) return { kind: 'no_audio' };
    const decoder = fact && this.#decoderOf(fact);
    if (decoder) {
      const pcm = decoder.decode(payload);
      if (pcm.length === 0) return { kind: 'no_audio' };
      return { kind: 'audio', pcm, sampleRateHz: decoder.sampleRateHz, clockRateHz: clockOf(fact) };
    }
    if (payloadType === COMFORT_NOISE) return { kind: 'no_audio' };
    return { kind: 'undecodable', clockRateHz: fact?.clockRateHz ?? DEFAULT_CLOCK_RATE_HZ };
  }

  #decoderOf(fact: PayloadFact): Decoder | undefined {
    const name = `${fact.encoding} ${clockOf(fact)}`;
    const decoder = this.#decoders.get(name) ?? makeDecoder(fact);
    if (decoder) this.#decoders.set(name, decoder);
    return decoder;
  }
}

function makeDecoder({ encoding, clockRateHz }: PayloadFact): Decoder | undefined {
  switch (encoding) {
    case 'PCMU':
    case 'PCMA':
    case 'G722':
      return createDecoder(encoding);
    case 'L16':
      return isSampleRate(clockRateHz) ? createL16Decoder(clockRateHz) : undefined;
    case 'telephone-event':
    case 'other':
      return undefined;
    default:
      return unreachable(encoding);
  }
}

/** Linear samples have the clock of their rate; all others one of 8000 Hz, G.722 by an old mistake (RFC 3551 §4.5.2). */
function clockOf({ encoding, clockRateHz }: PayloadFact): number {
  return encoding === 'L16' ? clockRateHz : DEFAULT_CLOCK_RATE_HZ;
}
