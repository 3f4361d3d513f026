/** The 48-bit packet index of RFC 3711 §3.3.1: roll-over counter × 2^16 + sequence number. Pure arithmetic. */

export const SEQUENCES = 0x1_0000;
export const MAX_RTP_INDEX = 2 ** 48 - 1;
export const MAX_RTCP_INDEX = 2 ** 31 - 1;
/** The longest life of a master key, RTP and RTCP packets each counted against it (RFC 3711 §9.2, RFC 4568 §6.1). */
export const MAX_LIFETIME_PACKETS = 2 ** 48;

/**
 * Index of `sequence` as RFC 3711 Appendix A guesses it: of the roll-over counters one below, at and one above the
 * highest index so far, the one that puts the packet nearest. With nothing seen (`highest` -1) the counter is 0. The
 * result is negative where the packet would come before index 0, and may lie beyond MAX_RTP_INDEX.
 */
export function guessIndex(highest: number, sequence: number): number {
  if (highest < 0) return sequence;
  const highestSequence = highest % SEQUENCES;
  const base = highest - highestSequence + sequence;
  const distance = sequence - highestSequence;
  if (distance > SEQUENCES / 2) return base - SEQUENCES;
  if (distance < -SEQUENCES / 2) return base + SEQUENCES;
  return base;
}

export function rocOf(index: number): number {
  return Math.floor(index / SEQUENCES);
}
