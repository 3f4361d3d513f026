/** Unix sockets between our own processes: served with mode 0600, and connected to again and again until they answer. */

import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import type { Clock } from '../base/clock.ts';
import { CodedError } from '../base/error.ts';

/** sun_path holds 108 bytes including the final NUL. */
const MAX_PATH_BYTES = 107;

export class UnixSocketError extends CodedError<'PATH_TOO_LONG' | 'LISTEN_FAILED'> {}

/** Listens at `path`, replacing a stale socket file. Only the user we run as may connect. */
export function serveUnixSocket(path: string, onSocket: (socket: Socket) => void): Promise<Server> {
  return listenPrivately(createServer(onSocket), path);
}

/** The same for a server that exists already, such as one that speaks HTTP. */
export async function listenPrivately<Listening extends Server>(server: Listening, path: string): Promise<Listening> {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new UnixSocketError('PATH_TOO_LONG', `socket path is longer than ${MAX_PATH_BYTES} bytes: ${path}`);
  }
  rmSync(path, { force: true });
  // A worker thread may not set the mask: there the folder must be one that only we may enter.
  const earlierMask = isMainThread ? process.umask(0o177) : undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
  } catch (cause) {
    throw new UnixSocketError('LISTEN_FAILED', `cannot listen at ${path}`, { cause });
  } finally {
    if (earlierMask !== undefined) process.umask(earlierMask);
  }
  chmodSync(path, 0o600);
  return server;
}

const RETRY_MS = 250;

/** Keeps one connection to `path`: hands out each new socket, and tries again after it closes. Call the result to stop. */
export function keepConnected(path: string, clock: Clock, onSocket: (socket: Socket) => void): () => void {
  let current: Socket | undefined;
  let isStopped = false;
  const attempt = (): void => {
    if (isStopped) return;
    const socket = connect(path);
    current = socket;
    socket.once('connect', () => onSocket(socket));
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      if (!isStopped) clock.after(RETRY_MS, attempt);
    });
  };
  attempt();
  return () => {
    isStopped = true;
    current?.destroy();
  };
}
