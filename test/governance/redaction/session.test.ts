import { expect, test } from 'vitest';
import { newId } from '../../../src/base/ids.ts';
import { createRedactor, redactText } from '../../../src/governance/redaction/redactor.ts';
import { Session } from '../../../src/governance/redaction/worker/session.ts';
import { NAMED, said } from './hear.ts';

const call = newId('call');
const caller = newId('leg');
const callee = newId('leg');

function openBoth(session: Session, used: Record<string, number> = {}): void {
  for (const leg of [caller, callee]) {
    session.handle({ kind: 'open', call, leg, plan: NAMED, resumed: false, used });
  }
}

function text(reply: ReturnType<Session['handle']>): string | undefined {
  return reply?.kind === 'settled' ? reply.pieces.map((piece) => piece.text).join('') : undefined;
}

test('the legs of a call share what is known, and another call does not', () => {
  const session = new Session();
  const other = newId('call');
  openBoth(session);
  session.handle({ kind: 'open', call: other, leg: caller, plan: NAMED, resumed: false, used: {} });

  session.handle({ kind: 'push', id: 1, call, leg: caller, event: said('card 4111 1111 2222 3333 thank you') });
  const readBack = session.handle({
    kind: 'push',
    id: 2,
    call,
    leg: callee,
    event: said('is it the one that is ending 3333 thank you very much then'),
  });
  const elsewhere = session.handle({
    kind: 'push',
    id: 3,
    call: other,
    leg: caller,
    event: said('is it the one that is ending 3333 thank you very much then'),
  });
  const answer = session.handle({ kind: 'answer', id: 4, call, plan: NAMED, text: 'It is 3333.' });

  expect(text(readBack)).toBe('is it the one that is ending [CARD_1] thank you very much');
  expect(text(elsewhere)).toBe('is it the one that is ending 3333 thank you very much');
  expect(text(answer)).toBe('It is [CARD_1].');
});

test('names begin after those the call has seen', () => {
  const session = new Session();
  openBoth(session, { CARD: 2 });

  const reply = session.handle({
    kind: 'push',
    id: 1,
    call,
    leg: caller,
    event: said('4111 1111 1111 1111 thank you'),
  });

  expect(text(reply)).toBe('[CARD_3] thank');
});

test('a leg that is not open, or whose call is closed, fails with a code', () => {
  const session = new Session();
  openBoth(session);
  session.handle({ kind: 'close', call });

  expect(session.handle({ kind: 'settle', id: 7, call, leg: caller })).toEqual({
    kind: 'failed',
    id: 7,
    code: 'LEG_UNKNOWN',
  });
});

test('what a detector throws leaves as a code, without its message', () => {
  const failing = {
    createRedactor: (...options: Parameters<typeof createRedactor>) => ({
      ...createRedactor(...options),
      push: () => {
        throw new RangeError('canary 4111');
      },
    }),
    redactText: () => {
      throw new TypeError('canary 4111');
    },
  };
  const session = new Session(failing);
  openBoth(session);

  const replies = [
    session.handle({ kind: 'push', id: 1, call, leg: caller, event: said('canary 4111') }),
    session.handle({ kind: 'answer', id: 2, call, plan: NAMED, text: 'canary 4111' }),
  ];

  expect(replies).toEqual([
    { kind: 'failed', id: 1, code: 'RangeError' },
    { kind: 'failed', id: 2, code: 'TypeError' },
  ]);
});

test('a leg whose redactor cannot be made fails job by job', () => {
  const session = new Session({
    createRedactor: () => {
      throw new Error('canary');
    },
    redactText,
  });

  openBoth(session);

  expect(session.handle({ kind: 'settle', id: 1, call, leg: caller })).toMatchObject({ code: 'LEG_UNKNOWN' });
});
