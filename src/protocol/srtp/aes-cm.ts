/**
 * AES in counter mode as SRTP uses it (RFC 3711 §4.1.1, RFC 6188 §2): with 16 bytes of key or 32. Encrypting is
 * decrypting; nothing here authenticates.
 */

import { createCipheriv, type Cipher } from 'node:crypto';
import { assert } from '../../base/assert.ts';
import { wipe } from '../../base/bytes.ts';

const BLOCK_BYTES = 16;
const SALT_BYTES = 14;
/** Keystream is made this many blocks at a time: a usual packet is one round. */
const ROUND_BLOCKS = 16;
/** The low 16 bits of the counter block count blocks of one packet. */
const MAX_BLOCKS = 0x1_0000;

/**
 * The keystream of one session key and salt. One AES-ECB context encrypts our own counter blocks: a context per packet,
 * as node's CTR mode would need for its new IV, costs more than the encryption.
 */
export class AesCm {
  readonly #cipher: Cipher;
  readonly #salt: Buffer;
  readonly #counters = Buffer.alloc(ROUND_BLOCKS * BLOCK_BYTES);

  constructor(key: Uint8Array, salt: Uint8Array) {
    assert(salt.length === SALT_BYTES, 'a session salt has 14 bytes');
    this.#cipher = createCipheriv(key.length === 32 ? 'aes-256-ecb' : 'aes-128-ecb', key, null).setAutoPadding(false);
    this.#salt = Buffer.from(salt);
  }

  /** XORs keystream into `bytes[from, to)` for the packet of that SSRC and 48-bit index. */
  apply(bytes: Buffer, from: number, to: number, ssrc: number, index: number): void {
    assert(to - from <= MAX_BLOCKS * BLOCK_BYTES, 'a packet is longer than its keystream');
    let blocksDone = 0;
    for (let at = from; at < to;) {
      const roundBytes = Math.min(to - at, ROUND_BLOCKS * BLOCK_BYTES);
      const blocks = Math.ceil(roundBytes / BLOCK_BYTES);
      this.#fillCounters(blocks, ssrc, index, blocksDone);
      const keystream = this.#cipher.update(this.#counters.subarray(0, blocks * BLOCK_BYTES));
      for (let i = 0; i < roundBytes; i++) bytes[at + i]! ^= keystream[i]!;
      at += roundBytes;
      blocksDone += blocks;
    }
  }

  wipe(): void {
    wipe(this.#salt, this.#counters);
  }

  /** IV = (salt × 2^16) XOR (SSRC × 2^64) XOR (index × 2^16); the block number is added in the low 16 bits. */
  #fillCounters(blocks: number, ssrc: number, index: number, firstBlock: number): void {
    const counters = this.#counters;
    counters.set(this.#salt, 0);
    counters.writeUInt32BE((counters.readUInt32BE(4) ^ ssrc) >>> 0, 4);
    counters.writeUInt16BE(counters.readUInt16BE(8) ^ Math.floor(index / 0x1_0000_0000), 8);
    counters.writeUInt32BE((counters.readUInt32BE(10) ^ index) >>> 0, 10);
    counters.writeUInt16BE(firstBlock, 14);
    // Byte by byte: for fourteen of them a call into the runtime costs more than the copy.
    for (let block = 1; block < blocks; block++) {
      const at = block * BLOCK_BYTES;
      for (let i = 0; i < SALT_BYTES; i++) counters[at + i] = counters[i]!;
      counters[at + 14] = (firstBlock + block) >>> 8;
      counters[at + 15] = (firstBlock + block) & 0xff;
    }
  }
}
