/** A packet sealed by a bare transform, into a buffer of its own. What it writes beyond the packet's end is a failure. */

import type { SrtpTransform } from '../../../src/protocol/srtp/transform.ts';

const BEYOND_BYTES = 16;
const UNTOUCHED = 0x55;

export function sealRtp(transform: SrtpTransform, packet: Buffer, headerBytes: number, roc: number): Buffer {
  const sizeBytes = packet.length + transform.rtpOverheadBytes;
  const bytes = Buffer.alloc(sizeBytes + BEYOND_BYTES, UNTOUCHED);
  bytes.set(packet);
  transform.sealRtp(bytes, packet.length, headerBytes, roc);
  const beyond = bytes.subarray(sizeBytes);
  if (!beyond.every((byte) => byte === UNTOUCHED)) throw new Error('sealing wrote beyond its packet');
  return bytes.subarray(0, sizeBytes);
}
