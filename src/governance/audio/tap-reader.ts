/** Keeps an audio worker connected to a media worker's tap socket, and says what comes from it until it is stopped. */

import type { Cancel, Clock } from '../../base/clock.ts';
import { readTapSocket } from '../../link/tap-channel.ts';
import type { TapFrame } from '../../link/tap-frame.ts';
import { keepConnected } from '../../link/unix-socket.ts';

export interface TapHandlers {
  onFrame(frame: TapFrame): void;
  /** The socket is gone, and every tap on it; another may follow. */
  onDisconnected(): void;
}

/** Keeps a connection to the tap socket at `path`. Call the result to stop; nothing is said afterwards. */
export type ConnectTap = (path: string, handlers: TapHandlers) => Cancel;

export function tapConnector(clock: Clock): ConnectTap {
  return (path, handlers) => {
    let isStopped = false;
    const disconnect = keepConnected(path, clock, (socket) => {
      readTapSocket(socket, {
        onFrame: (frame) => {
          if (!isStopped) handlers.onFrame(frame);
        },
        onEnd: () => {
          if (!isStopped) handlers.onDisconnected();
        },
      });
    });
    return () => {
      isStopped = true;
      disconnect();
    };
  };
}
