/**
 * Reads numbers said in words, "two million three hundred and five", as their digits. Nothing here is arithmetic: the
 * digits are put in their places, so that no number is too long.
 */

import type { Part } from './run-members.ts';

export interface CardinalReading {
  /** Likeliest first; the second is what was said taken word by word: "twenty four" as 20 4. */
  readonly piece: readonly string[];
  readonly next: number;
}

interface Group {
  readonly digits: string;
  readonly literal: string;
  readonly next: number;
}

/** The number that begins at `at`, which must hold digits, a unit, a teen, a ten, a scale or an ordinal. */
export function readCardinal(parts: readonly Part[], at: number): CardinalReading {
  const first = readGroup(parts, at);
  let { digits, literal, next } = first;
  // How many zeros the number ends with that later words may fill.
  let room = trailingRoom(parts, first);
  let scale = scaleAt(parts, next);
  if (scale > 2) {
    digits += '0'.repeat(scale);
    literal += '0'.repeat(scale);
    room = scale;
    next += 1;
  }
  while (room > 2) {
    const tail = readTail(parts, next, room);
    if (tail === undefined) break;
    scale = scaleAt(parts, tail.next);
    const filling = scale > 2 ? tail.digits + '0'.repeat(scale) : tail.digits;
    if (filling.length > room || (scale > 2 && scale >= room)) break;
    digits = digits.slice(0, digits.length - filling.length) + filling;
    literal += scale > 2 ? tail.literal + '0'.repeat(scale) : tail.literal;
    room = scale > 2 ? scale : 0;
    next = scale > 2 ? tail.next + 1 : tail.next;
  }
  return { piece: digits === literal ? [digits] : [digits, literal], next };
}

function trailingRoom(parts: readonly Part[], group: Group): number {
  // "A thousand" and "thousands": a scale that is said alone.
  const alone = parts[group.next - 1];
  return alone?.kind === 'scale' && alone.zeros > 2 ? alone.zeros : 0;
}

/** What fills a scale's zeros: "five hundred and six" of "two thousand five hundred and six". */
function readTail(parts: readonly Part[], at: number, room: number): Group | undefined {
  const start = parts[at]?.kind === 'and' ? at + 1 : at;
  if (!isSmall(parts[start])) return undefined;
  const group = readGroup(parts, start);
  const isFit = group.digits.length <= room && mayFill(parts, start, group, start > at);
  return isFit ? group : undefined;
}

/**
 * A lone digit fills zeros only after "and", before another scale, or when nothing follows: "eight hundred five five
 * five" is 800 555, as people say freephone numbers.
 */
function mayFill(parts: readonly Part[], start: number, group: Group, hasAnd: boolean): boolean {
  if (group.digits.length > 1 || hasAnd || scaleAt(parts, group.next) > 0) return true;
  return parts[start]?.kind === 'ordinal' || parts[group.next] === undefined;
}

/** Below ten thousand: a small number, and hundreds with what follows them. */
function readGroup(parts: readonly Part[], at: number): Group {
  const part = parts[at];
  if (part?.kind === 'scale')
    return { digits: `1${'0'.repeat(part.zeros)}`, literal: `1${'0'.repeat(part.zeros)}`, next: at + 1 };
  const small = readSmall(parts, at);
  if (scaleAt(parts, small.next) !== 2) return small;
  const from = small.next + 1;
  const start = parts[from]?.kind === 'and' ? from + 1 : from;
  const tail = isSmall(parts[start]) ? readSmall(parts, start) : undefined;
  const isOrdinalScale = parts[small.next]?.kind === 'ordinal';
  if (!tail || tail.digits.length > 2 || isOrdinalScale || !mayFill(parts, start, tail, start > from)) {
    return { digits: `${small.digits}00`, literal: `${small.literal}00`, next: from };
  }
  return {
    digits: small.digits + tail.digits.padStart(2, '0'),
    literal: `${small.literal}00${tail.literal}`,
    next: tail.next,
  };
}

/** One digit, a teen, or a ten with the digit after it; digits as they are written. */
function readSmall(parts: readonly Part[], at: number): Group {
  const part = parts[at];
  const next = at + 1;
  switch (part?.kind) {
    case 'unit':
      return { digits: part.digit, literal: part.digit, next };
    case 'digits':
    case 'teen':
    case 'ordinal':
      return { digits: part.digits, literal: part.digits, next };
    case 'ten': {
      const after = parts[next];
      const unit = after?.kind === 'unit' ? after.digit : after?.kind === 'ordinal' ? after.digits : '0';
      if (unit === '0' || unit.length > 1) return { digits: part.digits, literal: part.digits, next };
      return { digits: part.digits.slice(0, 1) + unit, literal: part.digits + unit, next: next + 1 };
    }
    default:
      return { digits: '', literal: '', next };
  }
}

function isSmall(part: Part | undefined): boolean {
  switch (part?.kind) {
    case 'unit':
    case 'teen':
    case 'ten':
    case 'ordinal':
      return true;
    default:
      return false;
  }
}

/** The zeros of a scale word, "thousandth" among them; 0 when there is none. */
function scaleAt(parts: readonly Part[], at: number): number {
  const part = parts[at];
  if (part?.kind === 'scale') return part.zeros;
  return part?.kind === 'ordinal' && part.digits.length > 2 ? part.digits.length - 1 : 0;
}
