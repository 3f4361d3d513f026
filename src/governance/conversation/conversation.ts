/**
 * Keeps one call's turns: redacted pieces gather for each reader until the turn of their leg is over, or until there is
 * enough for a part of it, and then are one release. It is never given raw text; of speech that is not redacted yet it
 * knows only when it was said.
 */

import type { Clock } from '../../base/clock.ts';
import type { CallId, LegId, ProcessorId, TenantId } from '../../base/ids.ts';
import { countEntities, type MsRange, type Piece, type Release, type Segment } from '../../model/transcript.ts';
import { joinRanges } from './hidden-ranges.ts';

export interface ConversationOptions {
  readonly tenant: TenantId;
  readonly call: CallId;
  /** Version of the detectors, as releases state it. */
  readonly detector: string;
  readonly clock: Clock;
  /** Silence of a leg that ends its turn. Default 1200. */
  readonly pauseMs?: number | undefined;
}

export type Heard = Pick<Segment, 'leg' | 'final' | 'startMs' | 'endMs'>;

/** The transcript that is kept, as a reader among the others. No processor has that name. */
export const KEPT = '(kept)';

/** Somebody for whom a leg's turns gather. */
export interface Reader {
  readonly name: ProcessorId | typeof KEPT;
  /** Under which plan he reads. */
  readonly plan: string;
  /** Whether he is given a turn while it is still running. */
  readonly inParts: boolean;
  /** What was said before is not his. */
  readonly fromMs: number;
}

/** What one reader is to be given. */
export interface DueRelease {
  readonly reader: Reader['name'];
  readonly release: Release;
}

const PAUSE_MS = 1200;
/** Silence after which words that are held are worth asking for again. */
const QUIET_MS = 800;
/** Speech that is enough for a part. */
const PART_MS = 2000;
/** A turn with this much text is released in parts to everybody; a part is at most this and one piece. */
const MAX_TURN_CHARS = 4000;
const MAX_LEGS = 16;

interface Gathered {
  readonly pieces: Piece[];
  chars: number;
}

interface Turn {
  readonly readers: Map<Reader['name'], Gathered>;
  /** How far its leg was heard, on its stream's timeline. */
  heardMs: number;
  /** When that was, on our clock. */
  heardUs: number;
  /** Whether it was said of this silence that it is one. */
  isQuiet: boolean;
}

