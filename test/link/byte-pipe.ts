/** A socket end in memory whose other end reads only when a test lets it: back-pressure on demand. */

import { Duplex } from 'node:stream';

export class BytePipe extends Duplex {
  readonly #written: Buffer[] = [];
  #waiting: (() => void) | undefined;
  #isStalled = false;

  constructor(highWaterMark = 1024) {
    super({ writableHighWaterMark: highWaterMark });
  }

  /** Stops taking bytes after the next write. */
  stall(): void {
    this.#isStalled = true;
  }

  /** Takes everything again. */
  resumeReading(): void {
    this.#isStalled = false;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }

  /** What was taken since the last call. */
  taken(): Buffer {
    return Buffer.concat(this.#written.splice(0));
  }

  override _read(): void {
    // Nothing to read but what a test pushes.
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#written.push(...chunks.map(({ chunk }) => chunk));
    if (this.#isStalled) this.#waiting = done;
    else done();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this._writev([{ chunk }], done);
  }
}

/** Lets streams deliver what is due: they speak on later turns, never on a timer. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => void setImmediate(resolve));
}
