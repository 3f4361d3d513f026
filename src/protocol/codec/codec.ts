/**
 * The audio codecs we speak, behind two small interfaces. One decoder or encoder per stream: G.722 has memory.
 * It knows nothing of RTP: which payload type means which codec is decided elsewhere.
 */

import { unreachable } from '../../base/assert.ts';
import { decodeAlaw, decodeMulaw, encodeAlaw, encodeMulaw } from './g711.ts';
import { G722Decoder } from './g722-decoder.ts';
import { G722Encoder } from './g722-encoder.ts';
import { decodeL16, encodeL16 } from './l16.ts';

/** Codecs of one sample rate each. */
export type CodecName = 'PCMU' | 'PCMA' | 'G722';

/** Rates that samples come in; linear ones have that of their RTP clock. */
export type SampleRateHz = 8000 | 16000 | 44100;

export interface Decoder {
  readonly sampleRateHz: SampleRateHz;
  /** Decodes one payload into signed 16-bit samples in memory of their own. Any bytes are valid input. */
  decode(payload: Uint8Array): Int16Array;
}

export interface Encoder {
  readonly sampleRateHz: SampleRateHz;
  /** Encodes samples into one payload. G.722 takes pairs: an odd last sample waits for the next call. */
  encode(pcm: Int16Array): Uint8Array;
}

export function createDecoder(name: CodecName): Decoder {
  switch (name) {
    case 'PCMU':
      return { sampleRateHz: 8000, decode: decodeMulaw };
    case 'PCMA':
      return { sampleRateHz: 8000, decode: decodeAlaw };
    case 'G722':
      return new G722Decoder();
    default:
      return unreachable(name);
  }
}

export function createEncoder(name: CodecName): Encoder {
  switch (name) {
    case 'PCMU':
      return { sampleRateHz: 8000, encode: encodeMulaw };
    case 'PCMA':
      return { sampleRateHz: 8000, encode: encodeAlaw };
    case 'G722':
      return new G722Encoder();
    default:
      return unreachable(name);
  }
}

export function createL16Decoder(sampleRateHz: SampleRateHz): Decoder {
  return { sampleRateHz, decode: decodeL16 };
}

export function createL16Encoder(sampleRateHz: SampleRateHz): Encoder {
  return { sampleRateHz, encode: encodeL16 };
}

export function isSampleRate(hz: number): hz is SampleRateHz {
  return hz === 8000 || hz === 16_000 || hz === 44_100;
}
