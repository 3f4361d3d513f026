/** Sends something again at growing intervals until told to stop or out of time (RFC 3261 §17, timers A, E and G). */

import type { Cancel, Clock } from '../../base/clock.ts';

export const T1_MS = 500;
const T2_MS = 4000;
/** 64 × T1: how long a transaction, or a 2xx without its ACK, is given. */
export const LIFETIME_MS = 64 * T1_MS;

export interface Retransmission {
  readonly clock: Clock;
  readonly send: () => void;
  /** Intervals double up to T2, or without end for an INVITE request. */
  readonly isCapped: boolean;
  /** Called once when the lifetime has passed without a stop. */
  readonly onTimeout: () => void;
}

/** Sends at once and again until the returned function is called. */
export function startRetransmission({ clock, send, isCapped, onTimeout }: Retransmission): Cancel {
  let intervalMs = T1_MS;
  let cancelNext: Cancel = () => undefined;
  const again = (): void => {
    send();
    cancelNext = clock.after(intervalMs, again);
    intervalMs = isCapped ? Math.min(intervalMs * 2, T2_MS) : intervalMs * 2;
  };
  const cancelTimeout = clock.after(LIFETIME_MS, () => {
    cancelNext();
    onTimeout();
  });
  again();
  return () => {
    cancelNext();
    cancelTimeout();
  };
}
