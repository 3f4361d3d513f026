import { expect, test } from 'vitest';
import { renderMetrics } from '../../src/supervisor/exposition.ts';

test('samples of one name stand together under one type line', () => {
  const text = renderMetrics([
    { name: 'b_total', kind: 'counter', labels: { reason: 'late' }, value: 2 },
    { name: 'a', kind: 'gauge', labels: {}, value: 1 },
    { name: 'b_total', kind: 'counter', labels: { reason: 'lost' }, value: 3 },
  ]);

  expect(text).toBe(
    '# TYPE a gauge\na 1\n# TYPE b_total counter\nb_total{reason="late"} 2\nb_total{reason="lost"} 3\n',
  );
});

test('a label value cannot end its own quotes', () => {
  const text = renderMetrics([{ name: 'a', kind: 'gauge', labels: { x: '"} 1\nevil 1' }, value: 1 }]);

  expect(text.split('\n')).toHaveLength(3);
  expect(text).toContain('a{x="\\"} 1\\nevil 1"} 1');
});
