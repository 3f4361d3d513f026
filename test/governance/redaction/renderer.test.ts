import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Aside } from '../../../src/governance/redaction/aside.ts';
import { CallMemory } from '../../../src/governance/redaction/call-memory.ts';
import { asTenantId } from '../../../src/base/ids.ts';
import { linkKeysOf } from '../../../src/governance/redaction/link-keys.ts';
import { LegRedactor } from '../../../src/governance/redaction/leg-redactor.ts';
import { createRedactor, redactText } from '../../../src/governance/redaction/redactor.ts';
import { restoreText } from '../../../src/governance/redaction/restore.ts';
import type { RedactionAction } from '../../../src/model/redaction-action.ts';
import { DEFAULT_REDACTION } from '../../../src/model/redaction-settings.ts';
import type { Piece, RedactionPlan } from '../../../src/model/transcript.ts';
import { hearAll, MASKED, NAMED, said, textOf } from './hear.ts';

const SAID = 'my card is 4111 1111 1111 1111 and the security code is 1234 thanks a lot for all of that';

function shown(text: string, actions: Record<string, RedactionAction>, defaultAction: RedactionAction = 'mask') {
  const { pieces } = hearAll([text], { plan: { actions, defaultAction } });
  return { text: textOf(pieces), types: pieces.flatMap(({ entities }) => entities.map(({ type }) => type)) };
}

describe('what a plan makes of a value', () => {
  test.each([
    ['mask', '[CARD]'],
    ['pseudonym', '[CARD_1]'],
    ['keep_last_four', '[CARD_1 …1111]'],
    ['pause_ai', '[CARD]'],
    ['allow', '4111 1111 1111 1111'],
  ] as const)('%s', (action, expected) => {
    expect(shown(SAID, { CARD: action }).text).toContain(`my card is ${expected} and`);
  });
});

test.each(['allow', 'keep_last_four', 'linkable_token', 'pseudonym', 'pause_ai'] as const)(
  'no plan shows a security code, not by %s',
  (action) => {
    const { text } = shown(SAID, { CVV: action }, action);

    expect(text).toContain('security code is [CVV] thanks');
    expect(text).not.toContain('1234');
  },
);

test('a number too short to hide the rest of it shows nothing of itself', () => {
  expect(shown('my account number is 12345 thanks a lot for that', {}, 'keep_last_four').text).not.toContain('2345');
});

test('what is allowed is not counted as taken out', () => {
  expect(shown(SAID, { CARD: 'allow' }).types).toEqual(['CVV']);
});

test('talk of health is counted and stays, unless the plan hides it', () => {
  const said = 'i was diagnosed with diabetes and that is why i call you today';

  expect(shown(said, {})).toEqual({ text: said, types: ['HEALTH'] });
  expect(shown(said, { HEALTH: 'mask' }).text).toContain('[HEALTH]');
});

describe('what a library learns of a finding', () => {
  const heard = (words: readonly (readonly [string, number, number])[]): Piece => {
    const redactor = createRedactor(MASKED, { resumed: false });
    const [startMs, endMs] = [words[0]?.[1] ?? 0, words.at(-1)?.[2] ?? 0];
    const times = words.map(([, from, to]) => ({ startMs: from, endMs: to }));
    const text = words.map(([word]) => word).join(' ');
    const pieces = redactor.push({ final: true, text, startMs, endMs, words: times });
    return [...pieces, ...redactor.end()].reduce((a, b) => ({
      ...a,
      text: a.text + b.text,
      entities: [...a.entities, ...b.entities],
      hidden: [...(a.hidden ?? []), ...(b.hidden ?? [])],
    }));
  };

  test('where it stood, when it was said and which rule found it, and nothing of it', () => {
    const { entities } = heard([
      ['mail', 0, 200],
      ['jane@example.com', 1000, 2000],
      ['okay', 2100, 2200],
      ['thanks', 2300, 2400],
    ]);

    expect(entities).toEqual([
      {
        type: 'EMAIL',
        start: 5,
        end: 12,
        source: { start: 5, end: 21 },
        startMs: 1000,
        endMs: 2000,
        rule: 'email.written',
        confidence: 0.95,
      },
    ]);
  });

  test('where in the audio it is, with a little around it', () => {
    const { hidden } = heard([
      ['jane@example.com', 100, 900],
      ['and', 1000, 1100],
      ['joe@example.com', 1200, 1900],
      ['and', 2000, 2300],
      ['jim@example.com', 2400, 2900],
    ]);

    expect(hidden).toEqual([
      { startMs: 0, endMs: 2020 },
      { startMs: 2280, endMs: 3020 },
    ]);
  });

  test('with more around it where the recogniser gave no word times', () => {
    const [piece] = hearAll(['please write to jane@example.com okay thanks a lot for all of that today']).pieces;

    const { startMs = 0, endMs = 0 } = piece?.entities[0] ?? {};
    expect(piece?.hidden).toEqual([{ startMs: startMs - 400, endMs: endMs + 400 }]);
  });

  test('how long words were held', () => {
    const { pieces } = hearAll(['hello', 'there', 'my', 'friend']);

    expect(pieces.map(({ heldMs, meanHeldMs }) => [heldMs, meanHeldMs])).toEqual([
      [250, 250],
      [250, 250],
      [250, 250],
      [0, 0],
    ]);
  });

  test('an answer has no place in any audio', () => {
    const piece = redactText('write to jane@example.com', NAMED, new CallMemory());

    expect(Object.keys(piece)).not.toContain('hidden');
    expect(Object.keys(piece.entities[0] ?? {})).not.toContain('startMs');
  });
});