export class Conversation {
  readonly #options: ConversationOptions;
  readonly #pauseMs: number;
  readonly #turns = new Map<LegId, Turn>();

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.#pauseMs = options.pauseMs ?? PAUSE_MS;
  }

  /** Legs whose turn is running. */
  get speaking(): readonly LegId[] {
    return [...this.#turns.keys()];
  }

  /** Turns that are over because of this speech: the other legs', and its own when a pause lies before it. */
  turnsEndedBy(heard: Heard): readonly LegId[] {
    if (!heard.final) return [];
    return [...this.#turns]
      .filter(([leg, turn]) => leg !== heard.leg || heard.startMs - turn.heardMs >= this.#pauseMs)
      .map(([leg]) => leg);
  }

  /** Turns whose leg has been silent long enough by our clock. Ask every few hundred ms. */
  turnsEndedByPause(): readonly LegId[] {
    return [...this.#turns].filter(([, turn]) => this.#silenceMs(turn) >= this.#pauseMs).map(([leg]) => leg);
  }

  /**
   * Turns whose leg has fallen silent and may go on: each silence is told once, with where the leg's stream must be by
   * now. It counts from what was heard, as a recogniser may be far behind the stream.
   */
  turnsGoneQuiet(): readonly { readonly leg: LegId; readonly nowMs: number }[] {
    return [...this.#turns].flatMap(([leg, turn]) => {
      const silenceMs = this.#silenceMs(turn);
      if (turn.isQuiet || silenceMs < QUIET_MS || silenceMs >= this.#pauseMs) return [];
      turn.isQuiet = true;
      return [{ leg, nowMs: turn.heardMs + silenceMs }];
    });
  }

  /** Notes that a leg speaks. A partial result only keeps a running turn from ending. */
  hear(heard: Heard): void {
    const turn = heard.final ? this.#turnOf(heard.leg) : this.#turns.get(heard.leg);
    if (!turn) return;
    turn.heardMs = Math.max(turn.heardMs, heard.endMs);
    turn.heardUs = this.#options.clock.monoUs();
    turn.isQuiet = false;
  }

  /** Adds what has settled to the leg's turn, for each reader from his plan; answers the parts that are due by it. */
  add(
    leg: LegId,
    texts: Readonly<Record<string, readonly Piece[]>>,
    readers: readonly Reader[],
  ): readonly DueRelease[] {
    return readers.flatMap((reader) => {
      const pieces = (texts[reader.plan] ?? []).filter(({ startMs }) => startMs >= reader.fromMs);
      const turn = pieces.length === 0 ? undefined : this.#turnOf(leg);
      if (turn === undefined) return [];
      const gathered = gatheredOf(turn, reader.name);
      for (const piece of pieces) {
        gathered.pieces.push(piece);
        // An empty one takes room as well.
        gathered.chars += Math.max(1, piece.text.length);
      }
      const isDue = gathered.chars >= MAX_TURN_CHARS || (reader.inParts && lengthMs(gathered) >= PART_MS);
      return isDue ? this.#release(leg, reader.name, gathered, false) : [];
    });
  }

  /** Ends the leg's turn, for everybody; what was held of it must have been settled and added before. */
  endTurn(leg: LegId): readonly DueRelease[] {
    const turn = this.#turns.get(leg);
    this.#turns.delete(leg);
    return [...(turn?.readers ?? [])].flatMap(([reader, gathered]) => this.#release(leg, reader, gathered, true));
  }

  /** Forgets what has gathered of the leg's turn for one reader; answers when that was said. */
  drop(leg: LegId, reader: Reader['name']): MsRange | undefined {
    const readers = this.#turns.get(leg)?.readers;
    const pieces = readers?.get(reader)?.pieces ?? [];
    readers?.delete(reader);
    return pieces.length === 0 ? undefined : spanOf(pieces);
  }

  #silenceMs({ heardUs }: Turn): number {
    return (this.#options.clock.monoUs() - heardUs) / 1000;
  }

  #turnOf(leg: LegId): Turn | undefined {
    const running = this.#turns.get(leg);
    if (running || this.#turns.size >= MAX_LEGS) return running;
    const heardUs = this.#options.clock.monoUs();
    const turn: Turn = { readers: new Map(), heardMs: 0, heardUs, isQuiet: false };
    this.#turns.set(leg, turn);
    return turn;
  }

  #release(leg: LegId, reader: Reader['name'], gathered: Gathered, final: boolean): DueRelease[] {
    const pieces = gathered.pieces.splice(0);
    gathered.chars = 0;
    const text = pieces
      .map((piece) => piece.text)
      .join('')
      .trim();
    if (text === '') return [];
    const { tenant, call, detector } = this.#options;
    const entities = countEntities(pieces.flatMap((piece) => piece.entities));
    const hidden = joinRanges(pieces.flatMap((piece) => piece.hidden ?? []));
    const release = { tenant, call, leg, text, entities, hidden, detector, ...spanOf(pieces), final };
    return [{ reader, release }];
  }
}

function gatheredOf({ readers }: Turn, name: Reader['name']): Gathered {
  const known = readers.get(name) ?? { pieces: [], chars: 0 };
  readers.set(name, known);
  return known;
}

function lengthMs({ pieces }: Gathered): number {
  const { startMs, endMs } = spanOf(pieces);
  return endMs - startMs;
}

function spanOf(pieces: readonly Piece[]): MsRange {
  return {
    startMs: Math.min(...pieces.map((piece) => piece.startMs)),
    endMs: Math.max(...pieces.map((piece) => piece.endMs)),
  };
}
