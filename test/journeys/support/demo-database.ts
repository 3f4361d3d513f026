/** The embedded database of a running node, for tests that take it away and give it back. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLog } from '../../../src/base/log.ts';
import { startEmbeddedPostgres } from '../../../src/supervisor/embedded-postgres.ts';

/** Shuts the server down; the result starts it again on the same socket. */
export async function stopDatabase(stateDir: string): Promise<() => Promise<void>> {
  const running = await startEmbeddedPostgres({ stateDir, log: silentLog });
  await running.stop();
  return async () => {
    await startEmbeddedPostgres({ stateDir, log: silentLog });
  };
}

/** Stops the server and all it serves with in their tracks; the result lets them go on. */
export function freezeDatabase(stateDir: string): Promise<() => Promise<void>> {
  const frozen: number[] = [];
  // The postmaster first: what it forks before that is in the list, and nothing is forked after it.
  const postmaster = Number(readFileSync(join(stateDir, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
  process.kill(postmaster, 'SIGSTOP');
  frozen.push(postmaster);
  for (const pid of childrenOf(postmaster)) {
    process.kill(pid, 'SIGSTOP');
    frozen.push(pid);
  }
  const thaw = (): Promise<void> => {
    for (const pid of frozen.splice(0).reverse()) process.kill(pid, 'SIGCONT');
    return Promise.resolve();
  };
  return Promise.resolve(thaw);
}

/** The fourth field of `stat` is the parent; the second, a name in brackets, may hold blanks. */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
      } catch {
        return false;
      }
    })
    .map(Number);
}