describe('a card and what is said after it', () => {
  const restored = (...results: readonly string[]): string => {
    const memory = new CallMemory();
    const redactor = createRedactor(NAMED, { resumed: false, memory });
    results.forEach((text, at) => {
      redactor.push({ ...said(text), startMs: 5000 * at, endMs: 5000 * at + 4000 });
      redactor.settle();
    });
    return restoreText('[CARD_1] [CARD_2] [CARD_3]', memory, ['CARD']).text;
  };

  test('its code is no part of it, in the same turn or the next', () => {
    expect(restored('my card number is 4111 1111 1111 1111', '123')).toBe('4111 1111 1111 1111 [CARD_2] [CARD_3]');
    expect(restored('my card is 4111 1111 1111 1111 and three two one on the back')).not.toContain('three');
  });
});

describe('what a tenant never lets through', () => {
  test('is hidden under a plan that shows everything', () => {
    const settings = { ...DEFAULT_REDACTION, deny: ['project falcon'] };
    const plan: RedactionPlan = { actions: { DENIED: 'allow' }, defaultAction: 'allow' };
    const redactor = createRedactor(plan, { resumed: false, settings });

    expect(textOf([...redactor.push(said('we talk about project falcon today')), ...redactor.end()])).toBe(
      'we talk about [DENIED_1] today',
    );
  });
});

describe('an answer in parts', () => {
  test('shows nothing by signs that nobody sees', () => {
    const memory = new CallMemory();
    const redactor = createRedactor(NAMED, { resumed: false, memory });
    redactor.push(said('my name is jane smith'));
    redactor.end();
    const aside = new Aside({ plan: NAMED, memory });
    const filler = 'a '.repeat(60);

    const pieces = [
      ...aside.push('\u200b'.repeat(128)),
      ...aside.push(`[NAME_1] ${filler}call 415 555 2671 now`),
      ...aside.end(),
    ];

    expect(textOf(pieces)).not.toMatch(/2671/);
    expect(textOf(pieces)).toContain('[NAME_1]');
  });
});

