/** The engine over rows, each a leg of its own, in results of so many words: what it hides, when it lets go, what it costs. */

import { DEFAULT_PLAN } from '../../../src/cli/redact/plan.ts';
import { cutWords, WORD_MS } from '../../../src/cli/redact/spoken-words.ts';
import { actionFor } from '../../../src/governance/redaction/renderer.ts';
import type { Settled } from '../../../src/governance/redaction/engine.ts';
import { importBuilt } from '../support/built.ts';
import type { Row } from './rows.ts';
import { Tally } from './score.ts';

export interface Run {
  readonly tally: Tally;
  /** For each word that stayed, from its end to its release. */
  readonly delaysMs: readonly number[];
  /** For each result, the end of the leg with the last. */
  readonly eventsMs: readonly number[];
}

export interface RunOptions {
  readonly wordsPerEvent: number;
  /** Whether the engine is told what was asked. */
  readonly isAskKnown: boolean;
}

export type Redact = (rows: readonly Row[], options: RunOptions) => Run;

export const WHOLE = 10_000;

export async function createRun(): Promise<Redact> {
  const { Engine } = await importBuilt('governance/redaction/engine');
  const { CallMemory } = await importBuilt('governance/redaction/call-memory');
  return (rows, { wordsPerEvent, isAskKnown }) => {
    const tally = new Tally();
    const delaysMs: number[] = [];
    const eventsMs: number[] = [];
    for (const row of rows) {
      const engine = new Engine({ memory: new CallMemory(), resumed: false });
      if (isAskKnown && row.asked !== undefined) engine.ask(row.asked);
      const events = cutEvents(row.text, wordsPerEvent);
      const heard = new HeardRow(row, events);
      for (const [at, { speech }] of events.entries()) {
        const isLast = at === events.length - 1;
        const startedMs = performance.now();
        const settled = engine.push(speech);
        const ended = isLast ? engine.end() : undefined;
        eventsMs.push(performance.now() - startedMs);
        heard.note(settled, speech.endMs);
        if (ended !== undefined) heard.note(ended, speech.endMs);
      }
      tally.add(row, heard.mask);
      delaysMs.push(...heard.delaysMs());
    }
    return { tally, delaysMs, eventsMs };
  };
}

interface Event {
  /** Where it begins in the row, and among what the engine was given. */
  readonly s: number;
  readonly given: number;
  readonly speech: {
    readonly text: string;
    readonly startMs: number;
    readonly endMs: number;
    readonly words: readonly { readonly startMs: number; readonly endMs: number }[];
    readonly final: true;
  };
}

function cutEvents(text: string, wordsPerEvent: number): Event[] {
  const words = cutWords(text);
  const events: Event[] = [];
  let given = 0;
  for (let from = 0; from < words.length; from += wordsPerEvent) {
    const some = words.slice(from, from + wordsPerEvent);
    const s = some[0]?.s ?? 0;
    const said = text.slice(s, some.at(-1)?.e);
    const times = some.map((_, at) => ({ startMs: (from + at) * WORD_MS, endMs: (from + at + 1) * WORD_MS }));
    const [startMs, endMs] = [from * WORD_MS, (from + some.length) * WORD_MS];
    events.push({ s, given, speech: { text: said, startMs, endMs, words: times, final: true } });
    given += said.length + 1;
  }
  return events;
}

/** One row as it came out. */
class HeardRow {
  readonly mask: Uint8Array;
  readonly #events: readonly Event[];
  /** For each word, when the last of it was let go; 0 for one of which something was hidden. */
  readonly #releasedMs = new Map<number, number>();

  constructor({ text }: Row, events: readonly Event[]) {
    this.mask = new Uint8Array(text.length);
    this.#events = events;
  }

  note({ tokens, findings }: Settled, nowMs: number): void {
    const hidden = findings.filter(({ type }) => actionFor(type, DEFAULT_PLAN) !== 'allow');
    for (const { start, end } of hidden) {
      const [first, last] = [tokens[start], tokens[end - 1]];
      this.mask.fill(1, this.#placeOf(first?.s ?? 0), this.#placeOf((last?.e ?? 1) - 1) + 1);
    }
    for (const [at, { endMs }] of tokens.entries()) {
      const isHidden = hidden.some(({ start, end }) => start <= at && at < end);
      this.#releasedMs.set(endMs, isHidden || this.#releasedMs.get(endMs) === 0 ? 0 : nowMs);
    }
  }

  delaysMs(): number[] {
    return [...this.#releasedMs].filter(([, atMs]) => atMs > 0).map(([endMs, atMs]) => atMs - endMs);
  }

  #placeOf(at: number): number {
    const event = this.#events.findLast(({ given }) => given <= at);
    return event === undefined ? at : event.s + at - event.given;
  }
}
