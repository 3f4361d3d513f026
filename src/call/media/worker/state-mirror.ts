/**
 * Sends sessions as data to the main thread, so that what packets taught us outlives this thread. Gathered: a busy session
 * goes at most four times a second, one that only runs every five seconds, a silent one not at all; keys go at once.
 */

import type { SessionState } from '../session-state.ts';
import type { Session } from './session.ts';

/** Between two states of one session while it changes. */
export const MIRROR_MS = 250;
/**
 * Between two states while only indices advance. What opens packets may lag: 5 s are 250 packets of 20 ms, far from the
 * 2^15 after which a receiver could no longer tell the roll-over counter.
 */
const REFRESH_US = 5_000_000;

interface Mirrored {
  isChanged: boolean;
  postedUs: number;
}

export class StateMirror {
  readonly #post: (state: SessionState) => void;
  readonly #sessions = new Map<Session, Mirrored>();

  constructor(post: (state: SessionState) => void) {
    this.#post = post;
  }

  add(session: Session): void {
    this.#sessions.set(session, { isChanged: true, postedUs: Number.NEGATIVE_INFINITY });
  }

  remove(session: Session): void {
    this.#sessions.delete(session);
  }

  /** Something changed that must outlive the worker. On the packet path: one look-up and one flag. */
  note(session: Session): void {
    const mirrored = this.#sessions.get(session);
    if (mirrored) mirrored.isChanged = true;
  }

  /**
   * What nobody could learn again: a peer shakes hands once, and without the keys of it a call that another life goes on
   * with is silent for good. It happens once or twice in a call.
   */
  postNow(session: Session, nowUs: number): void {
    const mirrored = this.#sessions.get(session);
    if (mirrored) this.#send(session, mirrored, nowUs);
  }

  /** To be called every `MIRROR_MS`. */
  tick(nowUs: number): void {
    for (const [session, mirrored] of this.#sessions) {
      const isDue = mirrored.isChanged || (nowUs - mirrored.postedUs >= REFRESH_US && session.wasHeardSinceMirrored());
      if (isDue) this.#send(session, mirrored, nowUs);
    }
  }

  #send(session: Session, mirrored: Mirrored, nowUs: number): void {
    mirrored.isChanged = false;
    mirrored.postedUs = nowUs;
    this.#post(session.toState());
  }
}
