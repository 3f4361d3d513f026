/** `npm run bench -- NAME [--json]`: runs one benchmark of this folder. The last line it prints is one JSON object. */

import { readdirSync } from 'node:fs';
import type { Bench, BenchResult } from './support/bench.ts';
import { tableOf } from './support/table.ts';

/** No benchmark takes longer unless it says so; one that does ends after the round it is in. */
const LIMIT_MS = 60_000;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const isJson = args.includes('--json');
  const [name, ...more] = args.filter((arg) => arg !== '--json');
  if (name === undefined) {
    process.stdout.write(await describeAll());
    return 0;
  }
  if (more.length > 0 || !benchNames().includes(name)) {
    process.stderr.write(`bench: there is no "${[name, ...more].join(' ')}"; there are:\n${await describeAll()}`);
    return 2;
  }
  const bench = await load(name);
  const result = await runUntilStopped(bench, isJson ? () => undefined : (text) => void process.stdout.write(text));
  if (typeof result === 'string') {
    process.stderr.write(`bench: ${name}: ${result}\n`);
    return 1;
  }
  if (!isJson) process.stdout.write(tableOf(result, bench.said));
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return 0;
}

function benchNames(): string[] {
  return readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
    .map((file) => file.replace(/\.ts$/, ''))
    .sort();
}

async function load(name: string): Promise<Bench> {
  return ((await import(`./${name}.ts`)) as { readonly bench: Bench }).bench;
}

async function describeAll(): Promise<string> {
  const lines: string[] = [];
  for (const name of benchNames()) lines.push(`${name.padEnd(10)} ${(await load(name)).says}\n`);
  return lines.join('');
}

/** The result, or why there is none: interrupted or over its time, a benchmark still puts away what it started. */
async function runUntilStopped(bench: Bench, say: (text: string) => void): Promise<BenchResult | string> {
  const ending = new AbortController();
  const interrupt = (): void => ending.abort('interrupted');
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const limitMs = bench.limitMs ?? LIMIT_MS;
  setTimeout(() => ending.abort(`not done within ${limitMs / 1000} s`), limitMs).unref();
  try {
    return await bench.run(ending.signal, say);
  } catch (thrown) {
    if (thrown === ending.signal.reason) return String(thrown);
    throw thrown;
  }
}
