import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EpochChains } from '../../../../src/governance/ledger/epoch-chains.ts';
import {
  exportFooter,
  exportHeader,
  readExport,
  readLines,
  type ExportScope,
} from '../../../../src/governance/ledger/verify/export-file.ts';
import { exportRow } from '../../../../src/governance/ledger/verify/exported-row.ts';
import type { EntryRow } from '../../../../src/store/schema.ts';
import { leaseOpen, releaseRequest } from '../entries.ts';

const NOW = { at_ms: Date.UTC(2026, 10, 10), mono_us: 1 };
const chains = new EpochChains({
  epoch: { node: 'n1', epoch: `p_${'1'.repeat(32)}`, month: 202611, opened_ms: 1 },
  software: 's',
  previous: new Map(),
});
const rows = [leaseOpen(), releaseRequest()].flatMap((body) => chains.place('acme', body, NOW, NOW));

function write(scope: ExportScope, exported: readonly EntryRow[] = rows): string[] {
  const lines = [exportHeader(scope), ...exported.map(exportRow), exportFooter(exported.length)];
  return lines.map((line) => JSON.stringify(line));
}

async function* inChunks(text: string, size = 1000): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield await Promise.resolve(text.slice(at, at + size));
}

async function read(lines: readonly string[], chunk = 1000): Promise<{ scope: ExportScope; rows: EntryRow[] }> {
  const text = lines.map((line) => `${line}\n`).join('');
  const found = await readExport(readLines(inChunks(text, chunk)));
  const list: EntryRow[] = [];
  for await (const row of found.rows) list.push(row);
  return { scope: found.scope, rows: list };
}

describe('an export', () => {
  test.each<[ExportScope]>([['all'], [['acme']], [['acme', 'globex']]])(
    'of %j says so and holds its rows',
    async (scope) => {
      expect(await read(write(scope))).toEqual({ scope, rows });
    },
  );

  test('is read the same however it arrives in pieces', async () => {
    for (const size of [1, 7, 64, 100_000]) expect(await read(write('all'), size)).toEqual({ scope: 'all', rows });
  });

  test('without a first line claims to be the whole ledger, and needs no last line', async () => {
    expect(await read(rows.map((row) => JSON.stringify(exportRow(row))))).toEqual({ scope: 'all', rows });
    expect(await read([])).toEqual({ scope: 'all', rows: [] });
  });

  test('that breaks off anywhere is not taken for a whole one', async () => {
    const lines = write(['acme']);
    for (let kept = 1; kept < lines.length; kept += 1) {
      await expect(read(lines.slice(0, kept))).rejects.toMatchObject({ code: 'CUT_SHORT' });
    }
    await expect(read(lines.toSpliced(2, 1))).rejects.toMatchObject({ code: 'CUT_SHORT' });
  });

  test('of another format is refused, and so is a line that is no entry, with its number', async () => {
    const lines = write('all');

    await expect(read(['{"export":"earshot/ledger/v9","scope":"all"}'])).rejects.toMatchObject({
      code: 'NOT_AN_EXPORT',
    });
    await expect(read(['{"export":"earshot/ledger/v1","scope":[]}'])).rejects.toMatchObject({ code: 'NOT_AN_EXPORT' });
    await expect(read(lines.with(2, 'nonsense'))).rejects.toThrow('line 3');
    await expect(read(lines.with(2, '{}'))).rejects.toThrow('line 3');
    await expect(read([...lines, lines[1]!])).rejects.toThrow('follows the end');
    await expect(read(['nonsense'])).rejects.toThrow('line 1');
  });

  test('with a line that never ends is refused before it fills the memory', async () => {
    let taken = 0;
    async function* endless(): AsyncGenerator<string> {
      for (;;) {
        taken += 1;
        yield await Promise.resolve('x'.repeat(4096));
      }
    }

    const { rows: none } = await readExport(readLines(endless()));

    await expect(none[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'NOT_AN_ENTRY' });
    expect(taken).toBeLessThan(10);
  });

  test('of noise never throws anything but that it is none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.string(), fc.json(), fc.constantFrom(...write('all')))), async (lines) => {
        const outcome = await read(lines.map((line) => line.replaceAll('\n', ' '))).then(
          () => 'read',
          (thrown: unknown) => (thrown as Error).name,
        );

        expect(['read', 'ExportError']).toContain(outcome);
      }),
    );
  });
});
