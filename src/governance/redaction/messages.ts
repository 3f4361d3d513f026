/** All that crosses between the redaction host and its workers. Speech goes in; only redacted text and codes come out. */

import type { CallId, LegId } from '../../base/ids.ts';
import type { RedactionSettings } from '../../model/redaction-settings.ts';
import type { EntityType, Piece, RedactionPlan } from '../../model/transcript.ts';
import type { Plans, Settlement, SpeechEvent } from './leg-redactor.ts';
import type { LinkKey } from './linkable-token.ts';
import type { PartialsOf, PutBack } from './redaction.ts';

/** To a worker. Those with an `id` are answered, once each and in order. */
export type RedactionRequest = Preface | Closing | Job;

/** What a leg's next job takes for granted; it goes out right before that job, or not at all. */
export type Preface = Opening | Replanning;

export interface Opening {
  readonly kind: 'open';
  readonly call: CallId;
  readonly leg: LegId;
  readonly plans: Plans;
  readonly partials: PartialsOf;
  readonly settings: RedactionSettings;
  readonly resumed: boolean;
  /** How many placeholders of each type the call has been given before, at most. */
  readonly used: Readonly<Record<EntityType, number>>;
  readonly linkKey?: LinkKey | undefined;
}

/** From here on the leg is rendered under these plans; its detection goes on. */
export interface Replanning {
  readonly kind: 'replan';
  readonly call: CallId;
  readonly leg: LegId;
  readonly plans: Plans;
  readonly partials: PartialsOf;
}

export interface Closing {
  readonly kind: 'close';
  readonly call: CallId;
}

/** What is answered. */
export type Job =
  | {
      readonly kind: 'push';
      readonly id: number;
      readonly call: CallId;
      readonly leg: LegId;
      readonly event: SpeechEvent;
    }
  | {
      readonly kind: 'advance';
      readonly id: number;
      readonly call: CallId;
      readonly leg: LegId;
      /** On the stream's timeline. */
      readonly nowMs: number;
    }
  | { readonly kind: 'settle'; readonly id: number; readonly call: CallId; readonly leg: LegId }
  | {
      readonly kind: 'answer';
      readonly id: number;
      readonly call: CallId;
      /** A long answer comes in several jobs under one number, `part` counting from 0. */
      readonly answer: number;
      readonly part: number;
      readonly isLast: boolean;
      readonly plan: RedactionPlan;
      readonly text: string;
    }
  | {
      readonly kind: 'restore';
      readonly id: number;
      readonly call: CallId;
      readonly text: string;
      readonly types: readonly EntityType[];
    };

/** What comes of a job, each kind of its own jobs. */
export type JobResult =
  | { readonly kind: 'settled'; readonly settlement: Settlement }
  | { readonly kind: 'answered'; readonly pieces: readonly Piece[] }
  | { readonly kind: 'restored'; readonly back: PutBack };

/** From a worker. `code` is a word of ours or an error's class, never its message. */
export type RedactionReply =
  | { readonly kind: 'ready'; readonly threadId: number | undefined }
  | { readonly kind: 'done'; readonly id: number; readonly result: JobResult }
  | { readonly kind: 'failed'; readonly id: number; readonly code: string };
