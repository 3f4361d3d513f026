/**
 * What redaction lets through, hides for nothing, and takes: over the development data where it is there and over made
 * rows otherwise, beside what else there is in this language.
 */

import { measureCommand } from './redaction/command-speed.ts';
import { loadPeer, PEER_NAMES, runPeer, type PeerRedact } from './redaction/peers.ts';
import { readSets, type Row, type Sets } from './redaction/rows.ts';
import { createRun, WHOLE, type Redact, type Run } from './redaction/runs.ts';
import { percent, STRUCTURED, type Tally } from './redaction/score.ts';
import { figuresOfTypes, tableOfTypes, type Ways } from './redaction/table.ts';
import type { Bench, Figures } from './support/bench.ts';
import { mean, percentile, rounded } from './support/statistics.ts';

const LIMIT_MS = 600_000;
/** Peers take milliseconds a row: of the calls they get so many. */
const PEER_CALLS = 1500;
const NO_REDACTION = 'no redaction, which lets 100 % through';

const isStructured = (type: string): boolean => STRUCTURED.has(type);
const isOther = (type: string): boolean => !isStructured(type);

export const bench: Bench = {
  says: 'what redaction lets through and hides for nothing, written, spoken and streamed, beside other libraries',
  limitMs: LIMIT_MS,
  said: ['types'],
  async run(signal, say) {
    const { source, ...sets } = readSets();
    const redact = await createRun();
    const runs = runAll(redact, sets, signal);
    say(tablesOf(runs));
    const peers = await runPeers(sets, signal);
    const leak = runs.spoken.whole.tally.leak(isStructured);
    const best = bestOf(peers);
    return {
      bench: 'redaction',
      source,
      sets: {
        written: figuresOf(runs.written.whole.tally),
        spoken: figuresOf(runs.spoken.whole.tally),
        calls: {
          value_leak_known: rounded(valueLeak(runs.known.whole.tally)),
          value_leak_unknown: rounded(valueLeak(runs.unknown.whole.tally)),
          leak_known: rounded(runs.known.whole.tally.leak()),
          leak_unknown: rounded(runs.unknown.whole.tally.leak()),
        },
      },
      streaming: streamingOf(runs.spoken),
      ...costOf(Object.values(runs.spoken)),
      rows_per_second: Math.round(await measureCommand(sets.spoken, signal)),
      peers,
      types: {
        written: figuresOfTypes(runs.written.whole.tally),
        spoken: figuresOfTypes(runs.spoken.whole.tally),
        calls: figuresOfTypes(runs.known.whole.tally),
      },
      baseline: best === undefined ? NO_REDACTION : `spoken structured leak of ${best.name}`,
      ratio: rounded(leak / (best?.leak ?? 100)),
    };
  },
};

/** One set as it was said: at once, in results of four words, word by word. */
interface Said {
  readonly whole: Run;
  readonly fours: Run;
  readonly words: Run;
}

type Runs = Readonly<Record<'written' | 'spoken' | 'known' | 'unknown', Said>>;

function runAll(redact: Redact, { written, spoken, calls }: Sets, signal: AbortSignal): Runs {
  const say = (rows: readonly Row[], isAskKnown = false): Said => {
    const run = (wordsPerEvent: number): Run => {
      signal.throwIfAborted();
      return redact(rows, { wordsPerEvent, isAskKnown });
    };
    return { whole: run(WHOLE), fours: run(4), words: run(1) };
  };
  // Once to warm up: what is measured is a worker that has heard people before.
  say(spoken);
  return { written: say(written), spoken: say(spoken), known: say(calls, true), unknown: say(calls) };
}

function figuresOf(tally: Tally): Figures {
  const { spans, leaked, whole } = tally.sum();
  return {
    structured_leak: rounded(tally.leak(isStructured)),
    other_leak: rounded(tally.leak(isOther)),
    clean_rows_touched: rounded(tally.cleanRowsTouched),
    false_chars: rounded(tally.falseChars),
    value_leak: rounded(percent(leaked, spans)),
    full_recall: rounded(percent(whole, spans)),
  };
}

function valueLeak(tally: Tally): number {
  const { spans, leaked } = tally.sum();
  return percent(leaked, spans);
}

function streamingOf({ whole, fours, words }: Said): Figures {
  const more = (run: Run): number => rounded(run.tally.leak() - whole.tally.leak());
  return {
    added_leak_points: more(words),
    added_leak_points_four_words: more(fours),
    delay_mean_ms: rounded(mean(words.delaysMs)),
    delay_p95_ms: percentile(words.delaysMs, 0.95),
    delay_p99_ms: percentile(words.delaysMs, 0.99),
  };
}

/** Of the way of saying it that costs the most. */
function costOf(runs: readonly Run[]): Figures {
  const worst = (share: number): number =>
    rounded(Math.max(...runs.map(({ eventsMs }) => percentile(eventsMs, share))));
  return { cpu_p50_ms: worst(0.5), cpu_p99_ms: worst(0.99) };
}

async function runPeers(sets: Sets, signal: AbortSignal): Promise<Figures> {
  const entries: [string, Figures][] = [];
  for (const name of PEER_NAMES) {
    const redact = await loadPeer(name);
    entries.push([name, redact === undefined ? { skipped: 'not installed' } : await measurePeer(redact, sets, signal)]);
  }
  return Object.fromEntries(entries);
}

async function measurePeer(
  redact: PeerRedact,
  { written, spoken, calls }: Sets,
  signal: AbortSignal,
): Promise<Figures> {
  const step = Math.max(1, Math.floor(calls.length / PEER_CALLS));
  const someCalls = calls.filter((_, at) => at % step === 0);
  const runs = {
    written: await runPeer(redact, written, signal),
    spoken: await runPeer(redact, spoken, signal),
    calls: await runPeer(redact, someCalls, signal),
  };
  const tookMs = runs.written.tookMs + runs.spoken.tookMs + runs.calls.tookMs;
  return {
    written: figuresOf(runs.written.tally),
    spoken: figuresOf(runs.spoken.tally),
    calls: { value_leak_unknown: rounded(valueLeak(runs.calls.tally)) },
    ms_per_row: rounded(tookMs / (written.length + spoken.length + someCalls.length)),
  };
}

function bestOf(peers: Figures): { readonly name: string; readonly leak: number } | undefined {
  const leaks = Object.entries(peers).flatMap(([name, figures]) => {
    const { spoken } = figures as { readonly spoken?: { readonly structured_leak: number } };
    return spoken === undefined ? [] : [{ name, leak: spoken.structured_leak }];
  });
  return leaks.toSorted((a, b) => a.leak - b.leak)[0];
}

function tablesOf({ written, spoken, known, unknown }: Runs): string {
  const waysOf = ({ whole, fours, words }: Said): Ways => ({
    whole: whole.tally,
    'by fours': fours.tally,
    'by word': words.tally,
  });
  return [
    tableOfTypes('written', waysOf(written)),
    tableOfTypes('spoken', waysOf(spoken)),
    tableOfTypes('calls, the question known', waysOf(known)),
    tableOfTypes('calls, the question not known', waysOf(unknown)),
  ].join('');
}
