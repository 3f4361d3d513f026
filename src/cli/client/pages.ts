/** Follows the pages of a list until enough was seen; the last one says whether there is more. */

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string | undefined;
}

export interface Portion<Item> {
  readonly items: readonly Item[];
  /** There is more, and nobody asked for it. */
  readonly isCut: boolean;
}

/** The most a node gives at once. */
const MAX_PAGE = 500;

/** Portions of at most `limit` items in all; `limit` Infinity for everything. */
export async function* followPages<Item>(
  limit: number,
  fetchPage: (page: { readonly limit: number; readonly cursor: string | undefined }) => Promise<Page<Item>>,
): AsyncGenerator<Portion<Item>> {
  let left = limit;
  let cursor: string | undefined;
  do {
    const { items, next } = await fetchPage({ limit: Math.min(left, MAX_PAGE), cursor });
    left -= items.length;
    cursor = next;
    yield { items: items.slice(0, items.length + Math.min(left, 0)), isCut: next !== undefined && left <= 0 };
  } while (cursor !== undefined && left > 0);
}
