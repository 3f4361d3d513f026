/** What is done to the AI side of a node while calls go on, and undone afterwards. */

import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { stopDatabase } from '../../journeys/support/demo-database.ts';
import type { BenchNode } from './node.ts';

export interface Condition {
  readonly name: string;
  /** How much AI hears each call, as times of what is usual. */
  readonly load: 1 | 2 | 10;
  readonly runMs: number;
  /** Begins it; the result ends it. */
  begin(node: BenchNode): Promise<() => Promise<void>>;
}

const RUN_MS = 4000;
const nothing = (): Promise<() => Promise<void>> => Promise.resolve(() => Promise.resolve());

export const CONDITIONS: readonly Condition[] = [
  { name: 'ai_load_x2', load: 2, runMs: RUN_MS, begin: nothing },
  { name: 'ai_load_x10', load: 10, runMs: RUN_MS, begin: nothing },
  {
    name: 'processors_frozen',
    load: 1,
    runMs: RUN_MS,
    begin: (node) => frozen(node.recogniserPid),
  },
  {
    name: 'governance_killed',
    load: 1,
    runMs: RUN_MS,
    begin: async (node) => {
      const { pid } = (await node.status()).planes.governance;
      const kill = setTimeout(() => process.kill(pid, 'SIGKILL'), RUN_MS / 8);
      return () => {
        clearTimeout(kill);
        return Promise.resolve();
      };
    },
  },
  {
    name: 'governance_frozen_10s',
    load: 1,
    runMs: 10_000,
    begin: async (node) => frozen((await node.status()).planes.governance.pid),
  },
  { name: 'postgres_stopped', load: 1, runMs: RUN_MS, begin: (node) => stopDatabase(node.stateDir) },
  { name: 'tap_stalled', load: 1, runMs: RUN_MS, begin: (node) => Promise.resolve(stalledTap(node.stateDir)) },
];

function frozen(pid: number): Promise<() => Promise<void>> {
  process.kill(pid, 'SIGSTOP');
  return Promise.resolve(() => {
    process.kill(pid, 'SIGCONT');
    return Promise.resolve();
  });
}

/** Takes the reader's place at the tap socket and never reads; whoever takes it back loses it again. */
function stalledTap(stateDir: string): () => Promise<void> {
  let isOver = false;
  let socket: Socket | undefined;
  const take = (): void => {
    if (isOver) return;
    socket = connect(join(stateDir, 'run', 'tap', 'media-0.sock'));
    socket.pause();
    socket.on('error', () => undefined);
    socket.on('close', () => setTimeout(take, 20));
  };
  take();
  return () => {
    isOver = true;
    socket?.destroy();
    return Promise.resolve();
  };
}
