import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CallMemory } from '../../../src/governance/redaction/call-memory.ts';
import type { TenantRules } from '../../../src/governance/redaction/tenant-rules.ts';
import type { Detection, Detector, Finding } from '../../../src/governance/redaction/detect/detector.ts';
import { Engine, type EngineOptions, type Settled } from '../../../src/governance/redaction/engine.ts';

/** "x" begins a secret that goes on over every "y". */
const chains: Detector = ({ tokens, left, isEnd }): Detection => {
  const findings: Finding[] = [];
  let holdFrom = tokens.length;
  for (let start = 0; start < tokens.length; start += 1) {
    if (tokens[start]?.fold !== 'x') continue;
    let end = start + 1;
    while (tokens[end]?.fold === 'y') end += 1;
    if (end === tokens.length && !isEnd) holdFrom = Math.min(holdFrom, Math.max(start, left));
    else if (end > start + 1)
      findings.push({ start, end, type: 'ID', confidence: 1, rule: 'chain', value: String(end - start) });
  }
  return { findings, holdFrom };
};
/** A word before "q" is a secret: seen one word late. */
const lookback: Detector = ({ tokens }): Detection => ({
  findings: tokens.flatMap(({ fold }, at) =>
    fold === 'q' && at > 0 ? [{ start: at - 1, end: at, type: 'NAME', confidence: 0.5, rule: 'before' }] : [],
  ),
  holdFrom: tokens.length,
});

const words = fc.array(fc.constantFrom('x', 'y', 'q', 'hello', 'one', '42', '.'), { maxLength: 200 });
const cuts = fc.array(fc.nat({ max: 200 }), { maxLength: 30 });

function engine(options: Partial<EngineOptions> = {}): Engine {
  return new Engine({ memory: new CallMemory(), resumed: false, detectors: [chains, lookback], ...options });
}

function speech(text: string, startMs = 0) {
  return { text, startMs, endMs: startMs + 250 * text.split(' ').length, words: [] };
}

/** Each word at its own time, so that cutting changes nothing but the cuts. */
function say(to: Engine, said: readonly string[], at: readonly number[]): Settled[] {
  const edges = [0, ...at.map((cut) => cut % (said.length + 1)).toSorted((a, b) => a - b), said.length];
  const parts = edges.slice(1).map((end, index) => {
    const from = edges[index] ?? 0;
    const times = said.slice(from, end).map((_, n) => ({ startMs: 250 * (from + n), endMs: 250 * (from + n) + 200 }));
    return to.push({ text: said.slice(from, end).join(' '), startMs: 250 * from, endMs: 250 * end, words: times });
  });
  return [...parts, to.end()];
}

function shown(settled: readonly Settled[]): string {
  return settled
    .map(({ tokens, findings }) =>
      tokens
        .map((token, at) => {
          const finding = findings.find(({ start, end }) => start <= at && at < end);
          if (!finding) return token.lead + token.text;
          return finding.start === at ? `${token.lead}[${finding.type}_${finding.value?.number}]` : '';
        })
        .join(''),
    )
    .join('');
}

describe('invariants', () => {
  test('however results are cut, what comes out is the same', () => {
    fc.assert(
      fc.property(words, cuts, (said, at) => {
        expect(shown(say(engine(), said, at))).toBe(shown(say(engine(), said, [])));
      }),
    );
  });

  test('every token comes out once, in order, and no finding is cut or out of place', () => {
    fc.assert(
      fc.property(words, cuts, (said, at) => {
        const settled = say(engine(), said, at);

        expect(settled.flatMap(({ tokens }) => tokens.map(({ text }) => text))).toEqual(said);
        for (const { tokens, findings } of settled) {
          for (const [index, { start, end }] of findings.entries()) {
            expect(start).toBeGreaterThanOrEqual(findings[index - 1]?.end ?? 0);
            expect(end).toBeLessThanOrEqual(tokens.length);
          }
        }
      }),
    );
  });

  test('what a detector holds is not let go before it is judged, in whatever pieces it comes', () => {
    fc.assert(
      fc.property(words, cuts, (said, at) => {
        const text = shown(say(engine(), said, at));

        expect(text).not.toMatch(/(^| )x y/);
        expect(text).not.toMatch(/(hello|42|one|\.) q/);
      }),
    );
  });
});

test('a word is held until the next one, and more where that is wanted', () => {
  const [one, two] = [engine(), engine({ holdWords: 2 })];

  const heard = (to: Engine) => 'a b c d'.split(' ').map((word) => shown([to.push(speech(word))]));

  expect(heard(one)).toEqual(['', 'a', ' b', ' c']);
  expect(heard(two)).toEqual(['', '', 'a', ' b']);
});

test('what a detector can only tell by the next word is hidden in time', () => {
  const to = engine();

  expect(['my', 'secret', 'q', 'is'].map((word) => shown([to.push(speech(word))]))).toEqual([
    '',
    'my',
    ' [NAME_1]',
    ' q',
  ]);
});

