/**
 * What whoever runs this node may tell it, on a Unix socket that only he can open: to drain, and to take calls again.
 * It works with governance and the database down, because it is about calls alone.
 */

import { createServer, type Server } from 'node:http';
import { listenPrivately } from '../link/unix-socket.ts';

export interface NodeCommands {
  /** Refuses new calls, or takes them again. */
  drain(on: boolean): void;
}

const COMMANDS: Readonly<Record<string, (commands: NodeCommands) => void>> = {
  '/drain': (commands) => commands.drain(true),
  '/undrain': (commands) => commands.drain(false),
};

/** Serves the commands at `path`, mode 0600. */
export async function serveNodeCommands(path: string, commands: NodeCommands): Promise<Server> {
  const server = createServer(
    { maxHeaderSize: 8192, requestTimeout: 5000, headersTimeout: 5000 },
    (request, response) => {
      const command = Object.hasOwn(COMMANDS, request.url ?? '') ? COMMANDS[request.url ?? ''] : undefined;
      request.resume();
      if (request.method !== 'POST' || command === undefined) {
        response.writeHead(404).end();
        return;
      }
      command(commands);
      response.writeHead(204).end();
    },
  );
  server.maxConnections = 16;
  server.on('error', () => undefined);
  return listenPrivately(server, path);
}
