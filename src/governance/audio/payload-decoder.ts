/**
 * From RTP payload to samples, by the stream's payload map. What the map does not name is not guessed at: policy
 * decided on the codecs of that map. Events and comfort noise are never audio.
 */

import type { Encoding, PayloadFact } from '../../model/call.ts';
import { createDecoder, type CodecName, type Decoder } from '../../protocol/codec/codec.ts';

export type Decoded =
  | {
      readonly kind: 'audio';
      readonly pcm: Int16Array;
      readonly sampleRateHz: 8000 | 16000;
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
  /** One per codec, so that a change of payload type and back keeps its state. */
  readonly #decoders = new Map<CodecName, Decoder>();

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
    const codec = fact && codecOf(fact.encoding);
    if (codec) {
      const decoder = this.#decoderOf(codec);
      const { sampleRateHz } = decoder;
      return { kind: 'audio', pcm: decoder.decode(payload), sampleRateHz, clockRateHz: DEFAULT_CLOCK_RATE_HZ };
    }
    if (payloadType === COMFORT_NOISE) return { kind: 'no_audio' };
    return { kind: 'undecodable', clockRateHz: fact?.clockRateHz ?? DEFAULT_CLOCK_RATE_HZ };
  }

  #decoderOf(codec: CodecName): Decoder {
    const known = this.#decoders.get(codec);
    if (known) return known;
    const decoder = createDecoder(codec);
    this.#decoders.set(codec, decoder);
    return decoder;
  }
}

/** The codecs we have all run their RTP clock at 8000 Hz, G.722 by an old mistake (RFC 3551 §4.5.2). */
function codecOf(encoding: Encoding): CodecName | undefined {
  return encoding === 'PCMU' || encoding === 'PCMA' || encoding === 'G722' ? encoding : undefined;
}
