/** What a connection writes to, whatever carries it: a stream of bytes, or WebSocket messages. */

import type { StreamItem } from '../../../protocol/sip/stream-framer.ts';

export interface Channel {
  /** Given to it and not yet taken by the system. */
  readonly queuedBytes: number;
  write(bytes: Buffer): void;
  /** Whether the transport has a word for asking the peer if it lives. */
  readonly canAsk: boolean;
  ask(): void;
  /** Sends what is queued, then closes. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}

/** Who listens to a channel. */
export interface Ears {
  /** Bytes came, whatever they are. */
  readonly onHeard: () => void;
  /** False when no more is wanted. */
  readonly onItem: (item: StreamItem) => boolean;
  /** Whether a message has begun and not ended. */
  readonly onPartial: (isMidMessage: boolean) => void;
}
