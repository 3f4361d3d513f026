/** Counts what the demo's events tell, and sums it up in the one object a program reads. */

import { z } from 'zod';
import type { RecogniserKind } from '../demo/recogniser/engine.ts';
import type { VerifyReport } from '../governance/ledger/verify.ts';

const event = z.object({
  kind: z.string(),
  state: z.string().optional(),
  allow: z.boolean().optional(),
  final: z.boolean().optional(),
  stream: z.string().optional(),
  entities: z.record(z.string(), z.number()).optional(),
});

interface Rtp {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
}

/** What `earshot demo --json` prints. */
export interface DemoSummary {
  readonly calls: number;
  readonly streams: number;
  readonly decisions: { readonly allow: number; readonly deny: number };
  readonly segments: number;
  readonly releases: number;
  readonly redactions: number;
  readonly entries: number;
  readonly verified: boolean;
  readonly recogniser: RecogniserKind;
  readonly rtp: Rtp;
}

export class DemoTally {
  readonly #recogniser: RecogniserKind;
  readonly #streams = new Set<string>();
  readonly #closed: Promise<void>;
  #onClosed: () => void = () => undefined;
  #calls = 0;
  #allow = 0;
  #deny = 0;
  #segments = 0;
  #releases = 0;
  #redactions = 0;

  constructor(recogniser: RecogniserKind) {
    this.#recogniser = recogniser;
    this.#closed = new Promise((resolve) => (this.#onClosed = resolve));
  }

  count(value: unknown): void {
    const read = event.safeParse(value);
    if (!read.success) return;
    const { kind, state, allow, final, stream, entities } = read.data;
    if (stream !== undefined) this.#streams.add(stream);
    if (kind === 'call' && state === 'started') this.#calls += 1;
    if (kind === 'call' && state === 'ended') this.#onClosed();
    if (kind === 'decision' && allow === true) this.#allow += 1;
    if (kind === 'decision' && allow === false) this.#deny += 1;
    if (kind === 'segment' && final === true) this.#segments += 1;
    if (kind !== 'release') return;
    this.#releases += 1;
    this.#redactions += Object.values(entities ?? {}).reduce((sum, count) => sum + count, 0);
  }

  /** Resolves when the call was closed, or after `limitMs`. */
  async callClosed(limitMs: number): Promise<void> {
    await Promise.race([this.#closed, new Promise((resolve) => setTimeout(resolve, limitMs).unref())]);
  }

  /** `verified` only if every evaluated verdict passed and the refused processor received not one byte. */
  summary(seen: {
    readonly rtp: Rtp;
    readonly report: Pick<VerifyReport, 'entries' | 'verified'>;
    readonly deniedBytes: number;
  }): DemoSummary {
    return {
      calls: this.#calls,
      streams: this.#streams.size,
      decisions: { allow: this.#allow, deny: this.#deny },
      segments: this.#segments,
      releases: this.#releases,
      redactions: this.#redactions,
      entries: seen.report.entries,
      verified: seen.report.verified && seen.deniedBytes === 0,
      recogniser: this.#recogniser,
      rtp: seen.rtp,
    };
  }
}
