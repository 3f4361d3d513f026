/** The time of day that belongs to a date: "2004-07-21 18:19:22", "the fifth of may at ten thirty pm". */

import type { Token } from '../speech/token.ts';
import { smallEnd } from './figures.ts';

const HALVES = new Set(['am', 'pm', "o'clock", 'oclock', 'z', 'utc', 'gmt', 'hours']);
/** "18:19:22.123456+02:00" has this many tokens and no more. */
const MAX_CLOCK = 12;

/** End of the time of day that follows a date; the date's own end when none does. */
export function timeEnd(tokens: readonly Token[], dateEnd: number): number {
  const first = tokens[dateEnd]?.fold;
  const from = first === 't' || first === 'at' || first === ',' ? dateEnd + 1 : dateEnd;
  const clock = clockEnd(tokens, from);
  if (clock > from) return halfEnd(tokens, clock);
  const hour = smallEnd(tokens, from);
  if (hour === from) return dateEnd;
  const minutes = smallEnd(tokens, hour);
  const half = halfEnd(tokens, minutes);
  return half > minutes ? half : dateEnd;
}

function clockEnd(tokens: readonly Token[], from: number): number {
  if (tokens[from]?.kind !== 'digits' || tokens[from + 1]?.fold !== ':' || tokens[from + 2]?.kind !== 'digits')
    return from;
  let end = from + 3;
  while (end < from + MAX_CLOCK && isClockPart(tokens, end)) end += 2;
  return end;
}

function isClockPart(tokens: readonly Token[], at: number): boolean {
  const mark = tokens[at];
  const digits = tokens[at + 1];
  return mark?.lead === '' && /^[:.+-]$/.test(mark.fold) && digits?.kind === 'digits' && digits.lead === '';
}

function halfEnd(tokens: readonly Token[], from: number): number {
  const token = tokens[from];
  if (!token) return from;
  if (HALVES.has(token.fold)) return from + 1;
  if (token.fold !== 'a' && token.fold !== 'p') return from;
  const m = tokens[from + 1]?.fold === '.' ? from + 2 : from + 1;
  if (tokens[m]?.fold !== 'm') return from;
  return tokens[m + 1]?.fold === '.' && tokens[m + 1]?.lead === '' && m > from + 1 ? m + 2 : m + 1;
}
