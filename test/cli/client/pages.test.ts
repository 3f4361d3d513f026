import { expect, test } from 'vitest';
import { followPages, type Page, type Portion } from '../../../src/cli/client/pages.ts';

/** A list of so many numbers, served by cursor; remembers what was asked. */
function listOf(total: number, asked: { limit: number; cursor: string | undefined }[] = []) {
  return ({ limit, cursor }: { limit: number; cursor: string | undefined }): Promise<Page<number>> => {
    asked.push({ limit, cursor });
    const from = Number(cursor ?? 0);
    const items = Array.from({ length: Math.min(limit, total - from) }, (_, index) => from + index);
    const next = from + items.length;
    return Promise.resolve({ items, ...(next < total ? { next: String(next) } : {}) });
  };
}

async function collect(portions: AsyncIterable<Portion<number>>): Promise<{ items: number[]; isCut: boolean }> {
  const seen = { items: [] as number[], isCut: false };
  for await (const { items, isCut } of portions) {
    seen.items.push(...items);
    seen.isCut ||= isCut;
  }
  return seen;
}

test('a short list is one page and not cut', async () => {
  expect(await collect(followPages(100, listOf(3)))).toEqual({ items: [0, 1, 2], isCut: false });
});

test('no more is asked for than was wanted, and that there is more is said', async () => {
  const asked: { limit: number; cursor: string | undefined }[] = [];

  const { items, isCut } = await collect(followPages(600, listOf(2000, asked)));

  expect(items).toHaveLength(600);
  expect(isCut).toBe(true);
  expect(asked).toEqual([
    { limit: 500, cursor: undefined },
    { limit: 100, cursor: '500' },
  ]);
});

test('everything is every page', async () => {
  const { items, isCut } = await collect(followPages(Infinity, listOf(1234)));

  expect(items).toEqual(Array.from({ length: 1234 }, (_, index) => index));
  expect(isCut).toBe(false);
});

test('a list that ends just at the limit is not called cut', async () => {
  expect((await collect(followPages(3, listOf(3)))).isCut).toBe(false);
});

test('a node that gives more than was asked for is cut to size', async () => {
  const generous = (): Promise<Page<number>> => Promise.resolve({ items: [1, 2, 3, 4], next: 'x' });

  expect(await collect(followPages(2, generous))).toEqual({ items: [1, 2], isCut: true });
});
