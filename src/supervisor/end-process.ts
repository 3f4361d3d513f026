/** Ends a process in two steps: asked first, then ended. Knows nothing of what it was. */

import { isSameProcess, signalProcess, type ProcessIdentity } from './process-identity.ts';

const POLL_MS = 50;

/** Resolves when it is gone, or when even SIGKILL did not help within another `graceMs`. */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<void> {
  signalProcess(identity, 'SIGTERM');
  if (await isGoneWithin(identity, graceMs)) return;
  signalProcess(identity, 'SIGKILL');
  await isGoneWithin(identity, graceMs);
}

async function isGoneWithin(identity: ProcessIdentity, limitMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < limitMs; waitedMs += POLL_MS) {
    if (!isSameProcess(identity)) return true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return !isSameProcess(identity);
}
