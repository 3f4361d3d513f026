/** A request body that knows whether it was taken: the HTTP client reads it only once it has a connection to write to. */

import { Readable } from 'node:stream';

export class CountedBody {
  readonly stream: Readable;
  #sentBytes = 0;

  constructor(bytes: Buffer, onTaken: () => void) {
    this.stream = new Readable({
      // Nothing is read ahead of the client's own reading.
      highWaterMark: 0,
      read: () => {
        if (this.#sentBytes === 0) {
          this.#sentBytes = bytes.length;
          onTaken();
          this.stream.push(bytes);
        }
        this.stream.push(null);
      },
    });
    // A request that ends early destroys its body; the request itself says why.
    this.stream.on('error', () => undefined);
  }

  /** Bytes handed to the socket so far. */
  get sentBytes(): number {
    return this.#sentBytes;
  }
}
