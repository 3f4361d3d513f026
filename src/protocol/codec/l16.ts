/**
 * Linear 16-bit samples as RTP carries them: big-endian, one channel (RFC 3551 §4.5.11). Stateless, and at any rate: the
 * RTP clock says which.
 */

/** Samples in memory of their own. Half a sample at the end is left out. */
export function decodeL16(payload: Uint8Array): Int16Array {
  const pcm = new Int16Array(payload.length >> 1);
  for (let i = 0; i < pcm.length; i += 1) pcm[i] = (payload[2 * i]! << 8) | payload[2 * i + 1]!;
  return pcm;
}

export function encodeL16(pcm: Int16Array): Uint8Array {
  const payload = new Uint8Array(pcm.length * 2);
  for (let i = 0; i < pcm.length; i += 1) {
    payload[2 * i] = pcm[i]! >> 8;
    payload[2 * i + 1] = pcm[i]! & 0xff;
  }
  return payload;
}
