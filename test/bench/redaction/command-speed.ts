/** How many rows a second `earshot redact --jsonl` answers, its start included, as somebody would run it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtFile } from '../../../src/base/package-root.ts';
import type { Row } from './rows.ts';

const ROWS = 30_000;

export async function measureCommand(rows: readonly Row[], signal: AbortSignal): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-bench-'));
  try {
    const file = join(folder, 'rows.jsonl');
    const lines = Array.from({ length: ROWS }, (_, id) => JSON.stringify({ id, text: rows[id % rows.length]?.text }));
    writeFileSync(file, `${lines.join('\n')}\n`);
    const startedMs = performance.now();
    const answered = await countAnswers(file, signal);
    const tookMs = performance.now() - startedMs;
    if (answered !== ROWS) throw new Error(`the command answered ${answered} of ${ROWS} rows`);
    return (ROWS * 1000) / tookMs;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function countAnswers(file: string, signal: AbortSignal): Promise<number> {
  const child = spawn(process.execPath, [builtFile('cli/main'), 'redact', '--jsonl', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  });
  const closed = once(child, 'close');
  let answered = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) answered += 1;
  });
  await closed;
  return answered;
}
