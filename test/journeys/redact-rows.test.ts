/** `earshot redact --jsonl` over so many rows that threads answer them. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from './support/cli.ts';

const ROWS = 6000;

let folder: string;

beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'earshot-rows-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(lines: readonly string[]): string {
  const file = join(folder, 'rows.jsonl');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

function row(id: number): string {
  const digits = String(1000 + id);
  return JSON.stringify({ id, text: `my card number is 4111 1111 1111 ${digits} and I have been here before` });
}

test('every row is answered once, in order, as it would be alone', { timeout: 120_000 }, async () => {
  const { code, stdout } = await runCli([
    'redact',
    '--jsonl',
    fileOf(Array.from({ length: ROWS }, (_, id) => row(id))),
  ]);

  const answers = stdout.trimEnd().split('\n');
  expect(code).toBe(0);
  expect(answers.map((answer) => (JSON.parse(answer) as { id: number }).id)).toEqual(Array.from(answers.keys()));
  expect(answers).toHaveLength(ROWS);
  expect(new Set(answers.map((answer) => answer.replace(/^\{"id":\d+,/, ''))).size).toBe(1);
});

test('a row that cannot be read ends it after those before, with its number', { timeout: 120_000 }, async () => {
  const lines = Array.from({ length: ROWS }, (_, id) => (id === 5500 ? 'CANARY' : row(id)));

  const { code, stdout, stderr } = await runCli(['redact', '--jsonl', fileOf(lines)]);

  expect(code).toBe(1);
  expect(stdout.trimEnd().split('\n')).toHaveLength(5500);
  expect(stderr).toContain('line 5501: is not JSON');
  expect(stdout + stderr).not.toContain('CANARY');
});
