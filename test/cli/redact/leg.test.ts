import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Leg, type Fragment, type LegOptions, type Step } from '../../../src/cli/redact/leg.ts';
import { DEFAULT_PLAN } from '../../../src/cli/redact/plan.ts';
import type { Detector } from '../../../src/governance/redaction/detect/detector.ts';

const DEFAULTS: LegOptions = { plan: DEFAULT_PLAN, resumed: false, asked: undefined, isByWord: false };

/** Takes every row of two numbers or more for a card, and holds it while it goes on. */
const numbersAsCards: Detector = ({ tokens, left, isEnd }) => {
  const isNumber = (at: number): boolean => /^[0-9]+$/.test(tokens[at]?.fold ?? '');
  const findings = [];
  let start = left;
  for (let at = left; at <= tokens.length; at += 1) {
    if (isNumber(at)) continue;
    const isOpen = at === tokens.length && !isEnd;
    if (!isOpen && at - start > 1)
      findings.push({ start, end: at, type: 'CARD', confidence: 1, rule: 'test.row', value: '1234' });
    if (at < tokens.length) start = at + 1;
  }
  return { findings, holdFrom: start };
};

function say(texts: readonly string[], options: Partial<LegOptions> = {}): Step[] {
  const leg = new Leg({ ...DEFAULTS, detectors: [numbersAsCards], ...options });
  return [...texts.flatMap((text) => [...leg.say(text)]), leg.end()];
}

function fragmentsOf(steps: readonly Step[]): Fragment[] {
  return steps.flatMap(({ fragments }) => fragments);
}

function spansOf(steps: readonly Step[]): unknown[] {
  return fragmentsOf(steps).flatMap(({ s, e, found }) => (found ? [[s, e]] : []));
}

function textOf(steps: readonly Step[]): string {
  return fragmentsOf(steps)
    .map(({ text }) => text)
    .join('');
}

test('said at once or word by word, the same is hidden, and the rest is as it was', () => {
  const texts = fc.string({ unit: fc.constantFrom('a', 'b', '4', '7', ' ', ' ', '\n', '-', '.', '@') });
  fc.assert(
    fc.property(texts, fc.nat(40), (text, cut) => {
      const parts = [text.slice(0, cut), text.slice(cut)];

      const atOnce = say([text]);
      const byWord = say([text], { isByWord: true });
      const inParts = say(/\s$/.test(parts[0] ?? '') ? parts : [text], { isByWord: true });

      const found = fragmentsOf(atOnce).filter(({ found }) => found);
      let spliced = text;
      for (const { s, e } of found.toReversed()) spliced = `${spliced.slice(0, s)}[CARD]${spliced.slice(e)}`;
      expect(textOf(atOnce)).toBe(spliced);
      expect(textOf(byWord)).toBe(spliced);
      expect(textOf(inParts)).toBe(spliced);
      expect(spansOf(byWord)).toEqual(spansOf(atOnce));
    }),
  );
});

test('places are those of the text, through invisible characters and lines', () => {
  const text = 'say \u200b 12\u200b3 45\n\n and\u00a067 89 \r\n';

  const found = fragmentsOf(say([text])).filter(({ found }) => found);

  expect(found.map(({ s, e }) => text.slice(s, e))).toEqual(['12\u200b3 45', '67 89']);
  expect(textOf(say([text]))).toBe('say  [CARD]\n\n and [CARD] \r\n');
});

test('lines of any kind come out as lines, at once as word by word', () => {
  const lines = ['\u00e9  one\r\n', '\u200b two   12 34 three\r\n', '\t four\u00a0 five\n', 'six'];
  const shown = '\u00e9  one\r\n two   [CARD] three\r\n\t four  five\nsix';
  const allowed = shown.replace('[CARD]', '12 34');
  const plan = { defaultAction: 'allow', actions: {} } as const;

  for (const isByWord of [false, true]) {
    expect(textOf(say(lines, { isByWord }))).toBe(shown);
    expect(textOf(say(lines, { isByWord, plan }))).toBe(allowed);
    expect(spansOf(say(lines, { isByWord }))).toEqual([[16, 21]]);
  }
});

test('controls of a terminal and marks that turn the direction round do not come out', () => {
  expect(textOf(say(['a \u001b[31m b\rc\u202e d \u2028 e']))).not.toMatch(/[\u001b\r\u202e\u2028]/);
});

test('a word is let go one word later, a number when it has ended, each with what it waited', () => {
  const steps = say(['is 12 34 okay then'], { isByWord: true });

  expect(steps.map(({ atMs, heldWords }) => [atMs, heldWords])).toEqual([
    [251, 1],
    [502, 1],
    [753, 2],
    [1004, 1],
    [1255, 1],
    [1255, 0],
  ]);
  expect(fragmentsOf(steps).map(({ text, heldMs }) => [text, heldMs])).toEqual([
    ['is', 251],
    [' [CARD]', 502],
    [' okay', 251],
    [' then', 0],
  ]);
});

test('a pause shows what is held, and the number that may go on stays hidden', () => {
  const leg = new Leg({ ...DEFAULTS, detectors: [numbersAsCards] });

  const said = fragmentsOf([...leg.say('it is 12 34\n')]);
  const paused = leg.pause().fragments;

  expect(said.map(({ text }) => text).join('')).toBe('it is');
  expect(paused.map(({ text }) => text).join('')).toBe(' [CARD]\n');
});

test('what has been shown is forgotten', () => {
  const leg = new Leg({ ...DEFAULTS, detectors: [numbersAsCards] });
  let text = '';
  for (let line = 0; line < 2000; line += 1) {
    for (const { fragments } of leg.say(`line ${line} 12\n`)) for (const fragment of fragments) text += fragment.text;
  }
  text += leg
    .end()
    .fragments.map((fragment) => fragment.text)
    .join('');

  expect(text).toBe('line [CARD]\n'.repeat(2000));
});

test('the plan says how a type is written; nothing lets a security code through', () => {
  const detectors = [numbersAsCards];
  const asCvv: Detector = (window) => {
    const { findings, holdFrom } = numbersAsCards(window);
    return { findings: findings.map((finding) => ({ ...finding, type: 'CVV' })), holdFrom };
  };
  const plan = (action: 'pseudonym' | 'allow') => ({ defaultAction: action, actions: {} });

  expect(textOf(say(['12 34 and 56 78'], { detectors, plan: plan('pseudonym') }))).toBe('[CARD_1] and [CARD_1]');
  expect(textOf(say(['12 34 and 56 78'], { detectors, plan: plan('allow') }))).toBe('12 34 and 56 78');
  expect(textOf(say(['12 34 and'], { detectors: [asCvv], plan: plan('pseudonym') }))).toBe('[CVV] and');
  expect(textOf(say(['12 34 and'], { detectors: [asCvv], plan: plan('allow') }))).toBe('[CVV] and');
});

test('a text of one endless word is taken in time, and hidden or shown whole', () => {
  const steps = say(['4'.repeat(60_000)]);

  expect(textOf(steps)).not.toContain('44');
});
