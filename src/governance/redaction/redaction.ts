/** Redaction as the use cases see it: asynchronous, with a deadline held by the caller's thread; in doubt it withholds. */

import type { CallId, LegId, TenantId } from '../../base/ids.ts';
import type { Piece, RedactionPlan, Segment } from '../../model/transcript.ts';

export type Redacted = { readonly kind: 'pieces'; readonly pieces: readonly Piece[] } | { readonly kind: 'withheld' };

export interface Redaction {
  /** Version of the detectors, as recorded with every release. */
  readonly detector: string;
  /** Starts a leg's state. `resumed` when speech before this moment was not heard. */
  open(
    call: CallId,
    leg: LegId,
    options: { readonly tenant: TenantId; readonly plan: RedactionPlan; readonly resumed: boolean },
  ): void;
  /** Takes one recogniser result; answers what has settled. */
  push(segment: Segment): Promise<Redacted>;
  /** Ends the leg's turn: settles everything held. */
  settle(call: CallId, leg: LegId): Promise<Redacted>;
  /** Redacts a processor's answer, against the values this call is known to hold. */
  answer(call: CallId, text: string): Promise<Redacted>;
  close(call: CallId): void;
}
