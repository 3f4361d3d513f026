/** Length-prefixed frames on a stream socket, for control (JSON) and taps (binary) alike. Pure: no socket here. */

import { CodedError } from '../base/error.ts';

/*
 *   0                   1                   2                   3
 *  +---------------------------------------------------------------+
 *  |            length of the body in bytes (big-endian)           |
 *  +---------------------------------------------------------------+
 *  |                             body …                            |
 */
const HEADER_BYTES = 4;

export class FrameError extends CodedError<'FRAME_TOO_LARGE'> {}

/** Puts the length before `body`. */
export function encodeFrame(body: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  frame.writeUInt32BE(body.length, 0);
  frame.set(body, HEADER_BYTES);
  return frame;
}

/** Cuts a byte stream back into bodies. A length above the limit throws: the peer is broken or hostile. */
export class FrameReader {
  readonly #maxBodyBytes: number;
  #chunks: Buffer[] = [];
  #buffered = 0;

  constructor(options: { readonly maxBodyBytes: number }) {
    this.#maxBodyBytes = options.maxBodyBytes;
  }

  /** Takes what arrived and returns every complete body, in order. Bodies may share memory with `chunk`. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    const bodies: Buffer[] = [];
    for (let need = this.#needed(); need !== undefined && this.#buffered >= need; need = this.#needed()) {
      bodies.push(this.#take(need).subarray(HEADER_BYTES));
    }
    return bodies;
  }

  /** Bytes of the frame at the front including its header, or undefined while the header is incomplete. */
  #needed(): number | undefined {
    if (this.#buffered < HEADER_BYTES) return undefined;
    const first = this.#chunks[0];
    const head = first && first.length >= HEADER_BYTES ? first : this.#join();
    const bodyBytes = head.readUInt32BE(0);
    if (bodyBytes > this.#maxBodyBytes) throw new FrameError('FRAME_TOO_LARGE', 'a frame is larger than its limit');
    return HEADER_BYTES + bodyBytes;
  }

  #take(sizeBytes: number): Buffer {
    const joined = this.#join();
    const taken = joined.subarray(0, sizeBytes);
    const rest = joined.subarray(sizeBytes);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#buffered = rest.length;
    return taken;
  }

  #join(): Buffer {
    const [only, ...others] = this.#chunks;
    const joined = only !== undefined && others.length === 0 ? only : Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }
}
