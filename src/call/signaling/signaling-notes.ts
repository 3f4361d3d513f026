/**
 * Tells a call's running digest of each message that came and left: requests and responses that pass through us, and
 * what we say in our own name in their place. Not what is between two hops alone: 100, the ACK of a refusal, repetitions.
 */

import type { Clock } from '../../base/clock.ts';
import { editedLines } from '../../protocol/sip/edited-lines.ts';
import type { SipMessage } from '../../protocol/sip/message.ts';
import type { Splice } from '../../protocol/splice.ts';
import type { Call } from './calls.ts';

export class SignalingNotes {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** That message came. */
  came(call: Call | undefined, message: SipMessage): void {
    call?.signaling.note({ direction: 'in', wallMs: this.#clock.wallMs(), bytes: message.head.bytes });
  }

  /** It left again as these bytes. */
  left(call: Call | undefined, message: SipMessage, bytes: Buffer, splices: readonly Splice[]): void {
    if (!call) return;
    const edits = editedLines(message.head, splices);
    call.signaling.note({ direction: 'out', wallMs: this.#clock.wallMs(), bytes, edits });
  }

  /** We said that ourselves. */
  said(call: Call | undefined, bytes: Buffer): void {
    call?.signaling.note({ direction: 'out', wallMs: this.#clock.wallMs(), bytes });
  }
}
