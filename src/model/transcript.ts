/** Speech as text on its way through: segments in, settled pieces and releases out. */

import type { CallId, LegId, ProcessorId, SegmentId, StreamId, TenantId } from '../base/ids.ts';
import type { RedactionAction } from './redaction-action.ts';

export interface Word {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly confidence?: number | undefined;
}

/** One recogniser result for one leg. Raw text: it lives in memory only and never in a log, event or entry. */
export interface Segment {
  readonly segment: SegmentId;
  readonly call: CallId;
  readonly leg: LegId;
  readonly stream: StreamId;
  readonly processor: ProcessorId;
  readonly final: boolean;
  readonly text: string;
  /** On the stream's timeline. */
  readonly startMs: number;
  readonly endMs: number;
  readonly words: readonly Word[];
}

export type EntityType = string;

/** A span of time on a stream's timeline. */
export interface MsRange {
  readonly startMs: number;
  readonly endMs: number;
}

/** A place in a text: offsets in UTF-16 units, end exclusive. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/**
 * A place in a piece's text where something was taken out. What the detectors know of it is absent where none was asked:
 * text that was withheld unseen.
 */
export interface EntitySpan extends TextRange {
  readonly type: EntityType;
  /** In the leg's original text: its results, joined by one space each. */
  readonly source?: TextRange | undefined;
  /** When it was said, on the stream's timeline. */
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
  /** Which rule found it, and how surely. */
  readonly rule?: string | undefined;
  readonly confidence?: number | undefined;
}

/** Redacted text that can no longer change. `entities` points at the placeholders in `text`. */
export interface Piece {
  readonly text: string;
  readonly entities: readonly EntitySpan[];
  readonly startMs: number;
  readonly endMs: number;
  /** Where what is hidden was said, padded and merged: for masking audio that is kept. Absent: nowhere. */
  readonly hidden?: readonly MsRange[] | undefined;
  /** From the end of a word to the end of what had been heard when it was let go: the longest, and in the mean. */
  readonly heldMs?: number | undefined;
  readonly meanHeldMs?: number | undefined;
}

/** What redaction noticed in one leg's words that others act upon. Types and times only. */
export type RedactionSignal =
  /** The leg asked the other for card data. */
  | { readonly kind: 'card_asked'; readonly atMs: number }
  /** Card data began to be said. */
  | { readonly kind: 'card_begun'; readonly atMs: number }
  /** The leg said that the payment is over. */
  | { readonly kind: 'card_over'; readonly atMs: number }
  /** Something was found that is to pause the AI. */
  | { readonly kind: 'pause'; readonly type: EntityType; readonly atMs: number };

/** How one text grant wants a leg rendered. */
export interface RedactionPlan {
  readonly actions: Readonly<Record<EntityType, RedactionAction>>;
  readonly defaultAction: RedactionAction;
}

/** Redacted text of one turn, or part of one, ready to be asked about and sent. */
export interface Release {
  readonly tenant: TenantId;
  readonly call: CallId;
  readonly leg: LegId;
  readonly text: string;
  readonly entities: Readonly<Record<EntityType, number>>;
  /** When what is hidden was said; at most 32 ranges. */
  readonly hidden: readonly MsRange[];
  readonly detector: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly final: boolean;
}

/** Counts spans by type, as policy inputs and entries carry them. */
export function countEntities(spans: readonly EntitySpan[]): Record<EntityType, number> {
  const counts: Record<EntityType, number> = {};
  for (const span of spans) counts[span.type] = (counts[span.type] ?? 0) + 1;
  return counts;
}
