/** G.711 µ-law and A-law by table. Stateless: a byte is a sample, whatever came before it. */

/*
 * One byte, before the inversions the Recommendation asks for on the wire:
 *
 *    7   6   5   4   3   2   1   0
 *  +---+-----------+---------------+
 *  | S |  segment  |   interval    |
 *  +---+-----------+---------------+
 */
const MULAW_BIAS = 33;
const MULAW_MAX = 8158;
const ALAW_MAX = 4095;
/** A-law sends every second bit inverted (G.711 table 1a), µ-law all of them. */
const ALAW_MASK = 0x55;

const MULAW_TO_PCM = Int16Array.from({ length: 256 }, (_, code) => expandMulaw(code));
const ALAW_TO_PCM = Int16Array.from({ length: 256 }, (_, code) => expandAlaw(code));
/** Indexed by the upper 14 (µ-law) or 13 (A-law) bits of a sample, two's complement: all that the codes can tell apart. */
const PCM_TO_MULAW = Uint8Array.from({ length: 1 << 14 }, (_, bits) => compressMulaw((bits << 18) >> 18));
const PCM_TO_ALAW = Uint8Array.from({ length: 1 << 13 }, (_, bits) => compressAlaw((bits << 19) >> 19));

export function decodeMulaw(payload: Uint8Array): Int16Array {
  return expand(payload, MULAW_TO_PCM);
}

export function decodeAlaw(payload: Uint8Array): Int16Array {
  return expand(payload, ALAW_TO_PCM);
}

export function encodeMulaw(pcm: Int16Array): Uint8Array {
  const payload = new Uint8Array(pcm.length);
  for (let i = 0; i < pcm.length; i += 1) payload[i] = PCM_TO_MULAW[(pcm[i]! >> 2) & 0x3fff]!;
  return payload;
}

export function encodeAlaw(pcm: Int16Array): Uint8Array {
  const payload = new Uint8Array(pcm.length);
  for (let i = 0; i < pcm.length; i += 1) payload[i] = PCM_TO_ALAW[(pcm[i]! >> 3) & 0x1fff]!;
  return payload;
}

function expand(payload: Uint8Array, table: Int16Array): Int16Array {
  const pcm = new Int16Array(payload.length);
  for (let i = 0; i < payload.length; i += 1) pcm[i] = table[payload[i]!]!;
  return pcm;
}

/** G.711 table 2: 14-bit magnitudes, here scaled to 16 bits. */
function expandMulaw(code: number): number {
  const bits = ~code & 0xff;
  const segment = (bits >> 4) & 7;
  const magnitude = ((((bits & 15) << 1) + MULAW_BIAS) << segment) - MULAW_BIAS;
  return (bits & 0x80 ? -magnitude : magnitude) << 2;
}

/** G.711 table 1: 13-bit magnitudes, here scaled to 16 bits. A set sign bit means positive. */
function expandAlaw(code: number): number {
  const bits = code ^ ALAW_MASK;
  const segment = (bits >> 4) & 7;
  const interval = ((bits & 15) << 1) + 1;
  const magnitude = segment === 0 ? interval : (interval + 32) << (segment - 1);
  return (bits & 0x80 ? magnitude : -magnitude) << 3;
}

/** `sample` has 14 bits. Truncation makes negative values one step too low; the complement undoes it. */
function compressMulaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const biased = Math.min(sample < 0 ? ~sample : sample, MULAW_MAX) + MULAW_BIAS;
  const segment = highestBit(biased) - 5;
  return ~(sign | (segment << 4) | ((biased >> (segment + 1)) & 15)) & 0xff;
}

/** `sample` has 13 bits. */
function compressAlaw(sample: number): number {
  const sign = sample < 0 ? 0 : 0x80;
  const magnitude = Math.min(sample < 0 ? ~sample : sample, ALAW_MAX);
  const segment = Math.max(0, highestBit(magnitude) - 4);
  const interval = (magnitude >> Math.max(1, segment)) & 15;
  return (sign | (segment << 4) | interval) ^ ALAW_MASK;
}

function highestBit(value: number): number {
  return 31 - Math.clz32(value);
}
