/**
 * A speech recogniser behind the vosk WebSocket protocol, on loopback only. It counts what it was given, so that a test
 * can hold the count against the ledger; it keeps no audio.
 */

import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { RecogniserKind, SpeechEngine } from './engine.ts';
import { serveConnection, type RecogniserConnection } from './connection.ts';

export interface RecogniserOptions {
  readonly engine: SpeechEngine;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with each final text as it is heard, and the number of its connection. */
  readonly onText?: ((text: string, connection: number) => void) | undefined;
}

export interface Recogniser {
  readonly kind: RecogniserKind;
  /** `ws://127.0.0.1:PORT`. */
  readonly url: string;
  /** Audio payload received so far, over all connections. */
  readonly bytesReceived: number;
  /** Every connection so far, in the order they came. */
  readonly connections: readonly RecogniserConnection[];
  /** Resolves when every utterance that has ended so far was heard. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

const MAX_MESSAGE_BYTES = 256 * 1024;
const MAX_OPEN = 256;
const MAX_REMEMBERED = 10_000;

/** Listens on a free loopback port; the engine is the recogniser's from now on and stops with it. */
export async function startRecogniser(options: RecogniserOptions): Promise<Recogniser> {
  const { engine, log } = options;
  const connections: RecogniserConnection[] = [];
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  server.on('connection', (socket: WebSocket) => {
    socket.on('error', () => log.warn({}, 'a connection to the recogniser broke'));
    if (server.clients.size > MAX_OPEN || connections.length >= MAX_REMEMBERED) socket.close(1013);
    else connections.push(serveConnection(socket, connections.length, options));
  });
  await once(server, 'listening');
  server.on('error', () => log.warn({}, 'the recogniser could not take a connection'));

  return {
    kind: engine.kind,
    url: `ws://127.0.0.1:${portOf(server)}`,
    connections,
    get bytesReceived() {
      return connections.reduce((sum, connection) => sum + connection.bytesReceived, 0);
    },
    settled: () => engine.settled(),
    async stop() {
      for (const socket of server.clients) socket.terminate();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await engine.stop();
    },
  };
}

function portOf(server: WebSocketServer): number {
  const address = server.address() as AddressInfo;
  return address.port;
}
