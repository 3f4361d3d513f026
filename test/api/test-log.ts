/** A log that remembers its lines. */

import type { Fields, Log } from '../../src/base/log.ts';

export interface TestLog {
  readonly log: Log;
  readonly lines: { readonly level: string; readonly fields: Fields }[];
}

export function createTestLog(): TestLog {
  const lines: TestLog['lines'] = [];
  const at = (level: string) => (fields: Fields) => void lines.push({ level, fields });
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log };
  return { log, lines };
}
