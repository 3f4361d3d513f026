import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRedactor } from '../../../src/governance/redaction/redactor.ts';
import { CallMemory } from '../../../src/governance/redaction/call-memory.ts';
import { Engine, type Settled } from '../../../src/governance/redaction/engine.ts';
import type { SpeechEvent } from '../../../src/governance/redaction/leg-redactor.ts';
import { DEFAULT_REDACTION } from '../../../src/model/redaction-settings.ts';
import { hearAll, MASKED, NAMED, redact, said, textOf } from './hear.ts';

/** Words that meet every detector half way, and the odd mark between them. */
const word = fc.constantFrom(
  ...(
    'one two four oh zero twenty eleven hundred thousand double triple to for too uh um and ok so a b j hello card ' +
    'phone my is the visa cvv code security social expires march email at dot dash underscore plus gmail com jane ' +
    'smith you me 4 42 4242 4111-1111 555-2671 123-45-6789 +44 (415) j.doe@example.com @ . - , jane@ 4111111111111111 ' +
    "it's Ünïté 你好 ４２ 4\u200b2 😀 9.50 $12 10:30"
  ).split(' '),
);
const transcript = fc.array(word, { maxLength: 60 });
const cuts = fc.array(fc.nat({ max: 60 }), { maxLength: 20 });

function split(words: readonly string[], at: readonly number[]): string[] {
  const edges = [0, ...at.map((cut) => cut % (words.length + 1)).toSorted((a, b) => a - b), words.length];
  return edges.slice(1).map((end, index) => words.slice(edges[index], end).join(' '));
}

test('however results are cut, what comes out is the redaction of the whole', () => {
  fc.assert(
    fc.property(transcript, cuts, (words, at) => {
      const { pieces } = hearAll(split(words, at));

      expect(textOf(pieces)).toBe(redact(words.join(' ')));
    }),
    { numRuns: 250 },
  );
});

test('whatever has come out at any moment is the beginning of the redaction of the whole', () => {
  fc.assert(
    fc.property(transcript, (words) => {
      const whole = redact(words.join(' '));

      const { parts } = hearAll(words);

      let emitted = '';
      for (const part of parts) {
        emitted += part;
        expect(whole.startsWith(emitted)).toBe(true);
      }
    }),
    { numRuns: 150 },
  );
});

test('partial results between final ones change nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(transcript, transcript), { maxLength: 6 }), (results) => {
      const redactor = createRedactor(NAMED, { resumed: false });

      const texts = results.map(([partial, final]) => {
        const early = redactor.push(said(partial.join(' '), 0, false));
        expect(early).toEqual([]);
        return textOf(redactor.push(said(final.join(' '))));
      });

      const finals = results.map(([, final]) => final.join(' ')).join(' ');
      expect(texts.join('') + textOf(redactor.end())).toBe(redact(finals));
    }),
    { numRuns: 100 },
  );
});

test('findings that overlap over several results have the name they have in the whole', () => {
  const results = ['j.doe@example.com', 'one @', 'one 10:30', 'one one a'];

  expect(textOf(hearAll(results).pieces)).toBe(redact(results.join(' ')));
});

/** Hypotheses of one utterance after another, the last of each final, now and then with word times. */
const utterances = fc.array(
  fc.record({
    hypotheses: fc.array(fc.array(word, { maxLength: 16 }), { minLength: 1, maxLength: 4 }),
    isTimed: fc.boolean(),
  }),
  { maxLength: 4 },
);

function eventsOf(said: readonly { hypotheses: readonly (readonly string[])[]; isTimed: boolean }[]): SpeechEvent[] {
  let startMs = 0;
  return said.flatMap(({ hypotheses, isTimed }) => {
    const from = startMs;
    startMs += 4000;
    return hypotheses.map((words, index) => ({
      final: index === hypotheses.length - 1,
      text: words.join(' '),
      startMs: from,
      endMs: from + 250 * words.length,
      words: isTimed ? words.map((_, at) => ({ startMs: from + 250 * at, endMs: from + 250 * at + 200 })) : [],
    }));
  });
}

test('partial results change nothing of what final ones give, but that what they hid stays hidden', () => {
  fc.assert(
    fc.property(utterances, (spoken) => {
      const [alone, ahead] = [new Engine(fresh()), new Engine(fresh())];

      const steps = eventsOf(spoken).map((event): [Settled, Settled] => {
        if (event.final) return [alone.push(event), ahead.push(event)];
        ahead.preview(event).judge();
        return [NOTHING, NOTHING];
      });

      for (const [without, having] of [...steps, [alone.end(), ahead.end()] as const]) {
        expect(having.tokens).toEqual(without.tokens);
        expect(having.findings.filter(({ rule }) => rule !== 'partial.sticky')).toEqual(without.findings);
        const hidden = having.findings.flatMap(({ start, end }) =>
          Array.from({ length: end - start }, (_, n) => start + n),
        );
        expect(hidden).toEqual([...new Set(hidden)].toSorted((a, b) => a - b));
      }
    }),
    { numRuns: 150 },
  );
});

