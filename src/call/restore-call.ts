/**
 * Takes one call of an earlier life up again, or nothing of it: media that no signaling knows of would be relayed for
 * ever, on ports that nobody gives back. Throws what stood in the way.
 */

import type { CallId, StreamId } from '../base/ids.ts';
import type { MediaPair, SessionState } from './media/session-state.ts';
import type { CallParts } from './mirrored-call.ts';

/** Who goes on with which part of it. */
export interface Restorers {
  readonly pool: {
    restore(states: readonly SessionState[], pairs: readonly MediaPair[]): void;
    end(call: CallId): void;
    freePair(pair: MediaPair): void;
  };
  readonly anchor: { restore(state: unknown): readonly MediaPair[]; end(call: CallId): void };
  readonly signaling: { restoreCall(state: unknown): void };
  readonly starts: { note(call: CallId, stream: StreamId, firstArrivalUs: number): void; forget(call: CallId): void };
}

export function restoreCall(
  { pool, anchor, signaling, starts }: Restorers,
  { call, signaling: dialogs, anchor: agreed, sessions }: CallParts & { readonly call: CallId },
): void {
  let pairs: readonly MediaPair[] = [];
  try {
    // A call that rings has ports, and no session yet.
    pairs = agreed === undefined ? [] : anchor.restore(agreed);
    pool.restore(sessions, pairs);
    for (const { sides } of sessions) {
      for (const { stream, firstArrivalUs } of [...sides.caller.branches, ...sides.callee.branches]) {
        if (firstArrivalUs !== null) starts.note(call, stream, firstArrivalUs);
      }
    }
    signaling.restoreCall(dialogs);
  } catch (thrown) {
    starts.forget(call);
    pool.end(call);
    for (const pair of pairs) pool.freePair(pair);
    anchor.end(call);
    throw thrown;
  }
}
