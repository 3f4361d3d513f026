/**
 * Runs one reader over changed inputs for a set time. Every input that was ever kept, or ever broke a promise, is tried
 * first; what breaks one now is written to the same folder, so that it is tried again until the promise holds.
 *
 * `EARSHOT_FUZZ_SECONDS` is the time for each reader, `EARSHOT_FUZZ_SEED` repeats a run.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { mutate, SeededRandom } from './mutations.ts';

const DEFAULT_SECONDS = 15;
/** Longer than any honest reading takes, also on a machine that does much else: a reader that is not linear. */
const MAX_INPUT_MS = 2000;
/** The test runner wants to be heard now and then. */
const TURN_MS = 100;
const MAX_POOL = 2000;

export const fuzzSeconds = Number(process.env['EARSHOT_FUZZ_SECONDS'] ?? DEFAULT_SECONDS);
/** For the test that fuzzes. */
export const fuzzTimeoutMs = (fuzzSeconds + 60) * 1000;

export interface FuzzTarget {
  /** Folder of its kept inputs, in `corpus/`. */
  readonly name: string;
  /** Inputs beside the kept ones, such as the vectors of an RFC. */
  readonly seeds?: readonly Buffer[];
  readonly words?: readonly string[];
  readonly maxBytes: number;
  /** Puts right what the first look at an input would refuse nearly all of them for; used on every other one. */
  readonly repair?: (input: Buffer) => Buffer;
  /**
   * Throws where a promise is broken. Otherwise it says in a word what came of the input; inputs that lead to a word not
   * heard before are changed further.
   */
  readonly check: (input: Buffer) => string;
}

export interface FuzzReport {
  readonly inputs: number;
  readonly outcomes: ReadonlyMap<string, number>;
}

export async function fuzz(target: FuzzTarget): Promise<FuzzReport> {
  const seed = Number(process.env['EARSHOT_FUZZ_SEED'] ?? Date.now() % 2 ** 31);
  const random = new SeededRandom(seed);
  const outcomes = new Map<string, number>();
  const pool = [...readCorpus(target.name), ...(target.seeds ?? [])];
  const words = (target.words ?? []).map((word) => Buffer.from(word, 'latin1'));
  const material = { pool, words, maxBytes: target.maxBytes };
  let inputs = 0;
  const run = (input: Buffer): void => {
    inputs += 1;
    const outcome = checkOne(target, input, seed);
    const times = outcomes.get(outcome) ?? 0;
    outcomes.set(outcome, times + 1);
    if (times === 0 && pool.length < MAX_POOL) pool.push(input);
  };

  const next = (): Buffer => {
    const input = mutate(random.pick(pool), random, material);
    return target.repair && random.below(2) === 0 ? target.repair(input) : input;
  };

  for (const input of [...pool]) run(input);
  const endMs = performance.now() + fuzzSeconds * 1000;
  while (performance.now() < endMs) {
    const turnEndMs = Math.min(endMs, performance.now() + TURN_MS);
    while (performance.now() < turnEndMs) run(next());
    await setImmediate();
  }
  report(target.name, seed, inputs, outcomes);
  return { inputs, outcomes };
}

function checkOne(target: FuzzTarget, input: Buffer, seed: number): string {
  const beganMs = performance.now();
  const kept = Buffer.from(input);
  try {
    const outcome = target.check(input);
    const tookMs = performance.now() - beganMs;
    if (tookMs > MAX_INPUT_MS) throw new Error(`took ${Math.round(tookMs)} ms`);
    return outcome;
  } catch (cause) {
    const file = keepFailing(target.name, kept);
    throw new Error(`${target.name}, seed ${seed}, kept as ${file}: ${kept.toString('hex')}`, { cause });
  }
}

function readCorpus(name: string): Buffer[] {
  const folder = join(import.meta.dirname, 'corpus', name);
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder)
    .sort()
    .map((file) => readFileSync(join(folder, file)));
}

function keepFailing(name: string, input: Buffer): string {
  const digest = createHash('sha256').update(input).digest('hex').slice(0, 12);
  const file = join('corpus', name, `broken-${digest}.bin`);
  writeFileSync(join(import.meta.dirname, file), input);
  return file;
}

function report(name: string, seed: number, inputs: number, outcomes: ReadonlyMap<string, number>): void {
  const most = [...outcomes].sort((a, b) => b[1] - a[1]).map(([outcome, times]) => `${outcome} ${times}`);
  process.stdout.write(`fuzz ${name}: seed ${seed}, ${fuzzSeconds} s, ${inputs} inputs; ${most.join(', ')}\n`);
}
