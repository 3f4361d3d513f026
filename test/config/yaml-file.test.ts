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
  expect(config.interfaces[0]?.sip).toEqual([{ transport: 'udp', address: '127.0.0.1', port: 5060 }]);
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

test('a file of many keys, or of many aliases, keeps nobody busy for longer than its length takes', () => {
  const keys = Array.from({ length: 20_000 }, (_, n) => `k${n}: 1`).join('\n');
  const aliases = Array.from({ length: 20_000 }, (_, n) => `- &a${n} x\n- *a${n}`).join('\n');

  const [unknown] = problemsOf(() => readYaml('e.yaml', keys, nodeConfigSchema));
  const [tooMany] = problemsOf(() => readYaml('e.yaml', aliases, nodeConfigSchema));

  expect(unknown?.message).toBe('is not a known key');
  expect(tooMany?.message).toBe('uses too many aliases');
});

test('a key that is said twice is refused where it is said again', () => {
  const problems = problemsOf(() => readYaml('e.yaml', 'log: {level: info}\nnode: a\n"node": b\n', nodeConfigSchema));

  expect(problems).toEqual([{ file: 'e.yaml', line: 3, column: 1, key: 'node', message: 'is said twice' }]);
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

test('a key of the file can neither write to the terminal nor begin a line of its own', () => {
  const refused = (): unknown => readYaml('earshot.yaml', '"\\e[2J\\nearshot: fine": 1\n', nodeConfigSchema);

  expect(refused).toThrow('earshot.yaml:1:1:  [2J earshot: fine: is not a known key');
});

test('what breaks two rules in one place is one problem, and what is not there is missing', () => {
  const tooLarge = problemsOf(() => readYaml('e.yaml', 'call: {maxCalls: 99999999999999999999}\n', nodeConfigSchema));
  const missing = problemsOf(() => readYaml('t.yaml', 'version: 1\ntenants: [{id: a}]\n', documentSchema));

  expect(tooLarge).toHaveLength(1);
  expect(missing.map(({ key, message }) => `${key} ${message}`)).toEqual([
    'tenants[0].match is missing',
    'tenants[0].route is missing',
  ]);
});

test('a file nested beyond reason, or naming an anchor that is not there, says so in one line', () => {
  const deep = problemsOf(() => readYaml('e.yaml', '['.repeat(100_000), nodeConfigSchema));
  const alias = problemsOf(() => readYaml('e.yaml', 'node: *nobody\n', nodeConfigSchema));

  expect(deep.map(({ message }) => message)).toEqual(['is nested too deeply']);
  expect(alias.map(({ message }) => message)).toEqual(['uses an alias that no anchor defines']);
});

test('two interfaces cannot have one name or listen at one place', () => {
  const one = '{name: a, sip: "127.0.0.1:5060", media: {bind: 127.0.0.1, ports: {from: 1000, to: 2000}}}';

  const problems = problemsOf(() => readYaml('e.yaml', `interfaces: [${one}, ${one}]\n`, nodeConfigSchema));

  expect(problems.map(({ key }) => key)).toEqual(['interfaces[1].name', 'interfaces[1].sip']);
});

test('no refusal quotes a password', () => {
  const url = 'postgres://u:hunter2@h/db';
  const texts = [`database: "${url}"`, `database: {owner: ["${url}"]}`, `database: {owner: {url: "${url}"}}`];

  for (const text of texts) {
    const problems = problemsOf(() => readYaml('e.yaml', `${text}\n`, nodeConfigSchema));
    expect(problems.length).toBeGreaterThan(0);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  }
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
