import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CallMemory } from '../../../src/governance/redaction/call-memory.ts';
import { createRedactor, redactText } from '../../../src/governance/redaction/redactor.ts';
import { DEFAULT_REDACTION, type RedactionSettings } from '../../../src/model/redaction-settings.ts';
import { NAMED, said, textOf } from './hear.ts';

function settingsOf(own: Partial<RedactionSettings>): RedactionSettings {
  return { ...DEFAULT_REDACTION, ...own };
}

/** What comes out of results one after the other. */
function hear(own: Partial<RedactionSettings>, ...texts: readonly string[]): string {
  const redactor = createRedactor(NAMED, { resumed: false, settings: settingsOf(own) });
  return textOf([...texts.flatMap((text, at) => redactor.push(said(text, at * 250))), ...redactor.end()]);
}

const MEMBER = [{ type: 'MEMBER', pattern: 'M-?[0-9]{6}\\b' }];
const words = (text: string): string[] => text.split(' ');

describe('a pattern of a tenant', () => {
  test('finds what is written and what is said, and knows it for the same', () => {
    const patterns = MEMBER;

    expect(hear({ patterns }, 'i am M-123456 thank you that is m one two three four five six okay')).toBe(
      'i am [MEMBER_1] thank you that is [MEMBER_1] okay',
    );
  });

  test('holds what may go on: seven digits are not six', () => {
    expect(hear({ patterns: [{ type: 'CODE', pattern: 'x-[a-z]{2,4}' }] }, 'it is', 'x-ab', 'okay')).toBe(
      'it is [CODE_1] okay',
    );
    expect(hear({ patterns: MEMBER }, 'it is m-1234567 okay')).not.toContain('MEMBER');
  });

  test('finds words that everybody says', () => {
    const patterns = [{ type: 'WARD', pattern: 'ward (of|for) the [a-z]+' }];

    expect(hear({ patterns }, 'you go to the', 'ward of', 'the', 'hello', 'please')).toBe(
      'you go to the [WARD_1] please',
    );
  });

  test('whatever it matches in five words of the whole is hidden, word by word too', () => {
    const patterns = [
      { type: 'KEY', pattern: 'the (table|number) (and|is)' },
      { type: 'PAIR', pattern: '[a-z]+-[a-z]+' },
    ];
    const word = fc.constantFrom(...words('the table number and is hello thanks table-hello and-is please so'));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 24 }), fc.nat({ max: 3 }), (spoken, holdWords) => {
        const parts = hear({ patterns, holdWords }, ...spoken);

        expect(parts).not.toMatch(/(?<![a-z-])the (table|number) (and|is)(?![a-z-])|[a-z]-[a-z]/);
        expect(parts).toBe(hear({ patterns, holdWords }, spoken.join(' ')));
      }),
      { numRuns: 150 },
    );
  });
});

describe('a phrase that is always hidden', () => {
  const deny = ['project falcon', 'please hello thanks', 'table'];

  test('is, whatever its case and what stands behind it, and only all of it', () => {
    expect(hear({ deny }, "it is Project Falcon's code or project, falcon but no project")).toBe(
      'it is [DENIED_1] code or [DENIED_1] but no project',
    );
  });

  test('in an answer too', () => {
    expect(redactText('so project falcon', NAMED, new CallMemory(), { settings: settingsOf({ deny }) }).text).toBe(
      'so [DENIED_1]',
    );
  });

  test('however results are cut, no part of it comes out', () => {
    const word = fc.constantFrom(...words('project falcon please hello thanks table and so is'));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 24 }), fc.nat({ max: 2 }), (spoken, holdWords) => {
        const whole = hear({ deny, holdWords }, spoken.join(' '));

        expect(hear({ deny, holdWords }, ...spoken)).toBe(whole);
        expect(whole).not.toMatch(/project falcon|please hello thanks|table/);
      }),
      { numRuns: 150 },
    );
  });
});

describe('a name that is never personal', () => {
  const allow = ['Zarvanta Energy', 'jane smith'];

  test('stays, and the same words elsewhere do not', () => {
    expect(hear({}, 'this is Zarvanta Energy okay')).toContain('[');
    expect(hear({ allow }, 'this is Zarvanta Energy okay')).toBe('this is Zarvanta Energy okay');
    expect(hear({ allow }, 'my name is jane smith okay')).toBe('my name is jane smith okay');
    expect(hear({ allow }, 'my name is jane miller okay')).toBe('my name is [NAME_1] okay');
    expect(hear({ allow }, 'my name is jane')).toBe('my name is [NAME_1]');
  });

  test('saves no number and no answer', () => {
    const four = { allow: ['4111 1111 1111 1111', 'jane smith'] };
    const memory = new CallMemory();
    const [agent, caller] = [1, 2].map(() =>
      createRedactor(NAMED, { resumed: false, memory, settings: settingsOf(four) }),
    );
    const asked = [...agent!.push(said('what is your full name please')), ...agent!.settle()];
    const answer = [...caller!.push(said('jane smith')), ...caller!.settle()];

    expect(textOf(asked)).toBe('what is your full name please');
    expect(textOf(answer)).toBe('[NAME_1]');
    expect(hear(four, 'my card is 4111 1111 1111 1111')).toBe('my card is [CARD_1]');
  });

  test('however results are cut the same comes out, and what is hidden without it still is but for the phrases', () => {
    const word = fc.constantFrom(...words('zarvanta energy smith my name is and so Zarvanta Energy jane'));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), (spoken) => {
        const text = spoken.join(' ');
        const [without, allowed] = [hiddenIn({}, text), hiddenIn({ allow: ['zarvanta energy'] }, text)];

        expect(hear({ allow }, ...spoken)).toBe(hear({ allow }, text));
        for (const { index, 0: phrase } of text.matchAll(/zarvanta energy/gi)) {
          for (let at = index; at < index + phrase.length; at += 1) without.delete(at);
        }
        expect([...without].filter((at) => !allowed.has(at))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

/** Places of a text that do not come out. */
function hiddenIn(own: Partial<RedactionSettings>, text: string): Set<number> {
  const redactor = createRedactor(NAMED, { resumed: false, settings: settingsOf(own) });
  const spans = [...redactor.push(said(text)), ...redactor.end()].flatMap(({ entities }) => entities);
  return new Set(
    spans.flatMap(({ source = { start: 0, end: 0 } }) =>
      Array.from({ length: source.end - source.start }, (_, at) => source.start + at),
    ),
  );
}
