/**
 * Ends one thread of another process from outside, which no signal can: by its inspector, which listens from SIGUSR1 on
 * (with `--inspect-port=0` in NODE_OPTIONS at a port of its own, that it says on stderr).
 */

import { setTimeout as pause } from 'node:timers/promises';
import WebSocket from 'ws';

interface Told {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly sessionId?: string; readonly workerInfo?: { readonly title?: string } };
}

const LIMIT_MS = 10_000;

/** Where the inspector said it listens; the newest of what a process wrote. */
export function inspectorOf(said: string): string | undefined {
  return [...said.matchAll(/^Debugger listening on (ws:\S+)$/gm)].at(-1)?.[1];
}

/** Ends the first worker thread that the inspector names; resolves once it was told so. */
export async function endThread(inspector: string): Promise<void> {
  const socket = new WebSocket(inspector, { perMessageDeflate: false });
  const attached = new Promise<string>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => socket.send(ask(1, 'NodeWorker.enable', { waitForDebuggerOnStart: false })));
    socket.on('message', (bytes: Buffer) => {
      const told = JSON.parse(bytes.toString()) as Told;
      if (told.method === 'NodeWorker.attachedToWorker') resolve(told.params?.sessionId ?? '');
    });
  });
  const sessionId = await Promise.race([attached, pause(LIMIT_MS).then(() => undefined)]);
  if (sessionId === undefined) throw new Error('the inspector names no thread');
  const message = ask(1, 'Runtime.evaluate', { expression: 'process.exit(1)' });
  socket.send(ask(2, 'NodeWorker.sendMessageToWorker', { sessionId, message }));
  await pause(50);
  socket.terminate();
}

function ask(id: number, method: string, params: object): string {
  return JSON.stringify({ id, method, params });
}
