/** A result as lines for people: a name and a figure each, groups indented. */

import type { BenchResult, Figures } from './bench.ts';

/** Without the figures that have been said. */
export function tableOf(result: BenchResult, said: readonly string[] = []): string {
  const figures = Object.fromEntries(Object.entries(result).filter(([name]) => !said.includes(name)));
  return `${linesOf(figures, '').join('\n')}\n`;
}

function linesOf(figures: Figures, indent: string): string[] {
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  return Object.entries(figures).flatMap(([name, figure]) =>
    typeof figure === 'object'
      ? [`${indent}${name}`, ...groupsOf(figure).flatMap((group) => linesOf(group, `${indent}  `))]
      : [`${indent}${name.padEnd(width)}  ${figure}`],
  );
}

function groupsOf(figure: Figures | readonly Figures[]): readonly Figures[] {
  return Array.isArray(figure) ? (figure as readonly Figures[]) : [figure as Figures];
}
