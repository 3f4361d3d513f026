/**
 * What was said in a call's signaling, and what we changed of it, as one chain of SHA-256. It remembers nothing but the
 * newest link and some counts: whoever kept the messages can prove that these, and no others, passed in this order.
 *
 * ```
 *   link(n) = SHA-256( link(n-1) | what follows of message n ), link(0) being 32 zero bytes
 *
 *   | direction 1 byte | wall ms 8 bytes | length of message 4 bytes | length of edits 2 bytes | message | edits |
 *     0 came, 1 left                                                   names, sorted, with a comma between
 * ```
 */

import { hash } from 'node:crypto';

export interface SignalingNote {
  readonly direction: 'in' | 'out';
  readonly wallMs: number;
  readonly bytes: Uint8Array;
  /** Which lines of it differ from what came in, each once: header names, and types of SDP lines as `sdp:m`. */
  readonly edits?: readonly string[];
}

export interface SignalingSummary {
  readonly messages: number;
  /** Hexadecimal. */
  readonly digest: string;
  /** How many messages left with that line edited, by its name. */
  readonly edits: Readonly<Record<string, number>>;
}

/** Names we do edit are fewer; anything beyond would let a caller choose what we remember. */
const MAX_EDIT_NAMES = 32;
const OTHER = 'other';
const HEAD_BYTES = 15;
const LINK_BYTES = 32;
/** Where a message of usual size is put together; nothing in it is read again. */
const SCRATCH = Buffer.alloc(8192);

export class SignalingDigest {
  /** Hexadecimal: a buffer for each link would cost more than what is hashed. */
  #link: string;
  #messages: number;
  readonly #edits: Map<string, number>;

  /** From the beginning, or on from a summary. */
  constructor(from: SignalingSummary = { messages: 0, digest: '00'.repeat(LINK_BYTES), edits: {} }) {
    this.#link = from.digest;
    this.#messages = from.messages;
    this.#edits = new Map(Object.entries(from.edits));
  }

  /** Adds one message as it passed. */
  note({ direction, wallMs, bytes, edits = [] }: SignalingNote): void {
    const names = edits.length > 1 ? [...edits].sort().join(',') : (edits[0] ?? '');
    const size = LINK_BYTES + HEAD_BYTES + bytes.length + names.length;
    const linked = size <= SCRATCH.length ? SCRATCH.subarray(0, size) : Buffer.allocUnsafe(size);
    linked.write(this.#link, 'hex');
    linked.writeUInt8(direction === 'in' ? 0 : 1, LINK_BYTES);
    // Two halves: a 64-bit write would need a bigint for every message.
    linked.writeUInt32BE(Math.floor(wallMs / 2 ** 32), LINK_BYTES + 1);
    linked.writeUInt32BE(Math.floor(wallMs) % 2 ** 32, LINK_BYTES + 5);
    linked.writeUInt32BE(bytes.length, LINK_BYTES + 9);
    linked.writeUInt16BE(Math.min(names.length, 0xffff), LINK_BYTES + 13);
    linked.set(bytes, LINK_BYTES + HEAD_BYTES);
    linked.write(names, LINK_BYTES + HEAD_BYTES + bytes.length, 'latin1');
    this.#link = hash('sha256', linked, 'hex');
    this.#messages += 1;
    for (const name of edits) this.#count(name);
  }

  summary(): SignalingSummary {
    const edits = Object.fromEntries([...this.#edits].sort(([a], [b]) => (a < b ? -1 : 1)));
    return { messages: this.#messages, digest: this.#link, edits };
  }

  #count(name: string): void {
    const isRoom = this.#edits.has(name) || this.#edits.size < MAX_EDIT_NAMES - 1;
    const key = isRoom ? name : OTHER;
    this.#edits.set(key, (this.#edits.get(key) ?? 0) + 1);
  }
}
