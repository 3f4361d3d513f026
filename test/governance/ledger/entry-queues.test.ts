import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EntryQueues, type Purpose, type Waiting } from '../../../src/governance/ledger/entry-queues.ts';
import { read } from './entries.ts';

const LIMITS = { grants: 4, urgent: 8, notes: 6, total: 20 };
const NOW = { at_ms: 1, mono_us: 1 };

function entry(log: string, route: string, purpose: Purpose = 'grant'): Waiting {
  return { log, body: read(route), instant: NOW, purpose, settle: () => true, fail: () => undefined };
}

function routes(taken: readonly Waiting[]): string[] {
  return taken.map(({ body }) => (body.kind === 'read' ? body.route : body.kind));
}

test('logs are served in turn, however much one of them has', () => {
  const queues = new EntryQueues(LIMITS);
  for (const route of ['a1', 'a2', 'a3', 'a4']) queues.offer(entry('a', route));
  queues.offer(entry('b', 'b1'));
  queues.offer(entry('c', 'c1'));

  expect(routes(queues.take(3))).toEqual(['a1', 'b1', 'c1']);
  expect(routes(queues.take(9))).toEqual(['a2', 'a3', 'a4']);
});

test('the turn goes on where the last batch ended', () => {
  const queues = new EntryQueues(LIMITS);
  for (const log of ['a', 'b', 'c']) for (const n of [1, 2]) queues.offer(entry(log, `${log}${n}`));

  expect(routes(queues.take(2))).toEqual(['a1', 'b1']);
  expect(routes(queues.take(2))).toEqual(['c1', 'a2']);
});

test('renewals go before the new grants of the same log', () => {
  const queues = new EntryQueues(LIMITS);
  queues.offer(entry('a', 'grant'));
  queues.offer(entry('a', 'note', 'note'));
  queues.offer(entry('a', 'renewal', 'urgent'));

  expect(routes(queues.take(3))).toEqual(['renewal', 'grant', 'note']);
});

test('past the quota of a log new grants are refused while renewals and other logs are taken', () => {
  const queues = new EntryQueues(LIMITS);
  for (let n = 0; n < 4; n += 1) expect(queues.offer(entry('a', 'x'))).toBe(true);

  expect(queues.offer(entry('a', 'x'))).toBe(false);
  expect(queues.offer(entry('a', 'x', 'urgent'))).toBe(true);
  expect(queues.offer(entry('b', 'x'))).toBe(true);
});

test('nothing but the own book-keeping passes the total', () => {
  const queues = new EntryQueues(LIMITS);
  for (let n = 0; n < 20; n += 1) expect(queues.offer(entry(`log${n}`, 'x'))).toBe(true);

  expect(queues.offer(entry('other', 'x', 'urgent'))).toBe(false);
  expect(queues.offer(entry('system', 'x', 'own'))).toBe(true);
});

test('an entry can be taken back until it is served', () => {
  const queues = new EntryQueues(LIMITS);
  const [first, second] = [entry('a', 'a1'), entry('a', 'a2')];
  queues.offer(first);
  queues.offer(second);

  expect(queues.withdraw(first)).toBe(true);
  expect(routes(queues.take(5))).toEqual(['a2']);
  expect(queues.withdraw(second)).toBe(false);
  expect(queues.size).toBe(0);
});

test('whatever is offered, taken and withdrawn, nothing is lost, doubled or over its limit', () => {
  const purposes = fc.constantFrom<Purpose>('grant', 'urgent', 'note', 'own');
  const step = fc.oneof(
    fc.record({ log: fc.constantFrom('a', 'b', 'c'), purpose: purposes }),
    fc.record({ take: fc.nat(6) }),
    fc.record({ withdraw: fc.nat(30) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const queues = new EntryQueues(LIMITS);
      const inside = new Set<Waiting>();
      steps.forEach((doing, index) => {
        if ('log' in doing) {
          const offered = entry(doing.log, String(index), doing.purpose);
          if (queues.offer(offered)) inside.add(offered);
        } else if ('take' in doing) {
          for (const taken of queues.take(doing.take)) expect(inside.delete(taken)).toBe(true);
        } else {
          const [chosen] = [...inside].slice(doing.withdraw);
          if (chosen && queues.withdraw(chosen)) inside.delete(chosen);
        }
        expect(queues.size).toBe(inside.size);
      });
      expect(new Set(queues.take(Infinity))).toEqual(inside);
    }),
  );
});
