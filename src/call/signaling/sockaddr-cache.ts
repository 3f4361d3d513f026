/**
 * Addresses as text and as the kernel has them, each translated once and not for each message. Who sprays addresses
 * makes it forget and start again, and leaves nothing behind.
 */

import { SOCKADDR } from '../../native/datagram-socket.ts';

/** More peers than a trunk has, and less than a megabyte. */
const MAX_KNOWN = 4096;

const BYTES_PER_WORD = Int32Array.BYTES_PER_ELEMENT;

export interface SockaddrCacheOptions {
  readonly family: 4 | 6;
  /** A sockaddr of that literal; undefined when it is none of the family. */
  readonly readSockaddr: (text: string, family: 4 | 6) => ArrayBuffer | undefined;
}

export class SockaddrCache {
  readonly #options: SockaddrCacheOptions;
  readonly #texts = new Map<number | string, string>();
  readonly #targets = new Map<string, Int32Array>();

  constructor(options: SockaddrCacheOptions) {
    this.#options = options;
  }

  /** Whose sockaddr begins at that byte. What is not known yet is read by `readText`. */
  textOf(bytes: Buffer, at: number, readText: () => string): string {
    const key = this.#options.family === 4 ? bytes.readInt32LE(at + SOCKADDR.v4) : v6Key(bytes, at);
    const known = this.#texts.get(key);
    if (known !== undefined) return known;
    const text = readText();
    remember(this.#texts, key, text);
    return text;
  }

  /** The words of a sockaddr but for its port; undefined for what is no literal, which is not remembered. */
  targetOf(address: string): Int32Array | undefined {
    const known = this.#targets.get(address);
    if (known !== undefined) return known;
    const { readSockaddr, family } = this.#options;
    const sockaddr = readSockaddr(address, family);
    if (sockaddr === undefined) return undefined;
    const target = new Int32Array(sockaddr, 0, SOCKADDR.end / BYTES_PER_WORD);
    remember(this.#targets, address, target);
    return target;
  }

  /** Of the larger half. */
  get size(): number {
    return Math.max(this.#texts.size, this.#targets.size);
  }
}

/** The address and its zone. */
function v6Key(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at + SOCKADDR.v6, at + SOCKADDR.end);
}

function remember<Key, Value>(known: Map<Key, Value>, key: Key, value: Value): void {
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(key, value);
}
