/** What the redaction benchmark found, for people: a table for each set, a line for each type of entity. */

import type { Figures } from '../support/bench.ts';
import { rounded } from '../support/statistics.ts';
import { percent, type Tally } from './score.ts';

/** How a set was said: each a column. */
export type Ways = Readonly<Record<string, Tally>>;

const COLUMN = 15;

export function tableOfTypes(name: string, ways: Ways): string {
  const [whole] = Object.values(ways);
  if (whole === undefined) return '';
  const types = [...whole.types.keys()].sort();
  const heading = ['type', 'spans', ...Object.keys(ways).map((way) => `leak ${way}`), 'value leak', 'full recall'];
  const rows = [...types, 'all'].map((type) => {
    const isWanted = type === 'all' ? undefined : (one: string): boolean => one === type;
    const { spans, leaked, whole: full } = whole.sum(isWanted);
    const leaks = Object.values(ways).map((tally) => tally.leak(isWanted));
    return [type, String(spans), ...[...leaks, percent(leaked, spans), percent(full, spans)].map(shown)];
  });
  const hidden = Object.entries(ways).map(([way, tally]) => `${way} ${shown(tally.falseChars)}`);
  const below = `false redaction, of letters and digits: ${hidden.join(', ')}; rows without anything personal touched: `;
  const touched = Object.entries(ways).map(([way, tally]) => `${way} ${shown(tally.cleanRowsTouched)}`);
  return `${name}, in percent\n${[heading, ...rows].map(line).join('')}${below}${touched.join(', ')}\n\n`;
}

/** The same as figures, of the whole utterance. */
export function figuresOfTypes(tally: Tally): Figures {
  const entries = [...tally.types].map(([type, { spans, chars, left, leaked, whole }]): [string, Figures] => [
    type,
    {
      spans,
      leak: rounded(percent(left, chars)),
      value_leak: rounded(percent(leaked, spans)),
      full_recall: rounded(percent(whole, spans)),
    },
  ]);
  return Object.fromEntries(entries.toSorted(([a], [b]) => a.localeCompare(b)));
}

function line([first = '', ...more]: readonly string[]): string {
  return `  ${first.padEnd(16)}${more.map((text) => text.padStart(COLUMN)).join('')}\n`;
}

function shown(value: number): string {
  return value.toFixed(2);
}
