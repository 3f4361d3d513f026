/**
 * Reads a row of number symbols as digits: "double four two hundred and six" is 44 206. One plausible reading, for
 * counting and naming; what is masked never depends on which reading wins.
 */

import { unreachable } from '../../base/assert.ts';
import type { NumberSymbol } from './spoken-numbers.ts';

export function readDigits(symbols: readonly NumberSymbol[]): string {
  const parts: string[] = [];
  for (let at = 0; at < symbols.length;) {
    const read = readOne(symbols, at);
    parts.push(read.digits);
    at = read.next;
  }
  return parts.join('');
}

interface Reading {
  readonly digits: string;
  readonly next: number;
}

function readOne(symbols: readonly NumberSymbol[], at: number): Reading {
  const symbol = symbols[at];
  if (symbol === undefined) return { digits: '', next: at + 1 };
  switch (symbol.kind) {
    case 'digits':
      return { digits: symbol.digits, next: at + 1 };
    case 'unit':
    case 'teen':
    case 'ten':
      return readCardinal(symbols, at);
    case 'scale':
      return { digits: `1${'0'.repeat(symbol.zeros)}`, next: at + 1 };
    case 'repeat':
      return readRepeat(symbols, at, symbol.times);
    case 'homophone':
      return { digits: isSpoken(symbols[at - 1]) && isSpoken(symbols[at + 1]) ? symbol.digit : '', next: at + 1 };
    case 'and':
      return { digits: '', next: at + 1 };
    default:
      return unreachable(symbol);
  }
}

function readRepeat(symbols: readonly NumberSymbol[], at: number, times: number): Reading {
  const next = symbols[at + 1];
  const digit =
    next?.kind === 'unit' ? next.digit : next?.kind === 'digits' && next.digits.length === 1 ? next.digits : '';
  return digit === '' ? { digits: '', next: at + 1 } : { digits: digit.repeat(times), next: at + 2 };
}

/** "Two thousand and five", "eight hundred", "forty two": below a million; a lone digit reads as itself. */
function readCardinal(symbols: readonly NumberSymbol[], at: number): Reading {
  const group = readGroup(symbols, at);
  if (!isScale(symbols[group.next], 3)) return group;
  const tail = readTail(symbols, group.next + 1, 3);
  return { digits: group.digits + tail.digits, next: tail.next };
}

/** A number below ten thousand: a small number, and hundreds with what follows them. */
function readGroup(symbols: readonly NumberSymbol[], at: number): Reading {
  const small = readSmall(symbols, at);
  if (!isScale(symbols[small.next], 2)) return small;
  const tail = readTail(symbols, small.next + 1, 2);
  return { digits: small.digits + tail.digits, next: tail.next };
}

/**
 * What fills the zeros of a scale word. A single digit does so only after "and": "eight hundred five five five" is
 * 800 555, as people say freephone numbers.
 */
function readTail(symbols: readonly NumberSymbol[], at: number, zeros: number): Reading {
  const hasAnd = symbols[at]?.kind === 'and';
  const start = hasAnd ? at + 1 : at;
  const first = symbols[start];
  const isNumber = first?.kind === 'ten' || first?.kind === 'teen' || first?.kind === 'unit';
  const tail = !isNumber ? undefined : zeros === 3 ? readGroup(symbols, start) : readSmall(symbols, start);
  const fits = tail !== undefined && tail.digits.length <= zeros && (tail.digits.length > 1 || hasAnd);
  return fits ? { digits: tail.digits.padStart(zeros, '0'), next: tail.next } : { digits: '0'.repeat(zeros), next: at };
}

/** One digit, a teen, or a ten with the digit after it. */
function readSmall(symbols: readonly NumberSymbol[], at: number): Reading {
  const symbol = symbols[at];
  if (symbol?.kind === 'unit') return { digits: symbol.digit, next: at + 1 };
  if (symbol?.kind === 'teen') return { digits: symbol.digits, next: at + 1 };
  if (symbol?.kind !== 'ten') return { digits: '', next: at + 1 };
  const next = symbols[at + 1];
  if (next?.kind !== 'unit' || next.digit === '0') return { digits: symbol.digits, next: at + 1 };
  return { digits: `${symbol.digits.slice(0, 1)}${next.digit}`, next: at + 2 };
}

function isScale(symbol: NumberSymbol | undefined, zeros: 2 | 3): boolean {
  return symbol?.kind === 'scale' && symbol.zeros === zeros;
}

/** Whether a symbol was said as a word that makes the homophone beside it a digit. */
function isSpoken(symbol: NumberSymbol | undefined): boolean {
  return symbol !== undefined && symbol.kind !== 'digits' && symbol.kind !== 'and';
}
