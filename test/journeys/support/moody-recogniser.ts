/** A recogniser on the vosk protocol that says nothing of use and goes wrong as it is told to. It counts every byte. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

/**
 * `well`: hears nothing, as it should say it. `mute`: takes everything and never replies. `junk`: replies nonsense.
 * `refuse`: turns connections away. `flood`: says `FLOOD` a hundred times for every message.
 */
export type Mood = 'well' | 'mute' | 'junk' | 'refuse' | 'flood';

export interface MoodyConnection {
  bytesReceived: number;
  isOpen: boolean;
}

export interface MoodyRecogniser {
  readonly url: string;
  readonly connections: readonly MoodyConnection[];
  readonly bytesReceived: number;
  /** Connections turned away. */
  readonly refusals: number;
  behave(mood: Mood): void;
  /** Breaks every connection and stops listening; `revive` listens again at the same port. */
  die(): Promise<void>;
  revive(): Promise<void>;
}

export const FLOOD = 'my card is 5555 5555 5555 4444';

export async function startMoodyRecogniser(): Promise<MoodyRecogniser> {
  const connections: MoodyConnection[] = [];
  let mood: Mood = 'well';
  let refusals = 0;
  let port = 0;
  let server = await listen();

  async function listen(): Promise<WebSocketServer> {
    const listening = new WebSocketServer({
      host: '127.0.0.1',
      port,
      perMessageDeflate: false,
      verifyClient: () => {
        if (mood === 'refuse') refusals += 1;
        return mood !== 'refuse';
      },
    });
    listening.on('connection', (socket) => connections.push(serve(socket, () => mood)));
    await once(listening, 'listening');
    port = (listening.address() as AddressInfo).port;
    return listening;
  }

  return {
    get url() {
      return `ws://127.0.0.1:${port}`;
    },
    connections,
    get bytesReceived() {
      return connections.reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);
    },
    get refusals() {
      return refusals;
    },
    behave: (next) => {
      mood = next;
    },
    async die() {
      for (const socket of server.clients) socket.terminate();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
    async revive() {
      server = await listen();
    },
  };
}

function serve(socket: WebSocket, moodNow: () => Mood): MoodyConnection {
  const connection: MoodyConnection = { bytesReceived: 0, isOpen: true };
  socket.on('error', () => undefined);
  socket.on('close', () => (connection.isOpen = false));
  socket.on('message', (message: Buffer, isBinary) => {
    if (isBinary) connection.bytesReceived += message.length;
    else if (!message.toString().includes('eof')) return;
    for (const reply of repliesOf(moodNow())) socket.send(reply, () => undefined);
  });
  return connection;
}

function repliesOf(mood: Mood): string[] {
  if (mood === 'mute') return [];
  if (mood === 'junk') return ['{"text": ["of', '\u0000'];
  if (mood === 'flood') return Array.from({ length: 100 }, () => JSON.stringify({ text: FLOOD }));
  return ['{"partial": ""}'];
}
