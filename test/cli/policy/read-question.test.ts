import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readQuestion } from '../../../src/cli/policy/read-question.ts';
import { GOLDEN_INPUTS } from '../../../src/governance/policy/golden-inputs.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-question-'));
  file = join(folder, 'input.json');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each(['stream', 'release', 'retain', 'emit'] as const)('which question it is shows in its parts: %s', (name) => {
  writeFileSync(file, JSON.stringify(GOLDEN_INPUTS[name], null, '\t'));

  const { entrypoint, input } = readQuestion(file, undefined);

  expect(entrypoint).toBe(name);
  expect(JSON.parse(Buffer.from(input).toString())).toEqual(GOLDEN_INPUTS[name]);
});

test('where it is said, the input must be one of that question', () => {
  writeFileSync(file, JSON.stringify(GOLDEN_INPUTS.release));

  expect(() => readQuestion(file, 'retain')).toThrow(/retain: is missing/);
});

test('what does not fit the contract is said by line, column and key', () => {
  const text = JSON.stringify(GOLDEN_INPUTS.stream, null, 2).replace('"side"', '"sid"');
  writeFileSync(file, text);
  const line = text.split('\n').findIndex((one) => one.includes('"sid"')) + 1;

  expect(() => readQuestion(file, undefined)).toThrow(`${file}:${line}:5: leg.sid: is not a known key`);
});

test('YAML is read as well as JSON', () => {
  const { call, ...rest } = GOLDEN_INPUTS.retain;
  writeFileSync(
    file,
    `# kept?\ncall: ${JSON.stringify(call)}\n${Object.entries(rest)
      .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
      .join('\n')}\n`,
  );

  expect(readQuestion(file, undefined).entrypoint).toBe('retain');
});

test('more than a call could be asked with is refused', () => {
  const labels = Object.fromEntries(Array.from({ length: 700 }, (_, index) => [`x${index}`, 'y'.repeat(100)]));
  writeFileSync(file, JSON.stringify({ ...GOLDEN_INPUTS.retain, call: { ...GOLDEN_INPUTS.retain.call, labels } }));

  expect(() => readQuestion(file, undefined)).toThrow('is larger than an input may be');
});
