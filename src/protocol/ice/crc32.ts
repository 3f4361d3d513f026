/** CRC-32 as STUN's FINGERPRINT takes it (RFC 8489 §14.7, ITU V.42). A checksum: it proves nothing about a sender. */

const TABLE = makeTable();

/** CRC-32 of the first `endBytes` bytes, as an unsigned number. */
export function crc32(bytes: Uint8Array, endBytes = bytes.length): number {
  let crc = 0xffffffff;
  for (let at = 0; at < endBytes; at++) crc = (TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** One entry per byte, of the reflected polynomial 0x04C11DB7. */
function makeTable(): Uint32Array {
  const table = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0xedb88320;
    table[byte] = crc;
  }
  return table;
}
