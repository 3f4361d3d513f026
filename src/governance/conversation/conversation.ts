/**
 * Keeps one call's turns: redacted pieces gather until the turn of their leg is over, and then are one release. It is
 * never given raw text; of speech that is not redacted yet it knows only when it was said.
 */

import type { Clock } from '../../base/clock.ts';
import type { CallId, LegId, TenantId } from '../../base/ids.ts';
import { countEntities, type EntitySpan, type Piece, type Release, type Segment } from '../../model/transcript.ts';

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

const PAUSE_MS = 1200;
/** A turn with this much text is released in parts; a part is at most this and one piece. */
const MAX_TURN_CHARS = 4000;
const MAX_LEGS = 16;

interface Turn {
  readonly pieces: Piece[];
  chars: number;
  /** How far its leg was heard, on its stream's timeline. */
  heardMs: number;
  /** When that was, on our clock. */
  heardUs: number;
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
    const nowUs = this.#options.clock.monoUs();
    return [...this.#turns].filter(([, turn]) => nowUs - turn.heardUs >= this.#pauseMs * 1000).map(([leg]) => leg);
  }

  /** Notes that a leg speaks. A partial result only keeps a running turn from ending. */
  hear(heard: Heard): void {
    const turn = heard.final ? this.#turnOf(heard.leg) : this.#turns.get(heard.leg);
    if (!turn) return;
    turn.heardMs = Math.max(turn.heardMs, heard.endMs);
    turn.heardUs = this.#options.clock.monoUs();
  }

  /** Adds settled pieces to the leg's turn. Answers the part that is due when the turn has grown too long for one release. */
  add(leg: LegId, pieces: readonly Piece[]): Release | undefined {
    if (pieces.length === 0) return undefined;
    const turn = this.#turnOf(leg);
    if (!turn) return undefined;
    for (const piece of pieces) {
      turn.pieces.push(piece);
      turn.chars += piece.text.length;
    }
    return turn.chars < MAX_TURN_CHARS ? undefined : this.#release(leg, turn, false);
  }

  /** Ends the leg's turn; what was held of it must have been settled and added before. Undefined when nothing was said. */
  endTurn(leg: LegId): Release | undefined {
    const turn = this.#turns.get(leg);
    this.#turns.delete(leg);
    return turn ? this.#release(leg, turn, true) : undefined;
  }

  #turnOf(leg: LegId): Turn | undefined {
    const running = this.#turns.get(leg);
    if (running || this.#turns.size >= MAX_LEGS) return running;
    const turn = { pieces: [], chars: 0, heardMs: 0, heardUs: this.#options.clock.monoUs() };
    this.#turns.set(leg, turn);
    return turn;
  }

  #release(leg: LegId, turn: Turn, final: boolean): Release | undefined {
    const pieces = turn.pieces.splice(0);
    turn.chars = 0;
    const text = pieces
      .map((piece) => piece.text)
      .join('')
      .trim();
    if (text === '') return undefined;
    const { tenant, call, detector } = this.#options;
    const spans: EntitySpan[] = pieces.flatMap((piece) => piece.entities);
    return {
      tenant,
      call,
      leg,
      text,
      entities: countEntities(spans),
      detector,
      startMs: Math.min(...pieces.map((piece) => piece.startMs)),
      endMs: Math.max(...pieces.map((piece) => piece.endMs)),
      final,
    };
  }
}
