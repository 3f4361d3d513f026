/** Redaction as the use cases see it: asynchronous, with a deadline held by the caller's thread; in doubt it withholds. */

import type { CallId, LegId, TenantId } from '../../base/ids.ts';
import type { PartialsMode, RedactionSettings } from '../../model/redaction-settings.ts';
import type { EntityType, Piece, RedactionPlan, Segment } from '../../model/transcript.ts';
import type { Plans, Settlement } from './leg-redactor.ts';

export interface Withholding {
  readonly kind: 'withheld';
}

/** What came of a step of a leg, under each of its plans. */
export type Redacted = ({ readonly kind: 'settled' } & Settlement) | Withholding;

/** A text with values in the place of their pseudonyms. */
export interface PutBack {
  readonly text: string;
  /** How many of each type were put back. */
  readonly restored: Readonly<Record<EntityType, number>>;
  /** Pseudonyms of those types whose value is not known, or not any more. */
  readonly unknown: number;
}

/** By plan, how much of partial results its readers are shown: never more than the settings say. */
export type PartialsOf = Readonly<Record<string, PartialsMode>>;

export interface LegOptions {
  readonly tenant: TenantId;
  readonly settings: RedactionSettings;
  /** A rendering for each, under its name. */
  readonly plans: Plans;
  readonly partials: PartialsOf;
  /** Whether speech before this moment was not heard. */
  readonly resumed: boolean;
}

export interface Redaction {
  /** Version of the detectors, as recorded with every release. */
  readonly detector: string;
  /** Starts a leg's state. */
  open(call: CallId, leg: LegId, options: LegOptions): void;
  /** What settles from the next step on is rendered under these plans; detection goes on as it is. */
  replan(call: CallId, leg: LegId, plans: Plans, partials: PartialsOf): void;
  /**
   * Takes one recogniser result; answers what has settled. A partial result settles nothing: it may answer a preview and
   * signals, and where it comes too late or too early for that, nothing.
   */
  push(segment: Segment): Promise<Redacted>;
  /** Tells the time on the stream's timeline: after enough silence what is held is settled. */
  advance(call: CallId, leg: LegId, nowMs: number): Promise<Redacted>;
  /** Ends the leg's turn: settles everything held. */
  settle(call: CallId, leg: LegId): Promise<Redacted>;
  /** Redacts a processor's answer under its reader's plan, against the values this call is known to hold. */
  answer(
    call: CallId,
    text: string,
    plan: RedactionPlan,
  ): Promise<{ readonly kind: 'answered'; readonly piece: Piece } | Withholding>;
  /** Puts the values of these types in the place of their pseudonyms, as far as the call still knows them. */
  restore(
    call: CallId,
    text: string,
    types: readonly EntityType[],
  ): Promise<({ readonly kind: 'restored' } & PutBack) | Withholding>;
  close(call: CallId): void;
}
