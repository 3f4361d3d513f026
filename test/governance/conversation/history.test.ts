import { expect, test } from 'vitest';
import { asProcessorId } from '../../../src/base/ids.ts';
import { History } from '../../../src/governance/conversation/history.ts';

const writer = asProcessorId('writer');
const other = asProcessorId('other');

test('a processor is reminded only of what it was sent itself', () => {
  const history = new History();
  history.add(writer, { role: 'customer', text: 'hello' });
  history.add(other, { role: 'agent', text: 'only for the other' });

  expect(history.of(writer)).toEqual([{ role: 'customer', text: 'hello' }]);
  expect(history.of(asProcessorId('third'))).toEqual([]);
});

test('the newest twelve turns are kept', () => {
  const history = new History();

  for (let turn = 0; turn < 20; turn += 1) history.add(writer, { role: 'agent', text: String(turn) });

  expect(history.of(writer).map(({ text }) => text)).toEqual(
    Array.from({ length: 12 }, (_, index) => String(index + 8)),
  );
});

test('the newest turns are kept up to six thousand characters, and a turn longer than that is not', () => {
  const history = new History();

  for (const size of [2000, 2500, 3000]) history.add(writer, { role: 'agent', text: 'x'.repeat(size) });
  history.add(other, { role: 'agent', text: 'x'.repeat(6001) });

  expect(history.of(writer).map(({ text }) => text.length)).toEqual([2500, 3000]);
  expect(history.of(other)).toEqual([]);
});

test('processors are bounded', () => {
  const history = new History();

  for (let index = 0; index < 100; index += 1) history.add(asProcessorId(`p${index}`), { role: 'agent', text: 'x' });

  expect(history.of(asProcessorId('p0'))).toHaveLength(1);
  expect(history.of(asProcessorId('p99'))).toEqual([]);
});
