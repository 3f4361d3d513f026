import { expect, test } from 'vitest';
import { documentSchema } from '../../src/config/document.ts';
import { nodeConfigSchema } from '../../src/config/node-config.ts';
import { ConfigError, type Problem } from '../../src/config/problem.ts';
import { readYaml } from '../../src/config/yaml-file.ts';

test('an unknown key is refused where it stands', () => {
  const problems = problemsOf(() => readYaml('earshot.yaml', 'node: a\nsupervisor:\n  hangMS: 5\n', nodeConfigSchema));

  expect(problems).toEqual([
    { file: 'earshot.yaml', line: 3, column: 3, key: 'supervisor.hangMS', message: 'is not a known key' },
  ]);
});

test('a wrong value is refused with line, column and key', () => {
  const text =
    'interfaces:\n  - name: outside\n    sip: 127.0.0.1:99999\n    media: {bind: 127.0.0.1, ports: {from: 1000, to: 2000}}\n';

  const problems = problemsOf(() => readYaml('earshot.yaml', text, nodeConfigSchema));

  expect(problems).toMatchObject([{ line: 3, column: 10, key: 'interfaces[0].sip' }]);
});

test('YAML that cannot be read says where', () => {
  const problems = problemsOf(() => readYaml('earshot.yaml', 'node: [a\n', nodeConfigSchema));

  expect(problems[0]?.line).toBeGreaterThan(0);
});

test('an empty file means the defaults', () => {
  const config = readYaml('earshot.yaml', '', nodeConfigSchema);

  expect(config.supervisor.hangMs).toBe(10_000);
  expect(config.interfaces[0]?.sip).toEqual({ address: '127.0.0.1', port: 5060 });
});

test('a small file of aliases does not become a large value', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x,x]',
    'b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]',
    'c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]',
    'd: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]',
  ];

  const problems = problemsOf(() => readYaml('earshot.yaml', bomb.join('\n'), nodeConfigSchema));

  expect(problems[0]?.message).toBe('uses too many aliases');
});

test('a tenant that names a processor nobody described is refused', () => {
  const text = [
    'version: 1',
    'tenants:',
    '  - id: acme',
    '    match: {sources: [127.0.0.0/8]}',
    '    route: {ingress: a, egress: a, next: ["sip:127.0.0.1:5070"]}',
    '    processors: [ghost]',
  ].join('\n');

  const problems = problemsOf(() => readYaml('tenants.yaml', text, documentSchema));

  expect(problems).toMatchObject([{ line: 6, key: 'tenants[0].processors[0]' }]);
});

function problemsOf(read: () => unknown): readonly Problem[] {
  try {
    read();
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.problems;
    throw thrown;
  }
  return [];
}
