/** A list as a table for people or one JSON object a line for programs, page by page as it comes. */

import type { Portion } from '../client/pages.ts';
import { plainJson } from './plain.ts';
import { Table, type Column } from './table.ts';
import type { Terminal } from './terminal.ts';

export async function printList<Item>(
  terminal: Terminal,
  portions: AsyncIterable<Portion<Item>>,
  shown: {
    readonly columns: readonly Column<Item>[];
    readonly json: boolean;
    /** Said when there is nothing, such as `no calls`. */
    readonly nothing: string;
  },
): Promise<void> {
  const table = new Table(shown.columns);
  let isEmpty = true;
  for await (const { items, isCut } of portions) {
    isEmpty &&= items.length === 0;
    const text = shown.json ? items.map((item) => `${plainJson(item)}\n`).join('') : table.render(items);
    if (text !== '' && !(await terminal.print(text))) return;
    if (isCut) terminal.note('there are more: --limit N or --all shows them');
  }
  if (isEmpty && !shown.json) terminal.note(shown.nothing);
}

/** A list that comes as a whole. */
export async function* whole<Item>(page: Promise<{ readonly items: readonly Item[] }>): AsyncGenerator<Portion<Item>> {
  const { items } = await page;
  yield { items, isCut: false };
}
