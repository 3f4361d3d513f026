/** A result as lines for people: a name and a figure each, groups indented. */

import type { BenchResult, Figures } from './bench.ts';

export function tableOf(result: BenchResult): string {
  return `${linesOf(result, '').join('\n')}\n`;
}

function linesOf(figures: Figures, indent: string): string[] {
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  return Object.entries(figures).flatMap(([name, figure]) =>
    typeof figure === 'object'
      ? [`${indent}${name}`, ...linesOf(figure, `${indent}  `)]
      : [`${indent}${name.padEnd(width)}  ${figure}`],
  );
}