test('after a silence held words are let go, and a held number later', () => {
  const to = engine();
  to.push(speech('hello there'));
  expect(shown([to.advance(500 + 799)])).toBe('');
  expect(shown([to.advance(500 + 800)])).toBe(' there');
  to.push(speech('x y', 2000));
  expect(shown([to.advance(2500 + 1499)])).toBe('');
  expect(shown([to.advance(2500 + 1500)])).toBe(' [ID_1]');
});

test('while a partial result runs nobody is silent, and nothing of its words is settled', () => {
  const [to, over] = [engine(), engine()];
  for (const one of [to, over]) {
    one.push(speech('hello x y'));
    one.hear(speech('y y y', 750));
  }
  over.hear(speech('', 750));

  expect(shown([over.advance(750 + 1500)])).toBe(' [ID_1]');
  expect(shown([to.advance(1500 + 1499)])).toBe('');
  expect(shown([to.advance(1500 + 1500)])).toBe(' [ID_1]');
});

test('a partial result that never ends keeps no word for ever', () => {
  const to = engine({ maxHoldMs: 5000 });
  to.push(speech('hello x y'));
  to.hear(speech('y', Number.MAX_SAFE_INTEGER));

  expect(shown([to.advance(5500)])).toBe('');
  expect(shown([to.advance(6000)])).toBe(' [ID_1]');
});

test('a look ahead leaves nothing behind but times, whatever it sees', () => {
  fc.assert(
    fc.property(words, words, (held, said) => {
      const [to, other] = [engine(), engine()];
      const first = [to.push(speech(held.join(' '))), other.push(speech(held.join(' ')))].map((settled) =>
        shown([settled]),
      );

      const ahead = to.preview(speech(said.join(' '), 50_000));
      ahead.judge();

      expect(first[0]).toBe(first[1]);
      expect(shown([to.end()])).toBe(shown([other.end()]));
    }),
  );
});

test('a tenant’s detectors are asked even of words that everybody says, where he watches them', () => {
  const seen: string[] = [];
  const always: Detector = ({ tokens, left }) => {
    seen.push(tokens[left]?.fold ?? '');
    return {
      findings: [{ start: left, end: left + 1, type: 'WORD', confidence: 1, rule: 'all' }],
      holdFrom: tokens.length,
    };
  };

  const rules: TenantRules = { applyTo: (all) => [...all, always], watches: () => true };
  expect(shown([engine({ rules }).push(speech('so take it with them'))])).toMatch(/^(\[WORD_\d\] ?)+$/);
  expect(seen).toContain('take');
});

test('nothing is held for ever: after many words and after many seconds it is judged as it stands', () => {
  const long = engine();
  const held = Array.from({ length: 200 }, () => 'y');
  const text = shown([long.push(speech(['x', ...held].join(' ')))]);
  const slow = engine();
  slow.push(speech('x y', 0));

  expect(text).toContain('[ID_1]');
  expect(shown([slow.push(speech('y', 26_000))])).toBe('[ID_1]');
});

describe('digits that a turn ends with', () => {
  test('are hidden, as they may be the beginning of a number', () => {
    const to = engine({ detectors: [] });
    to.push(speech('it is five five five'));

    expect(shown([to.settle()])).toBe(' five five five'.replace(' five five five', ' [NUMBER_1]'));
  });

  test('stay when nothing follows, or when they are too few', () => {
    const [over, few] = [engine({ detectors: [] }), engine({ detectors: [] })];
    over.push(speech('it is five five five'));
    few.push(speech('give me five'));

    expect(shown([over.end()])).toBe(' five');
    expect(shown([few.settle()])).toBe(' five');
  });
});

test('a question of one leg is put to the other, and its own words are not taken for an answer', () => {
  const memory = new CallMemory();
  const asked: unknown[] = [];
  const spy: Detector = ({ tokens }) => {
    asked.push(tokens.at(-1)?.asked);
    return { findings: [], holdFrom: tokens.length };
  };
  const agent = engine({ memory, detectors: [] });
  const customer = engine({ memory, detectors: [spy] });

  agent.push(speech('can you tell me the card number please'));
  customer.push(speech('yes'));

  expect(asked).toEqual(['card']);
});

test('speech that begins in the middle hides every digit until four seconds were free of them', () => {
  const text = 'four two hello';
  const to = engine({ resumed: true, detectors: [] });

  const early = shown([to.push(speech(text, 0)), to.settle()]);
  const late = shown([to.push(speech('well so', 5000)), to.push(speech('four cats', 9000)), to.end()]);

  expect(early).not.toMatch(/four|two/);
  expect(late).toContain('four cats');
});

test('offsets are those of the results joined by one space each', () => {
  const to = engine({ detectors: [] });
  const texts = ['hello  there', 'ünïté', '4\u200b2 ok'];
  const whole = texts.join(' ');

  const tokens = [...texts.map((text) => to.push(speech(text))), to.end()].flatMap((settled) => settled.tokens);

  expect(tokens.map(({ s, e }) => whole.slice(s, e))).toEqual(['hello', 'there', 'ünïté', '4\u200b2', 'ok']);
});
