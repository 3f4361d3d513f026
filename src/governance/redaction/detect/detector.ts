/**
 * What detectors see and what they say. A detector is a pure function over a window of one leg's tokens, called again
 * with every token that comes; it keeps nothing, reads no clock, and is never asked about what has already left.
 */

import type { EntityType } from '../../../model/transcript.ts';
import type { Token } from '../speech/token.ts';

export interface Window {
  /** The newest last. At most MAX_WINDOW of them. */
  readonly tokens: readonly Token[];
  /** How many of them have left: they explain what follows and can no longer be hidden. */
  readonly left: number;
  /** Nothing is known to follow: what could only be told by the next word is judged as it stands. */
  readonly isEnd: boolean;
}

/** Something to hide. Places are indices into the window's tokens, end exclusive; what lies before `left` is ignored. */
export interface Finding {
  readonly start: number;
  readonly end: number;
  readonly type: EntityType;
  /** 0 to 1: checksum 1.0, asked for 0.95, cue and shape 0.85, name by cue 0.8, lexicon 0.6, shape alone 0.5. */
  readonly confidence: number;
  /** Which rule found it, as `--explain` shows it: a closed word such as `card.luhn`. */
  readonly rule: string;
  /** The value in one spelling, so that it gets one name however it is said; absent for what is never remembered. */
  readonly value?: string | undefined;
}

export interface Detection {
  readonly findings: readonly Finding[];
  /**
   * Index of the first token that words yet to come may make part of something to hide, beyond the words that are held
   * back anyway; `tokens.length` when there is none. Never lower than `left`; ignored when `isEnd`.
   */
  readonly holdFrom: number;
}

export type Detector = (window: Window) => Detection;

/** What a token's neighbours to be looked at are bounded by, in tokens: what has left, and all together. */
export const MAX_LEFT = 24;
export const MAX_WINDOW = 160;
