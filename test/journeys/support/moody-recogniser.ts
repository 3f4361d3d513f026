/** A recogniser on the vosk protocol that says nothing of use and goes wrong as it is told to. It counts every byte. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { systemClock } from '../../../src/base/clock.ts';

/**
 * `well`: hears nothing, as it should say it. `mute`: takes everything and never replies. `junk`: replies nonsense.
 * `refuse`: turns connections away. `flood`: says `FLOOD` a hundred times for every message. `hang`: takes a connection
 * and reads nothing from it; what the socket took meanwhile is read once the mood is another.
 */
export type Mood = 'well' | 'mute' | 'junk' | 'refuse' | 'flood' | 'hang';

export interface MoodyConnection {
  bytesReceived: number;
  isOpen: boolean;
}

/** One message of audio. */
export interface Delivery {
  readonly atMs: number;
  readonly bytes: number;
  readonly connection: number;
}

export interface MoodyRecogniser {
  readonly url: string;
  readonly connections: readonly MoodyConnection[];
  /** All audio so far, in the order it came. */
  readonly deliveries: readonly Delivery[];
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
  const deliveries: Delivery[] = [];
  const hanging = new Set<WebSocket>();
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
    listening.on('connection', (socket) => {
      const connection = connections.length;
      const onAudio = (bytes: number): void => {
        deliveries.push({ atMs: systemClock.wallMs(), bytes, connection });
      };
      connections.push(serve(socket, { moodNow: () => mood, onAudio }));
      if (mood !== 'hang') return;
      socket.pause();
      hanging.add(socket);
    });
    await once(listening, 'listening');
    port = (listening.address() as AddressInfo).port;
    return listening;
  }

  return {
    get url() {
      return `ws://127.0.0.1:${port}`;
    },
    connections,
    deliveries,
    get bytesReceived() {
      return connections.reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);
    },
    get refusals() {
      return refusals;
    },
    behave: (next) => {
      mood = next;
      if (mood === 'hang') return;
      for (const socket of hanging) socket.resume();
      hanging.clear();
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

function serve(
  socket: WebSocket,
  { moodNow, onAudio }: { readonly moodNow: () => Mood; readonly onAudio: (bytes: number) => void },
): MoodyConnection {
  const connection: MoodyConnection = { bytesReceived: 0, isOpen: true };
  socket.on('error', () => undefined);
  socket.on('close', () => (connection.isOpen = false));
  socket.on('message', (message: Buffer, isBinary) => {
    if (isBinary) {
      connection.bytesReceived += message.length;
      onAudio(message.length);
    } else if (!message.toString().includes('eof')) return;
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
