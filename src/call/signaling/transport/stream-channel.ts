/**
 * A TCP or TLS socket as a channel: bytes out as they are, bytes in cut into messages. So many at a turn, and then
 * others have theirs: a peer that sends without pause must not hold up everybody's calls.
 */

import type { Socket } from 'node:net';
import { StreamFramer } from '../../../protocol/sip/stream-framer.ts';
import type { Channel, Ears } from './channel.ts';

export class StreamChannel implements Channel {
  /** TCP asks by itself: keep-alive is set on every socket. */
  readonly canAsk = false;
  readonly #socket: Socket;
  readonly #ears: Ears;
  readonly #messagesPerTurn: number;
  readonly #framer = new StreamFramer();
  #isEnding = false;

  constructor(socket: Socket, options: { readonly ears: Ears; readonly messagesPerTurn: number }) {
    this.#socket = socket;
    this.#ears = options.ears;
    this.#messagesPerTurn = options.messagesPerTurn;
    socket.on('data', (chunk: Buffer) => {
      this.#ears.onHeard();
      this.#framer.push(chunk);
      this.#drain();
    });
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  ask(): void {
    return;
  }

  end(): void {
    this.#isEnding = true;
    this.#socket.pause();
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #drain(): void {
    const { onItem, onPartial } = this.#ears;
    for (let taken = 0; taken < this.#messagesPerTurn; taken += 1) {
      const item = this.#framer.next();
      if (!item) {
        onPartial(this.#framer.isMidMessage);
        if (this.#socket.isPaused()) this.#socket.resume();
        return;
      }
      if (!onItem(item)) return;
    }
    this.#socket.pause();
    setImmediate(() => {
      if (!this.#socket.destroyed && !this.#isEnding) this.#drain();
    });
  }
}
