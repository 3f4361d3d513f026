/** Processors that do their worst within their protocols: a recogniser that says all it is allowed to, a chat model without end. */

import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { VOSK_LIMITS } from '../../../src/processors/vosk.ts';

export interface Flood {
  readonly url: string;
  /** Replies sent, or requests taken. */
  readonly count: number;
  stop(): Promise<void>;
}

const BYTES_PER_MS = 32;
/** What detectors have most work with, and what must turn up nowhere. */
export const FLOOD_WORD = 'a.b@flood.example';

/**
 * Answers every message with a final result as large as the audio in it is worth; every fourth connection answers with
 * far more than that, at once.
 */
export async function startFloodingRecogniser(): Promise<Flood> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  let connections = 0;
  let count = 0;
  server.on('connection', (socket) => {
    connections += 1;
    const isBeyond = connections % 4 === 0;
    socket.on('error', () => undefined);
    socket.on('message', (message: Buffer, isBinary) => {
      if (!isBinary && !message.toString().includes('eof')) return;
      count += 1;
      const worth = ((message.length / BYTES_PER_MS) * VOSK_LIMITS.replyBytesPerSecond) / 1000;
      socket.send(finalOf(isBeyond ? VOSK_LIMITS.maxReplyBytes : worth), () => undefined);
    });
  });
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get count() {
      return count;
    },
    async stop() {
      for (const socket of server.clients) socket.terminate();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Streams events that say nothing for as long as they are read; every other answer stops there and holds its connection. */
export async function startEndlessChat(): Promise<Flood> {
  let count = 0;
  const server = createServer((request, response) => {
    count += 1;
    request.resume();
    response.on('error', () => undefined);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (count % 2 === 0) response.flushHeaders();
    else pour(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    get count() {
      return count;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const NOTHING = 'data:{"choices":[]}\n\n'.repeat(1000);

function pour(response: ServerResponse): void {
  while (!response.destroyed) {
    if (response.write(NOTHING)) continue;
    response.once('drain', () => pour(response));
    return;
  }
}

/** Made once for each size: what the flood costs is to be the other side's. */
const finals = new Map<number, string>();

function finalOf(bytes: number): string {
  const known = finals.get(bytes) ?? writeFinal(bytes);
  finals.set(bytes, known);
  return known;
}

function writeFinal(bytes: number): string {
  const room = Math.max(0, Math.floor(bytes) - JSON.stringify({ text: '' }).length);
  return JSON.stringify({ text: `${FLOOD_WORD} `.repeat(Math.ceil(room / (FLOOD_WORD.length + 1))).slice(0, room) });
}