describe('a token that links calls', () => {
  const linkKey = { kid: 'k1', key: new Uint8Array(32).fill(7) };
  const LINKED: RedactionPlan = { actions: {}, defaultAction: 'linkable_token' };

  function linked(text: string, key = linkKey): string {
    const redactor = createRedactor(LINKED, { resumed: false, linkKey: key });
    return textOf([...redactor.push(said(text)), ...redactor.end()]);
  }
  const tokenIn = (text: string): string | undefined => /\[[A-Z]+_k\d\.[a-z2-7]{16}\]/.exec(text)?.[0];

  test('is the same in every call however the value is said, and another under another key', () => {
    const token = tokenIn(linked('my card is 4111-1111-1111-1111 okay'));

    expect(token).toMatch(/^\[CARD_k1\./);
    expect(tokenIn(linked('it is four triple one, one one one one, one one one one, one one one one'))).toBe(token);
    expect(linked('my card is 4111 1111 1111 1111', { ...linkKey, key: new Uint8Array(32) })).not.toContain(token);
  });

  test('knows a telephone number with and without its country', () => {
    const token = tokenIn(linked('my phone number is +1 212 736 5000 okay'));

    expect(token).toMatch(/^\[PHONE_/);
    expect(tokenIn(linked('call me on 212-736-5000 okay'))).toBe(token);
  });

  test.each([
    ['my date of birth is the third of may 1984 okay', '[DOB_1]'],
    ['my card ends in 1111 okay', '[CARD_1]'],
    ['my name is jane smith okay', '[NAME_1]'],
    ['my pin is 4821 okay', '[PIN]'],
  ])('is not made of what could be guessed: %s', (text, expected) => {
    expect(linked(text)).toContain(expected);
    expect(tokenIn(linked(text))).toBeUndefined();
  });

  test('a tenant’s key is its own, and comes of the root alone', () => {
    const key = (root: number, tenant: string): Uint8Array =>
      linkKeysOf(new Uint8Array(32).fill(root))(asTenantId(tenant)).key;

    expect(key(1, 'acme')).toEqual(key(1, 'acme'));
    expect(Buffer.from(key(1, 'acme')).toString('hex')).toBe(
      createHmac('sha256', createHmac('sha256', 'acme').update(new Uint8Array(32).fill(1)).digest())
        .update('earshot/link/v1\u0001')
        .digest('hex'),
    );
    expect(key(1, 'other')).not.toEqual(key(1, 'acme'));
    expect(key(2, 'acme')).not.toEqual(key(1, 'acme'));
  });

  test('a name that the call has given is left as it is in an answer, and no other', () => {
    const memory = new CallMemory();
    const redactor = createRedactor(LINKED, { resumed: false, memory, linkKey });
    const token = tokenIn(textOf([...redactor.push(said('my card is 4111 1111 1111 1111')), ...redactor.end()]));
    const answer = (text: string): string => redactText(text, LINKED, memory, { linkKey }).text;

    expect(answer(`pay with ${token} or [CARD_1 …1111]`)).toBe(`pay with ${token} or [CARD_1 …1111]`);
    expect(answer('pay with [CARD_1 …2222] or [CARD_k1.ab3defghij2klmno]')).not.toMatch(/2222|ab3defghij2klmno/);
  });

  test('is a pseudonym where there is no key', () => {
    expect(textOf(hearAll(['my card is 4111 1111 1111 1111'], { plan: LINKED }).pieces)).toBe('my card is [CARD_1]');
  });
});

describe('an utterance that is dropped', () => {
  const DROPPING: RedactionPlan = { actions: { CARD: 'drop_utterance', CVV: 'drop_utterance' }, defaultAction: 'mask' };
  const word = fc.constantFrom(
    ...'hello my card is 4111111111111111 thanks cvv code 123 and so mail j@example.com'.split(' '),
  );

  /** Texts of turns, each cut into results. */
  function hear(turns: readonly (readonly string[])[]): Piece[] {
    const redactor = createRedactor(DROPPING, { resumed: false });
    return [...turns.flatMap((turn) => [...turn.flatMap((text) => redactor.push(said(text))), ...redactor.settle()])];
  }

  test('is gone with all that was said in it, and says what was in it', () => {
    const pieces = hear([
      ['hello there'],
      ['this is for jane smith', 'the card is 4111 1111 1111 1111'],
      ['thanks a lot'],
    ]);

    expect(pieces.map(({ text }) => text)).toEqual(['hello there', ' [UTTERANCE]', ' thanks a lot']);
    expect(pieces[1]?.entities.map(({ type, start, end }) => [type, start, end])).toEqual([
      ['NAME', 1, 12],
      ['CARD', 1, 12],
    ]);
    expect(pieces[1]?.hidden).toHaveLength(1);
  });

  test('is dropped for a security code too, which is never shown', () => {
    expect(hear([['the security code is 123 okay']]).map(({ text }) => text)).toEqual(['[UTTERANCE]']);
  });

  test('nothing comes out before the turn ends, and then the same however results were cut', () => {
    fc.assert(
      fc.property(fc.array(fc.array(word, { minLength: 1, maxLength: 12 }), { maxLength: 4 }), (turns) => {
        const whole = hear(turns.map((turn) => [turn.join(' ')]));
        const cut = hear(turns);

        expect(textOf(cut)).toBe(textOf(whole));
        expect(cut.length).toBe(turns.length);
        for (const { text } of cut) expect(text.includes('[UTTERANCE]') || !text.includes('[CARD]')).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('a turn without end is judged in parts, and what follows a part that was dropped is dropped', () => {
    const talk = Array.from({ length: 900 }, () => 'thank you so much');
    const card = 'my card is 4111 1111 1111 1111 okay';

    expect(textOf(hear([[...talk, card], ['hello']]))).toMatch(/^thank[a-z ]{8000,9000} \[UTTERANCE\] hello$/);
    expect(textOf(hear([[card, ...talk], ['hello']]))).toBe('[UTTERANCE] [UTTERANCE] hello');
  });

  test('what has been kept back is under the plan that comes next', () => {
    const leg = new LegRedactor({ memory: new CallMemory(), plans: { a: DROPPING }, resumed: false });

    leg.push(said('my card is 4111 1111 1111 1111'));
    leg.replan({ a: MASKED, b: MASKED });
    const { texts } = leg.settle();

    expect(textOf(texts['a'] ?? [])).toBe('my card is [CARD]');
    expect(textOf(texts['b'] ?? [])).not.toContain('my');
  });

  test('an answer is dropped as well', () => {
    expect(redactText('the card is 4111111111111111', DROPPING, new CallMemory()).text).toBe('[UTTERANCE]');
  });
});
