/** All that crosses between the redaction host and its workers. Speech goes in; only redacted text and codes come out. */

import type { CallId, LegId } from '../../base/ids.ts';
import type { EntityType, Piece, RedactionPlan } from '../../model/transcript.ts';
import type { SpeechEvent } from './leg-redactor.ts';

/** To a worker. Those with an `id` are answered, once each and in order. */
export type RedactionRequest = Opening | Closing | Job;

export interface Opening {
  readonly kind: 'open';
  readonly call: CallId;
  readonly leg: LegId;
  readonly plan: RedactionPlan;
  readonly resumed: boolean;
  /** How many placeholders of each type the call has been given before, at most. */
  readonly used: Readonly<Record<EntityType, number>>;
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
  | { readonly kind: 'settle'; readonly id: number; readonly call: CallId; readonly leg: LegId }
  | {
      readonly kind: 'answer';
      readonly id: number;
      readonly call: CallId;
      readonly plan: RedactionPlan;
      readonly text: string;
    };

/** From a worker. `code` is a word of ours or an error's class, never its message. */
export type RedactionReply =
  | { readonly kind: 'ready'; readonly threadId: number | undefined }
  | { readonly kind: 'settled'; readonly id: number; readonly pieces: readonly Piece[] }
  | { readonly kind: 'failed'; readonly id: number; readonly code: string };
