/** How long taps live without a word of governance. Apart from the messages, so that media workers need not load those. */

/** Taps die by themselves this long after the last renewal; governance renews every TAP_RENEW_MS. */
export const TAP_LIFE_MS = 5000;
export const TAP_RENEW_MS = 2000;
