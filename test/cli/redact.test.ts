import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addRedact } from '../../src/cli/redact.ts';
import { redactRows, redactText } from '../../src/cli/redact/run.ts';
import { DEFAULT_PLAN } from '../../src/cli/redact/plan.ts';
import { systemTerminal } from '../../src/cli/terminal/terminal.ts';
import type { Detector } from '../../src/governance/redaction/detect/detector.ts';
import { runCommand } from './scripted-terminal.ts';

const SECRETS = ['4111', '1111 1111', 'anna.berg', 'anna dot berg', 'CANARY'];
const CARD = 'my card number is 4111 1111 1111 1111 okay';
const MAIL = 'write to anna dot berg at example dot com please';

let folder: string;

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'earshot-redact-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function file(text: string | Buffer): string {
  const path = join(folder, 'input');
  writeFileSync(path, text);
  return path;
}

/** The command with its standard input; `readers` is how often somebody takes what is printed. */
async function redactFrom(
  args: readonly string[],
  input: Iterable<string>,
  { printed = [], readers = Infinity }: { readonly printed?: string[]; readonly readers?: number } = {},
): Promise<string> {
  const program = new Command().exitOverride();
  const terminal = {
    ...systemTerminal,
    print: (text: string) => Promise.resolve(printed.push(text) < readers),
  };
  addRedact(program, terminal, () => Readable.from(input, { highWaterMark: 1 }));
  await program.parseAsync(['node', 'earshot', 'redact', ...args]);
  return printed.join('');
}

test('a text comes back line by line with its layout, without what is personal', async () => {
  const { out, thrown } = await runCommand(['redact', file(`hello there\n\n  ${CARD}\n${MAIL}\n`)]);

  expect(thrown).toBeUndefined();
  expect(out).toBe('hello there\n\n  my card number is [CARD] okay\nwrite to [EMAIL] please\n');
});

test('a number goes on over the end of a line', async () => {
  const { out } = await runCommand(['redact', file('my card number is 4111 1111\n1111 1111\nthank you very much\n')]);

  expect(out).toBe('my card number is [CARD]\nthank you very much\n');
});

test('standard input is read where no file is named', async () => {
  expect(await redactFrom([], [`${CARD}\n`])).toBe('my card number is [CARD] okay\n');
});

test('rows answer as they come, in step with who reads', async () => {
  const printed: string[] = [];
  const printedWhenAsked: number[] = [];
  function* rows(): Generator<string> {
    for (let id = 0; id < 5; id += 1) {
      printedWhenAsked.push(printed.length);
      yield `{"id": ${id}, "text": "hello"}\n`;
    }
  }

  await redactFrom(['--jsonl'], rows(), { printed });

  expect(printed).toHaveLength(5);
  expect(printedWhenAsked.at(-1)).toBeGreaterThanOrEqual(2);
});

test('who stops reading is no failure, and ends it', async () => {
  let read = 0;
  function* endless(): Generator<string> {
    for (;;) yield `{"id": ${(read += 1)}, "text": "hello"}\n`;
  }

  await redactFrom(['--jsonl'], endless(), { readers: 3 });

  expect(read).toBeLessThan(100);
});

test('the plan says how it is written', async () => {
  const plan = join(folder, 'plan.yaml');
  writeFileSync(plan, 'default: pseudonym\nEMAIL: allow\n');

  const { out } = await runCommand(['redact', '--plan', plan, file(`${CARD}\n${MAIL}\n`)]);

  expect(out).toContain('[CARD_1]');
  expect(out).toContain('anna dot berg at example dot com');
});

test('explained and streamed for people, nothing hidden is shown', async () => {
  const input = file(`${CARD}\n${MAIL}\n`);

  const explained = await runCommand(['redact', '--explain', input]);
  const streamed = await runCommand(['redact', '--stream', input]);
  const both = await runCommand(['redact', '--stream', '--explain', input]);

  expect(explained.out).toMatch(/^my card number is \[CARD\] okay\n {4}\[CARD\] +CARD +\S+ +[\d.]+ +18-37 +held \d/);
  expect(explained.out).toMatch(/words shown, held [\d.]+ s in the mean, p95 /);
  expect(streamed.out).toMatch(/^ +AT +HELD +RELEASED/);
  expect(streamed.out).toContain('card (0.25 s)');
  expect(both.out).toMatch(/\[EMAIL\] +EMAIL/);
  for (const { out } of [explained, streamed, both]) {
    for (const secret of SECRETS) expect(out).not.toContain(secret);
  }
});

test('after speech that was not heard, every digit is hidden at first', async () => {
  const input = file('one one one one and thanks\n');

  const heard = await runCommand(['redact', input]);
  const resumed = await runCommand(['redact', '--resumed', input]);

  expect(resumed.out).not.toContain('one');
  expect(resumed.out).toContain('thanks');
  expect(heard.thrown).toBeUndefined();
});

test('what was asked for is an option of texts, and a word of each row', async () => {
  const asked = await runCommand(['redact', '--asked', 'password', file('rosebud\n')]);
  const none = await runCommand(['redact', '--asked', 'CANARY', file('rosebud\n')]);
  const both = await runCommand(['redact', '--jsonl', '--asked', 'name', file('')]);

  expect(asked.out).not.toContain('rosebud');
  expect(none.notes.join()).toContain('Allowed choices are card, cvv');
  expect(String(both.thrown)).toContain('every row says it for itself');
});

