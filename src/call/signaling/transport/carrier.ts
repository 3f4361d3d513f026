/** How one stream transport makes channels of sockets, those of peers and those it opens. It keeps no connections. */

import type { Socket } from 'node:net';
import type { Channel, Ears } from './channel.ts';
import type { SpeaksFor } from './connection.ts';
import type { Peer, TransportEvent } from './sip-port.ts';

/** One connection on its way to being open. */
export interface Opening {
  readonly ears: Ears;
  /** The socket's handshakes are done. `speaksFor` is there when the peer's certificate was verified. */
  readonly onOpen: (channel: Channel, speaksFor?: SpeaksFor) => void;
  /** It will not open, or broke: an event where there is a word for it, and the system's code. */
  readonly onFailed: (event: TransportEvent | undefined, code: string) => void;
  readonly onClosed: () => void;
}

export interface Carrier {
  /** Takes over a socket that was let in. That it closes is seen by who let it in. */
  accept(raw: Socket, opening: Opening): void;
  /** Returns how to give up. */
  dial(to: Peer, opening: Opening): () => void;
  close(): void;
}