test('no preview shows what the redaction of its words would hide', () => {
  fc.assert(
    fc.property(utterances, (spoken) => {
      const events = eventsOf(spoken);
      const redactor = createRedactor(MASKED, { resumed: false });

      let emitted = '';
      for (const [index, event] of events.entries()) {
        emitted += textOf(redactor.push(event));
        if (event.final || !redactor.preview) continue;
        const whole = createRedactor(MASKED, { resumed: false });
        const before = events.slice(0, index).map((one) => textOf(whole.push(one)));
        const full = before.join('') + textOf(whole.push({ ...event, final: true })) + textOf(whole.end());

        const shown = emitted + redactor.preview.text;
        expect(shown.replace(/ ?…$/, '')).toBe(full.slice(0, shown.replace(/ ?…$/, '').length));
      }
    }),
    { numRuns: 150 },
  );
});

test('a preview with numbers masked holds no digit in any spelling', () => {
  const settings = { ...DEFAULT_REDACTION, partials: 'numbers-masked' as const };
  const plan = { actions: { CARD: 'keep_last_four', PHONE: 'allow' }, defaultAction: 'allow' } as const;
  fc.assert(
    fc.property(utterances, (spoken) => {
      const redactor = createRedactor(plan, { resumed: false, settings });

      for (const event of eventsOf(spoken)) {
        redactor.push(event);
        const shown = redactor.preview?.text ?? '';
        expect(shown.replaceAll(/\[[A-Z]+\]/g, '')).not.toMatch(
          /\p{Nd}|\b(one|two|four|oh|zero|twenty|eleven|hundred|thousand|double|triple|march)\b/u,
        );
      }
    }),
    { numRuns: 150 },
  );
});

const NOTHING: Settled = { tokens: [], findings: [] };

function fresh() {
  return { memory: new CallMemory(), resumed: false };
}

const DIGIT_WORDS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
const plain = fc.array(fc.constantFrom('hello', 'please', 'thanks', 'table', 'my', 'number', 'is', 'card'), {
  maxLength: 6,
});
const digits = fc.array(fc.nat({ max: 9 }), { minLength: 7, maxLength: 19 });

test('a number of seven digits or more is hidden whole, spoken or written, among any talk and any cuts', () => {
  const grouping = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 19, maxLength: 19 });
  fc.assert(
    fc.property(plain, digits, plain, grouping, fc.boolean(), cuts, (before, value, after, groups, isSpoken, at) => {
      const said = isSpoken ? value.map((digit) => DIGIT_WORDS[digit]!) : written(value, groups);
      const words = [...before, ...said, ...after];

      const { pieces } = hearAll(split(words, at));

      expect(textOf(pieces)).not.toMatch(/\d(?![\d]*\])|zero|one|two|three|four|five|six|seven|eight|nine/);
    }),
    { numRuns: 250 },
  );
});

test('wherever turns end inside a number, at most its first two digits come out', () => {
  fc.assert(
    fc.property(
      plain,
      digits,
      plain,
      fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
      (before, value, after, ends) => {
        const redactor = createRedactor(NAMED, { resumed: false });
        const words = [...before, ...value.map((digit) => DIGIT_WORDS[digit]!), ...after];

        const texts = words.map((spoken, index) => {
          const settled = textOf(redactor.push(said(spoken, index * 250)));
          return ends[index] ? settled + textOf(redactor.settle()) : settled;
        });

        const emitted = texts.join('') + textOf(redactor.end());
        const leaked = emitted.split(/[^a-z]+/).filter((spoken) => DIGIT_WORDS.includes(spoken));
        expect(leaked.length).toBeLessThanOrEqual(2);
      },
    ),
    { numRuns: 150 },
  );
});

test('wherever hearing begins again inside a number, no digit of the rest comes out', () => {
  fc.assert(
    fc.property(plain, digits, plain, (before, value, after) => {
      const words = [...before, ...value.map((digit) => DIGIT_WORDS[digit]!), ...after];
      for (let cut = 0; cut < before.length + value.length; cut += 1) {
        const redactor = createRedactor(NAMED, { resumed: true });

        const texts = words.slice(cut).map((spoken, index) => textOf(redactor.push(said(spoken, index * 250))));

        const emitted = texts.join('') + textOf(redactor.end());
        expect(emitted.split(/[^a-z]+/).filter((spoken) => DIGIT_WORDS.includes(spoken))).toEqual([]);
      }
    }),
    { numRuns: 15 },
  );
});

test('offsets are the placeholders, in order, and only they are in brackets', () => {
  fc.assert(
    fc.property(transcript, cuts, (words, at) => {
      const { pieces } = hearAll(split(words, at));

      for (const { text, entities } of pieces) {
        const found = [...text.matchAll(/\[[A-Z]+(_\d+)?\]/g)].map((match) => [match.index, match[0].length]);
        expect(entities.map(({ start, end }) => [start, end - start])).toEqual(found);
      }
    }),
    { numRuns: 200 },
  );
});

/** The digits in groups of the given lengths. */
function written(value: readonly number[], groups: readonly number[]): string[] {
  const words: string[] = [];
  let at = 0;
  for (const length of groups) {
    if (at >= value.length) break;
    words.push(value.slice(at, at + length).join(''));
    at += length;
  }
  return words;
}
