/** The constants of ITU-T Recommendation G.722, as it prints them. Numbers only; what they are for is said where used. */

/** Half of the 24 coefficients of the symmetric QMF (table 11), as its two phases read them. */
export const QMF = Int16Array.of(3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11);

/** Decision levels of the 60-level low-band quantizer (table 14), for half of its range. */
export const LOW_LEVELS = Int16Array.of(
  ...[0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714],
  ...[786, 858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919],
);

/** Low-band codes of negative and positive differences by the level they lie below (table 15). */
export const LOW_CODES_NEGATIVE = Uint8Array.of(
  ...[0, 63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19],
  ...[18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4],
);
export const LOW_CODES_POSITIVE = Uint8Array.of(
  ...[0, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47],
  ...[46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32],
);

/** Low-band difference by all six bits of its code: what is played. The first four codes are not used by an encoder. */
export const LOW_VALUES_6_BITS = Int16Array.of(
  ...[-136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360],
  ...[-8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032],
  ...[-1688, -1360, -1040, -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360],
  ...[8576, 7856, 7192, 6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032],
  ...[1688, 1360, 1040, 728, 432, 136, -432, -136],
);

/** Low-band difference by the upper four bits of its code: what both ends adapt by. */
export const LOW_VALUES_4_BITS = Int16Array.of(
  ...[0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0],
);

/** Step of the logarithmic low-band scale factor, by the upper four bits of the code. */
export const LOW_SCALE_STEPS = Int16Array.of(
  ...[-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60],
);

/** High-band difference by its two-bit code, and the step of its scale factor. */
export const HIGH_VALUES = Int16Array.of(-7408, -1616, 7408, 1616);
export const HIGH_SCALE_STEPS = Int16Array.of(798, -214, 798, -214);
/** The one decision level of the high-band quantizer. */
export const HIGH_LEVEL = 564;

/** Inverse logarithm: 2048 × 2^(i/32). */
export const INVERSE_LOG = Int16Array.of(
  ...[2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834],
  ...[2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008],
);
