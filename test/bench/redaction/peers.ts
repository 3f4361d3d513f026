/**
 * What else takes personal data out of text in this language, over the same rows. None of them is a dependency: those
 * that are installed here, or in the folder named by EARSHOT_BENCH_PEERS, take part, and the others are named as absent.
 */

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Row } from './rows.ts';
import { Tally } from './score.ts';

/** The mask of one text. */
export type PeerRedact = (text: string) => Uint8Array | Promise<Uint8Array>;

export interface PeerRun {
  readonly tally: Tally;
  readonly tookMs: number;
}

/** Stands in no text, so that what a peer took out can be found in what it left. */
const GONE = '\u0001';

interface OpenRedaction {
  readonly OpenRedaction: new () => {
    detect(text: string): Promise<{ detections: readonly { readonly position: readonly [number, number] }[] }>;
  };
}

interface RedactPii {
  readonly SyncRedactor: new (options: { readonly globalReplaceWith: string }) => { redact(text: string): string };
}

type Compromise = (text: string) => {
  redact(what: Readonly<Record<string, boolean>>, block: string): { text(): string };
};

const PEERS: Readonly<Record<string, (loaded: unknown) => PeerRedact>> = {
  openredaction: (loaded) => {
    const { OpenRedaction } = loaded as OpenRedaction;
    const redaction = new OpenRedaction();
    return async (text) => {
      const mask = new Uint8Array(text.length);
      for (const { position } of (await redaction.detect(text)).detections) mask.fill(1, position[0], position[1]);
      return mask;
    };
  },
  'redact-pii': (loaded) => {
    const { SyncRedactor } = loaded as RedactPii;
    const redactor = new SyncRedactor({ globalReplaceWith: GONE });
    return (text) => maskOf(text, redactor.redact(text));
  },
  // Numbers are off in its own defaults; without them it would let every spoken number through.
  compromise: (loaded) => (text) => maskOf(text, (loaded as Compromise)(text).redact({ numbers: true }, GONE).text()),
};

export const PEER_NAMES = Object.keys(PEERS);

/** Undefined where it is not installed. */
export async function loadPeer(name: string): Promise<PeerRedact | undefined> {
  const loaded = await importFrom(process.env['EARSHOT_BENCH_PEERS'] ?? import.meta.dirname, name);
  return loaded === undefined ? undefined : PEERS[name]?.(loaded);
}

export async function runPeer(redact: PeerRedact, rows: readonly Row[], signal: AbortSignal): Promise<PeerRun> {
  const tally = new Tally();
  let tookMs = 0;
  for (const row of rows) {
    signal.throwIfAborted();
    const startedMs = performance.now();
    const mask = await redact(row.text);
    tookMs += performance.now() - startedMs;
    tally.add(row, mask);
  }
  return { tally, tookMs };
}

async function importFrom(folder: string, name: string): Promise<unknown> {
  try {
    const file = createRequire(join(folder, 'peers.js')).resolve(name);
    const loaded = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
    return loaded.default ?? loaded;
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw thrown;
  }
}

/** What of the text is not in what was left of it: what was left is looked for piece by piece, in order. */
function maskOf(text: string, left: string): Uint8Array {
  const mask = new Uint8Array(text.length).fill(1);
  let from = 0;
  for (const piece of left.split(GONE)) {
    const at = text.indexOf(piece, from);
    // What was rewritten on the way counts as taken out.
    if (at < 0) continue;
    mask.fill(0, at, at + piece.length);
    from = at + piece.length;
  }
  return mask;
}
