/** Timer values of RFC 3261 table 4 for UDP, in milliseconds; L and M are those of RFC 6026. On streams D, I, J, K are 0. */

export const T1_MS = 500;
export const T2_MS = 4000;
export const T4_MS = 5000;

/** Timers B, F, H, J, L and M: how long an answer may still come, or its repetition. */
export const LIFE_MS = 64 * T1_MS;
/** Timer D: longer than 32 s. */
export const ABSORB_MS = 32_500;
/** Timer C: longer than 3 minutes (RFC 3261 §16.6 step 11). */
export const TIMER_C_MS = 181_000;

/** No deadline. */
export const NEVER = Number.POSITIVE_INFINITY;
