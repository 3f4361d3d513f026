/**
 * A control connection: JSON messages in frames over a Unix socket, checked against their schema on receipt.
 * A control message is never dropped: a peer too slow to take them is disconnected and resynchronised.
 */

import type { Socket } from 'node:net';
import type { z } from 'zod';
import { encodeFrame, FrameReader } from './frame.ts';
import { MAX_CONTROL_BYTES } from './messages.ts';

/** Unsent bytes at which the peer counts as dead: the largest message there is, and a burst behind it. */
const MAX_UNSENT_BYTES = MAX_CONTROL_BYTES + 8 * 1024 * 1024;

export type ControlEnd = 'closed' | 'overflow' | 'malformed' | 'error';

export interface ControlHandlers<In> {
  onMessage(message: In): void;
  /** Exactly once, after which nothing is sent or received. */
  onEnd(reason: ControlEnd): void;
}

export class ControlConnection<In, Out> {
  readonly #socket: Socket;
  readonly #schema: z.ZodType<In>;
  readonly #handlers: ControlHandlers<In>;
  readonly #reader: FrameReader;
  #ended = false;

  /** `maxBodyBytes` bounds what one received message may hold. */
  constructor(socket: Socket, schema: z.ZodType<In>, handlers: ControlHandlers<In>, maxBodyBytes = MAX_CONTROL_BYTES) {
    this.#reader = new FrameReader({ maxBodyBytes });
    this.#socket = socket;
    this.#schema = schema;
    this.#handlers = handlers;
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', () => this.#end('error'));
    socket.on('close', () => this.#end('closed'));
  }

  /** Queues one message; false when the connection is over or has just been ended for overflow. */
  send(message: Out): boolean {
    if (this.#ended) return false;
    this.#socket.write(encodeFrame(Buffer.from(JSON.stringify(message))));
    if (this.#socket.writableLength > MAX_UNSENT_BYTES) this.#end('overflow');
    return !this.#ended;
  }

  /** Bytes that were sent here and not yet taken by the peer. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** Sends what is queued, then closes. */
  close(): void {
    this.#socket.end();
  }

  #onData(chunk: Buffer): void {
    if (this.#ended) return;
    let bodies: Buffer[];
    try {
      bodies = this.#reader.push(chunk);
    } catch {
      this.#end('malformed');
      return;
    }
    for (const body of bodies) this.#deliver(body);
  }

  #deliver(body: Buffer): void {
    if (this.#ended) return;
    const message = this.#read(body);
    if (message === undefined) this.#end('malformed');
    else this.#handlers.onMessage(message);
  }

  #read(body: Buffer): In | undefined {
    try {
      const read = this.#schema.safeParse(JSON.parse(body.toString('utf8')));
      return read.success ? read.data : undefined;
    } catch {
      return undefined;
    }
  }

  #end(reason: ControlEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#socket.destroy();
    this.#handlers.onEnd(reason);
  }
}
