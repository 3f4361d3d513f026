/** Tables for people: a heading, columns as wide as they need to be, nothing that could write to the terminal. */

import { plain } from './plain.ts';

export interface Column<Item> {
  readonly heading: string;
  readonly of: (item: Item) => string;
}

const BETWEEN = '  ';
/** What is longer goes on beyond its column rather than pushing every other row apart. */
const MAX_WIDTH = 48;
const NOTHING = '-';

/** Renders tables of the same columns one below the other: later pages have no heading, and no narrower columns. */
export class Table<Item> {
  readonly #columns: readonly Column<Item>[];
  readonly #widths: number[];
  #hasHeading = false;

  constructor(columns: readonly Column<Item>[]) {
    this.#columns = columns;
    this.#widths = columns.map(({ heading }) => heading.length);
  }

  /** The next rows, each with its line end; nothing for no rows. */
  render(items: readonly Item[]): string {
    if (items.length === 0) return '';
    const rows = items.map((item) => this.#columns.map(({ of }) => cell(of(item))));
    for (const row of rows) {
      row.forEach((text, at) => {
        this.#widths[at] = Math.max(this.#widths[at] ?? 0, Math.min(widthOf(text), MAX_WIDTH));
      });
    }
    const headings = this.#hasHeading ? [] : [this.#columns.map(({ heading }) => heading)];
    this.#hasHeading = true;
    return [...headings, ...rows].map((row) => `${this.#line(row)}\n`).join('');
  }

  #line(row: readonly string[]): string {
    return row
      .map((text, at) => text + ' '.repeat(Math.max((this.#widths[at] ?? 0) - widthOf(text), 0)))
      .join(BETWEEN)
      .trimEnd();
  }
}

/** One table of everything. */
export function renderTable<Item>(columns: readonly Column<Item>[], items: readonly Item[]): string {
  return new Table(columns).render(items);
}

/** Facts about one thing, one to a line; those without a value are left out. */
export function renderFacts(facts: readonly (readonly [string, string | undefined])[]): string {
  const known = facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  const width = Math.max(0, ...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${name.padEnd(width)}${BETWEEN}${cell(value)}\n`).join('');
}

function cell(text: string): string {
  return text === '' ? NOTHING : plain(text);
}

function widthOf(text: string): number {
  return Array.from(text).length;
}
