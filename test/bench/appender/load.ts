/** Two ways to load something that appends: as fast as it answers, and at a pace that is given. */

import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../support/statistics.ts';

/** Appends one entry for the n-th of those who append at once, and resolves when it is durable. */
export type Append = (appender: number) => Promise<unknown>;

export interface Load {
  readonly entries: number;
  readonly entriesPerS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const TICK_MS = 5;

/** `appenders` append for `durationMs`, each its next entry as soon as the last is durable. */
export async function saturate(
  append: Append,
  { appenders, durationMs }: { readonly appenders: number; readonly durationMs: number },
): Promise<Load> {
  const tookMs: number[] = [];
  const startedMs = performance.now();
  const insist = async (appender: number): Promise<void> => {
    while (performance.now() - startedMs < durationMs) tookMs.push(await timed(append, appender));
  };
  await Promise.all(Array.from({ length: appenders }, (_, appender) => insist(appender)));
  return loadOf(tookMs, performance.now() - startedMs);
}

/** `entriesPerS` are appended whether or not those before are durable, by each of `appenders` in turn. */
export async function pace(
  append: Append,
  options: { readonly appenders: number; readonly entriesPerS: number; readonly durationMs: number },
): Promise<Load> {
  const { appenders, entriesPerS, durationMs } = options;
  const entries = (entriesPerS * durationMs) / 1000;
  const waiting: Promise<number>[] = [];
  const startedMs = performance.now();
  while (waiting.length < entries) {
    const due = Math.min(entries, ((performance.now() - startedMs) * entriesPerS) / 1000);
    while (waiting.length < due) waiting.push(timed(append, waiting.length % appenders));
    await sleep(TICK_MS);
  }
  return loadOf(await Promise.all(waiting), performance.now() - startedMs);
}

async function timed(append: Append, appender: number): Promise<number> {
  const startedMs = performance.now();
  await append(appender);
  return performance.now() - startedMs;
}

function loadOf(tookMs: readonly number[], elapsedMs: number): Load {
  return {
    entries: tookMs.length,
    entriesPerS: (tookMs.length * 1000) / elapsedMs,
    p50Ms: percentile(tookMs, 0.5),
    p99Ms: percentile(tookMs, 0.99),
  };
}
