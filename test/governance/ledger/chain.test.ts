import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Chain, fitsEntry, receiptOf } from '../../../src/governance/ledger/chain.ts';
import { leafOf, NO_LEAF } from '../../../src/governance/ledger/leaf.ts';
import type { EntryBody } from '../../../src/model/evidence.ts';
import { leaseOpen, read } from './entries.ts';

const NAME = { log: 'acme', node: 'n1', epoch: `p_${'1'.repeat(32)}`, month: 202611 };
const NOW = { at_ms: 1_793_000_000_000, mono_us: 5 };
const OPEN: EntryBody = { kind: 'epoch.open', software: 'earshot test' };

test('a leaf is SHA-256 over a zero byte and the entry', () => {
  expect(leafOf(Buffer.from('abc')).toString('hex')).toBe(createHash('sha256').update('\0abc').digest('hex'));
  expect(leafOf(Buffer.alloc(0)).toString('hex')).toBe(
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  );
});

test('places are contiguous from zero and every entry names the leaf before it', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 20 }), (routes) => {
      const chain = new Chain(NAME);
      const rows = [chain.add(OPEN, NOW), ...routes.map((route) => chain.add(read(`r${route.length}`), NOW))];

      rows.forEach((row, index) => {
        const entry = JSON.parse(row.raw.toString()) as { seq: number; prev: string };
        const before = rows[index - 1]?.leaf ?? NO_LEAF;
        expect(row.seq).toBe(index);
        expect(entry.seq).toBe(index);
        expect(entry.prev).toBe(before.toString('hex'));
        expect(row.leaf.equals(leafOf(row.raw))).toBe(true);
      });
    }),
  );
});

test('a chain begins with epoch.open, and has no second one', () => {
  expect(() => new Chain(NAME).add(read(), NOW)).toThrow('begins with epoch.open');
  const chain = new Chain(NAME);
  chain.add(OPEN, NOW);
  expect(() => chain.add(OPEN, NOW)).toThrow('begins with epoch.open');
});

test('a closed chain takes nothing more', () => {
  const chain = new Chain(NAME);
  chain.add(OPEN, NOW);
  chain.add({ kind: 'epoch.close', entries: 2 }, NOW);

  expect(() => chain.add(read(), NOW)).toThrow('closed chain');
});

test('an entry that cannot be written takes no place', () => {
  const chain = new Chain(NAME);
  chain.add(OPEN, NOW);
  const head = chain.length;

  expect(() => chain.add(read('x'.repeat(5000)), NOW)).toThrow('larger');

  expect(chain.length).toBe(head);
  expect(chain.add(read(), NOW).seq).toBe(1);
});

test('the columns beside an entry repeat what it says', () => {
  const chain = new Chain(NAME);
  chain.add(OPEN, NOW);

  const row = chain.add(leaseOpen(7), NOW);

  expect(row).toMatchObject({ kind: 'lease.open', processor: 'ears', from_ms: 0, through_ms: 20_000, month: 202611 });
  expect(row).toMatchObject({ release: null, captured_through_ms: null, voided_seq: null, at_ms: NOW.at_ms });
  expect(receiptOf(row)).toEqual({ log: 'acme', epoch: NAME.epoch, seq: 1, leaf: row.leaf.toString('hex') });
});

test('whatever fits at the widest place fits at every place', () => {
  fc.assert(
    fc.property(fc.integer({ min: 3400, max: 4096 }), (length) => {
      const body = read('x'.repeat(length));
      const chain = new Chain(NAME);
      chain.add(OPEN, NOW);

      if (fitsEntry(body, NAME.log, NAME.node)) expect(chain.add(body, NOW).raw.length).toBeLessThanOrEqual(4096);
      else expect(length).toBeGreaterThan(3500);
    }),
  );
});
