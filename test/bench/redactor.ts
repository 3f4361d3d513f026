/**
 * Redaction of one recogniser result, against replacing whatever one expression takes for a card number. The baseline
 * finds nothing that is spoken: it says what the least anybody could do costs, not what does the same.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/base/package-root.ts';
import { makeCalls, SECRET_TYPES, speechOf, type MadeCall, type Turn } from './redactor/speech.ts';
import type { Bench, Figures } from './support/bench.ts';
import { importBuilt } from './support/built.ts';
import { mean, median, percentile, rounded } from './support/statistics.ts';
import { inTurns } from './support/turns.ts';

const ROUNDS = 9;
const CALLS = 200;
const CARD = /\b\d(?:[ -]?\d){12,18}\b/g;
/** Sentences of one call, where the sentences come from a file. */
const SENTENCES_PER_CALL = 15;
const PLAN = { actions: { PHONE: 'pseudonym', EMAIL: 'pseudonym' }, defaultAction: 'mask' } as const;

/** Where development data may lie, beside the repository. It is read in place and no part of it is kept. */
const SPOKEN_FILE = join(packageRoot, '..', 'shared', 'data', 'redaction', 'spoken.dev.jsonl');

export const bench: Bench = {
  says: 'one recogniser result through the redactor, against String.replace with one card expression',
  async run(signal) {
    const redact = await createRedaction();
    const made = makeCalls(CALLS);
    checkHidden(made, redact);
    const calls = made.map(({ turns }) => turns);
    const { ours, plain } = await inTurns(
      { rounds: ROUNDS, signal },
      { ours: () => redact(calls).samplesUs, plain: () => [replaceAll(calls)] },
    );
    const [us, baselineUs] = [median(ours.map(mean)), median(plain.map(mean))];
    return {
      bench: 'redactor',
      ...percentilesOf('us_per_event', ours),
      us_per_event: rounded(us),
      baseline: 'String.replace with one card expression',
      baseline_us_per_event: rounded(baselineUs),
      ratio: rounded(us / baselineUs),
      events: ROUNDS * countEvents(calls),
      ...(existsSync(SPOKEN_FILE) ? await measureFile(redact, signal) : {}),
    };
  },
};

type Call = readonly Turn[];

/** What redacting calls gave: microseconds of each result, the settling of its turn included, and what was let go. */
interface Redacted {
  readonly samplesUs: number[];
  readonly text: string;
}

type Redact = (calls: readonly Call[]) => Redacted;

/** Every call has a memory of values and a redactor for each of two legs, as it has in a worker. */
async function createRedaction(): Promise<Redact> {
  const { createRedactor } = await importBuilt('governance/redaction/redactor');
  const { CallMemory } = await importBuilt('governance/redaction/call-memory');
  return (calls) => {
    const samplesUs: number[] = [];
    const texts: string[] = [];
    for (const turns of calls) {
      const memory = new CallMemory();
      const legs = [0, 1].map(() => createRedactor(PLAN, { resumed: false, memory }));
      for (const [at, turn] of turns.entries()) {
        const leg = legs[at % 2]!;
        for (const [place, event] of turn.entries()) {
          const startedMs = performance.now();
          const pieces = leg.push(event);
          const settled = place === turn.length - 1 ? leg.settle() : [];
          samplesUs.push((performance.now() - startedMs) * 1000);
          for (const piece of [...pieces, ...settled]) texts.push(piece.text);
        }
      }
    }
    return { samplesUs, text: texts.join(' ') };
  };
}

/** Microseconds per result; too little each to be timed alone. */
function replaceAll(calls: readonly Call[]): number {
  let chars = 0;
  const startedMs = performance.now();
  for (const turns of calls) {
    for (const turn of turns) for (const { text } of turn) chars += text.replace(CARD, '[CARD]').length;
  }
  const tookMs = performance.now() - startedMs;
  if (chars === 0) throw new Error('nothing was said');
  return (tookMs * 1000) / countEvents(calls);
}

/** A redactor that hides nothing would be fast: what was made up to be hidden must be gone. */
function checkHidden(made: readonly MadeCall[], redact: Redact): void {
  for (const { turns, secrets } of made) {
    const { text } = redact([turns]);
    const isHidden = SECRET_TYPES.every((type) => text.includes(`[${type}`));
    if (!isHidden || secrets.some((secret) => text.includes(secret))) throw new Error('the redactor hides too little');
  }
}

async function measureFile(redact: Redact, signal: AbortSignal): Promise<Figures> {
  const calls = callsOf(readSentences());
  const { spoken } = await inTurns({ rounds: ROUNDS, signal }, { spoken: () => redact(calls).samplesUs });
  return { ...percentilesOf('spoken_us_per_event', spoken), spoken_events: ROUNDS * countEvents(calls) };
}

function readSentences(): string[] {
  const lines = readFileSync(SPOKEN_FILE, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => (JSON.parse(line) as { readonly text: string }).text);
}

/** Each sentence a turn of its own. */
function callsOf(sentences: readonly string[]): Call[] {
  const calls: Call[] = [];
  for (let at = 0; at < sentences.length; at += SENTENCES_PER_CALL) {
    const ofCall = sentences.slice(at, at + SENTENCES_PER_CALL);
    calls.push(ofCall.map((text, place) => [speechOf(text, place * 10_000)]));
  }
  return calls;
}

function percentilesOf(name: string, rounds: readonly (readonly number[])[]): Figures {
  const of = (share: number): number => rounded(median(rounds.map((samples) => percentile(samples, share))));
  return { [`${name}_p50`]: of(0.5), [`${name}_p99`]: of(0.99) };
}

function countEvents(calls: readonly Call[]): number {
  return calls.reduce((total, turns) => total + turns.reduce((events, turn) => events + turn.length, 0), 0);
}