const GOOD = '{"id": 1, "text": "hello"}\n';

test.each([
  ['text that is no JSON', `${GOOD}CANARY 4111 1111 1111 1111\n`, 'line 2: is not JSON'],
  ['half a row', `${GOOD}\n{"text": "CANARY\n`, 'line 3: is not JSON'],
  ['a row without text', `${GOOD}{"id": "CANARY"}\n`, 'line 2: has no "text"'],
  ['a question nobody knows', `{"text": "CANARY", "asked": "CANARY"}`, 'line 1: "asked" is none of card, cvv'],
  ['a line over its limit', `${GOOD}{"text": "${'CANARY'.repeat(12_000)}"}\n`, 'line 2: is longer than 65536 bytes'],
  ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00, 0x0a]), 'line 1: is not JSON'],
])('%s ends it with the line and none of its words', async (_, input, said) => {
  const outcome = await runCommand(['redact', '--jsonl', file(input)]);

  expect(String(outcome.thrown)).toContain(`${join(folder, 'input')}: ${said}`);
  expect(String(outcome.thrown instanceof Error ? outcome.thrown.stack : '')).not.toContain('CANARY');
  expect(JSON.stringify(outcome.thrown)).not.toContain('CANARY');
  expect(outcome.thrown).not.toHaveProperty('cause');
  for (const secret of SECRETS) expect(outcome.out + outcome.notes.join()).not.toContain(secret);
  expect(outcome.out).toBe(String(input).startsWith(GOOD) ? '{"id":1,"text":"hello","spans":[]}\n' : '');
});

test('a text with a line over the limit is redacted up to it', async () => {
  const { out, thrown } = await runCommand(['redact', file(`${CARD}\nthank you\n${'CANARY '.repeat(10_000)}\n`)]);

  expect(String(thrown)).toContain('line 3: is longer');
  expect(String(thrown)).not.toContain('CANARY');
  expect(out).toMatch(/^my card number/);
  for (const secret of SECRETS) expect(out).not.toContain(secret);
});

test('a file or plan that is not there is said by its name', async () => {
  const none = await runCommand(['redact', join(folder, 'none')]);
  const noPlan = await runCommand(['redact', '--plan', join(folder, 'none'), file('')]);

  expect(String(none.thrown)).toContain(`${join(folder, 'none')}: does not exist`);
  expect(String(noPlan.thrown)).toContain('does not exist');
});

test.each([redactRows, redactText])(
  'a detector that throws ends it with a word, and what it threw goes nowhere',
  async (redact) => {
    const failing: Detector = ({ tokens }) => {
      throw new TypeError(`cannot read ${tokens[0]?.text ?? ''}`);
    };
    const options = { plan: DEFAULT_PLAN, resumed: false, isStreamed: false, isExplained: false, asked: undefined };
    const source = { name: 'it', chunks: Readable.from([Buffer.from('{"text": "CANARY"}')]) };

    const thrown: unknown = await redact(systemTerminal, source, { ...options, detectors: [failing] }).catch(
      (error: unknown) => error,
    );

    expect(String(thrown)).toContain('it: line 1: could not be redacted (TypeError)');
    expect(thrown).not.toHaveProperty('cause');
    expect(thrown instanceof Error && thrown.stack).not.toContain('CANARY');
  },
);

test('empty input is no error', async () => {
  expect(await runCommand(['redact', file('')])).toMatchObject({ out: '', thrown: undefined });
  expect(await runCommand(['redact', '--jsonl', file('\n\n')])).toMatchObject({ out: '', thrown: undefined });
});

test('a plan that drops utterances prints each when it is over, whole or not at all', async () => {
  const plan = join(folder, 'plan');
  writeFileSync(plan, 'default: allow\nCARD: drop_utterance\n');
  const text = `hello there\n\n  so ${CARD}\nthank you\n\nwrite to j@example.com\n`;

  for (const how of [[], ['--stream', '--explain']]) {
    const { out } = await runCommand(['redact', '--plan', plan, ...how, file(text)]);
    if (how.length === 0) expect(out).toBe('hello there\n\n  [UTTERANCE]\n\nwrite to j@example.com\n');
    expect(out).toContain('[UTTERANCE]');
    expect(out).not.toMatch(/4111|1111|thank/);
  }
  const { out } = await runCommand(['redact', '--jsonl', '--plan', plan, file(`{"text": "${CARD}"}\n`)]);
  expect(JSON.parse(out)).toEqual({ text: '[UTTERANCE]', spans: [{ s: 0, e: CARD.length, t: 'UTTERANCE' }] });
});

test('a tenant’s own words, and a key for tokens', async () => {
  const [plan, key] = [join(folder, 'plan'), join(folder, 'key')];
  writeFileSync(
    plan,
    'default: linkable_token\ndeny: [project falcon]\npatterns: [{ type: TICKET, pattern: "t-[0-9]+" }]\n',
  );
  writeFileSync(key, 'ab'.repeat(32), { mode: 0o600 });

  const { out } = await runCommand(['redact', '--plan', plan, '--link-key', key, file(`${CARD} project falcon T-77`)]);

  expect(out).toMatch(/^my card number is \[CARD_k1\.[a-z2-7]{16}\] okay \[DENIED_1\] \[TICKET_1\]$/);
});
