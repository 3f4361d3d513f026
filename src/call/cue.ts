/** How an understudy of the call plane learns that it is needed. When the supervisor is gone first, nobody needs it. */

import type { Readable } from 'node:stream';

/** Resolves with true on the first word, or with false when there will be none. */
export function cue(input: Readable): Promise<boolean> {
  return new Promise((resolve) => {
    input.once('data', () => {
      resolve(true);
      input.destroy();
    });
    input.once('close', () => resolve(false));
    input.once('error', () => resolve(false));
    input.once('end', () => resolve(false));
  });
}
