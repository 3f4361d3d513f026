import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DEFAULT_PLAN, readPlan } from '../../../src/cli/redact/plan.ts';
import { actionFor } from '../../../src/governance/redaction/renderer.ts';

let folder: string;

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'earshot-plan-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function plan(text: string): string {
  const file = join(folder, 'plan');
  writeFileSync(file, text);
  return file;
}

test('without a plan everything is masked but talk of health', () => {
  expect(actionFor('CARD', DEFAULT_PLAN)).toBe('mask');
  expect(actionFor('HEALTH', DEFAULT_PLAN)).toBe('allow');
});

test.each(['{"default":"pseudonym","ORG":"allow","HEALTH":"mask"}', 'default: pseudonym\nORG: allow\nHEALTH: mask\n'])(
  'a plan is JSON or YAML',
  (text) => {
    const { plan: read } = readPlan(plan(text));

    expect(['CARD', 'ORG', 'HEALTH'].map((type) => actionFor(type, read))).toEqual(['pseudonym', 'allow', 'mask']);
  },
);

test.each([
  ['CVV: allow', 'cannot allow'],
  ['PIN: keep_last_four', 'cannot keep_last_four'],
  ['PASSWORD: pseudonym', 'cannot pseudonym'],
  ['OTP: linkable_token', 'cannot linkable_token'],
  ['types: { CVV: allow }', 'cannot allow'],
  ['patterns: [{ type: A, pattern: "(" }]', ':1:32: patterns[0].pattern: is no regular expression'],
  ['card: mask', 'card'],
  ['CARD: shred', 'CARD'],
  ['- CARD', 'plan'],
])('%s is refused', (text, said) => {
  expect(() => readPlan(plan(text))).toThrow(said);
});

test('what hides more than a mask may be wished for what is always masked', () => {
  const { plan: read } = readPlan(plan('CVV: drop_utterance\nPIN: pause_ai\ndefault: pseudonym\n'));

  expect(['CVV', 'PIN', 'OTP'].map((type) => actionFor(type, read))).toEqual(['drop_utterance', 'pause_ai', 'mask']);
});

test('all that a tenant’s document says of redaction is a plan', () => {
  const { plan: read, settings } = readPlan(plan('types: { CARD: mask }\nholdWords: 3\ndeny: [project falcon]\n'));

  expect(['CARD', 'NAME'].map((type) => actionFor(type, read))).toEqual(['mask', 'pseudonym']);
  expect(settings).toMatchObject({ holdWords: 3, deny: ['project falcon'] });
});

test('allowing all by default allows no security code', () => {
  const { plan: read } = readPlan(plan('default: allow'));

  expect(['CARD', 'CVV', 'PIN'].map((type) => actionFor(type, read))).toEqual(['allow', 'mask', 'mask']);
});
