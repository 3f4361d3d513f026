import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { DEFAULT_PLAN } from '../../../src/cli/redact/plan.ts';
import { redactRow, type RowOptions } from '../../../src/cli/redact/rows.ts';

const OPTIONS: RowOptions = {
  plan: DEFAULT_PLAN,
  resumed: false,
  isByWord: false,
  isStreamed: false,
  isExplained: false,
};
const CARD = 'my card number is 4111 1111 1111 1111 okay';

const answer = z.strictObject({
  id: z.union([z.string(), z.number()]).optional(),
  text: z.string(),
  spans: z.array(z.strictObject({ s: z.int(), e: z.int(), t: z.string() })),
  released: z.array(z.strictObject({ text: z.string(), held_ms: z.int().min(0) })).optional(),
  explain: z.array(z.looseObject({ s: z.int(), e: z.int(), rule: z.string(), confidence: z.number() })).optional(),
  delay_ms: z.strictObject({ mean: z.int(), max: z.int() }).optional(),
});

function redact(row: object, options: Partial<RowOptions> = {}): z.infer<typeof answer> {
  const line = redactRow(JSON.stringify(row), { ...OPTIONS, ...options });
  return answer.parse(JSON.parse(typeof line === 'string' ? line : expect.fail(line.reason)));
}

test('a row gets its text back without what is personal, and where that was', () => {
  const { id, text, spans } = redact({ id: 'a', text: CARD, spans: 'of somebody else' });

  expect(id).toBe('a');
  expect(text).toBe('my card number is [CARD] okay');
  expect(spans).toEqual([{ s: 18, e: 37, t: 'CARD' }]);
});

test('streamed, what was released is the text, and what it waited is said', () => {
  const { text, released = [] } = redact({ id: 1, text: CARD }, { isStreamed: true, isByWord: true });

  expect(released.map((piece) => piece.text).join('')).toBe(text);
  expect(released[0]).toEqual({ text: 'my', held_ms: 251 });
});

test('explained, each finding has its rule', () => {
  const { explain = [], delay_ms } = redact({ text: CARD }, { isExplained: true, isByWord: true });

  expect(explain).toEqual([
    expect.objectContaining({ s: 18, e: 37, t: 'CARD', action: 'mask', rule: expect.any(String) as string }),
  ]);
  expect(delay_ms?.max).toBeGreaterThan(0);
});

test('what was asked for is hidden that would not be otherwise', () => {
  expect(redact({ text: 'it was rosebud', asked: 'password' }).text).not.toContain('rosebud');
  expect(redact({ text: 'it was rosebud', asked: null }).text).toContain('rosebud');
});

test('streaming changes neither the text nor the spans, whatever the row', () => {
  const words = fc.constantFrom(
    'my',
    'card',
    'is',
    '4111',
    '1111',
    'four',
    'double',
    'two',
    'at',
    'dot',
    'com',
    'anna',
    '\n',
    ',',
    'é',
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 30 }), (said) => {
      const row = { text: said.join(' ') };
      const streamed = redact(row, { isStreamed: true, isByWord: true });

      expect(streamed).toMatchObject(redact(row));
      expect((streamed.released ?? []).map(({ text }) => text).join('')).toBe(streamed.text);
    }),
    { numRuns: 50 },
  );
});

test('no text at all is a row as well', () => {
  expect(redact({ id: 7, text: '' }, { isStreamed: true, isByWord: true })).toEqual({
    id: 7,
    text: '',
    spans: [],
    released: [],
  });
  expect(redact({ text: ' \n' }).text).toBe(' \n');
});

test.each([
  ['CANARY', 'is not JSON'],
  ['{"text": "CANARY"', 'is not JSON'],
  ['["CANARY"]', 'is no JSON object'],
  ['null', 'is no JSON object'],
  ['{"id": "CANARY"}', 'has no "text"'],
  ['{"text": ["CANARY"]}', '"text" is not a string'],
  ['{"id": {"CANARY": 1}, "text": ""}', '"id" is neither a string nor a number'],
  ['{"text": "CANARY", "asked": "CANARY"}', '"asked" is none of card, cvv, expiry'],
  ['{"text": "CANARY", "asked": "toString"}', '"asked" is none of'],
])('%s is refused without being quoted', (line, reason) => {
  const refusal = redactRow(line, OPTIONS);

  expect(refusal).toMatchObject({ kind: 'refused', reason: expect.stringContaining(reason) as string });
  expect(JSON.stringify(refusal)).not.toContain('CANARY');
});
