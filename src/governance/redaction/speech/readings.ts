/**
 * Reads the parts of a run as digits and letters: "double four two hundred and six" is 44 206. Several readings may be
 * right ("twenty four" is 24 or 20 4); the first is the likeliest. What is masked never depends on which one wins.
 */

import { readCardinal } from './cardinal.ts';
import type { Part } from './run-members.ts';

/** Some parts and what they may stand for, likeliest first. */
type Piece = readonly string[];

/** Readings multiply with each doubt; so many are looked at. */
const MAX_READINGS = 24;

/** The likeliest reading: lower-case letters and digits. */
export function readText(parts: readonly Part[]): string {
  let text = '';
  for (let at = 0; at < parts.length;) {
    const { piece, next } = pieceAt(parts, at);
    text += piece[0] ?? '';
    at = next;
  }
  return text;
}

/** All readings up to a limit, the likeliest first. */
export function readingsOf(parts: readonly Part[]): readonly string[] {
  let readings: string[] = [''];
  for (let at = 0; at < parts.length;) {
    const { piece, next } = pieceAt(parts, at);
    const several = readings.length * piece.length <= MAX_READINGS ? piece : piece.slice(0, 1);
    readings = several.flatMap((text) => readings.map((before) => before + text));
    at = next;
  }
  return [...new Set(readings)];
}

function pieceAt(parts: readonly Part[], at: number): { readonly piece: Piece; readonly next: number } {
  const part = parts[at];
  if (part === undefined) return { piece: [''], next: at + 1 };
  switch (part.kind) {
    case 'word':
      return { piece: [part.letters], next: at + 1 };
    case 'letter':
      return { piece: [part.letter], next: at + 1 };
    case 'repeat':
      return repeatAt(parts, at, part.times);
    case 'homophone':
      return { piece: homophone(part, parts[at - 1], parts[at + 1]), next: at + 1 };
    case 'unit':
      if (part.letter !== undefined) return { piece: nought(part.letter, parts[at - 1], parts[at + 1]), next: at + 1 };
      return readCardinal(parts, at);
    case 'digits':
    case 'teen':
    case 'ten':
    case 'scale':
    case 'ordinal':
      return readCardinal(parts, at);
    default:
      return { piece: [''], next: at + 1 };
  }
}

/** "Double four", "triple 7", "double u". Of a ten it is said too seldom to know what is meant. */
function repeatAt(parts: readonly Part[], at: number, times: number): { readonly piece: Piece; readonly next: number } {
  const after = parts[at + 1];
  switch (after?.kind) {
    case 'unit':
      return { piece: [after.digit.repeat(times)], next: at + 2 };
    case 'digits':
      return { piece: [after.digits.length === 1 ? after.digits.repeat(times) : after.digits], next: at + 2 };
    case 'ten':
    case 'teen':
      return { piece: [after.digits, after.digits.repeat(times)], next: at + 2 };
    case 'letter':
    case 'homophone': {
      const sign = after.letter ?? digitOf(after);
      const repeated = sign.repeat(times);
      return { piece: sign === 'u' && times === 2 ? ['w', repeated] : [repeated], next: at + 2 };
    }
    default:
      return { piece: [''], next: at + 1 };
  }
}

function digitOf(part: Extract<Part, { kind: 'letter' | 'homophone' }>): string {
  return part.kind === 'homophone' ? (part.digit ?? '') : '';
}

/** "To" is a digit between digits that were said, "see" a letter beside a letter; written digits leave it a word. */
function homophone(
  part: Extract<Part, { kind: 'homophone' }>,
  before: Part | undefined,
  after: Part | undefined,
): Piece {
  if (part.digit !== undefined) return isSpoken(before) && isSpoken(after) ? [part.digit, ''] : ['', part.digit];
  const letter = part.letter ?? '';
  return maySpell(before) || maySpell(after) ? [letter, ''] : ['', letter];
}

function nought(letter: string, before: Part | undefined, after: Part | undefined): Piece {
  return isLetter(before) && isLetter(after) ? [letter, '0'] : ['0', letter];
}

function isSpoken(part: Part | undefined): boolean {
  return part !== undefined && (part.kind !== 'digits' || part.digits.length === 1);
}

/** Two sounds of letters beside each other spell. */
function maySpell(part: Part | undefined): boolean {
  return isLetter(part) || (part?.kind === 'homophone' && part.letter !== undefined);
}

function isLetter(part: Part | undefined): boolean {
  return part?.kind === 'letter' || part?.kind === 'word';
}

/** Whether all of it is one number as numbers are counted: "two hundred and five", "42". */
export function isCardinalRun(parts: readonly Part[]): boolean {
  switch (parts[0]?.kind) {
    case 'digits':
    case 'unit':
    case 'teen':
    case 'ten':
    case 'scale':
      return readCardinal(parts, 0).next >= parts.length;
    default:
      return false;
  }
}
