import { expect, test } from 'vitest';
import { newId } from '../../../src/base/ids.ts';
import type { Plans } from '../../../src/governance/redaction/leg-redactor.ts';
import { REAL_DETECTORS, type Detectors } from '../../../src/governance/redaction/worker/detectors.ts';
import { Session } from '../../../src/governance/redaction/worker/session.ts';
import { DEFAULT_REDACTION } from '../../../src/model/redaction-settings.ts';
import { NAMED, said } from './hear.ts';

const call = newId('call');
const caller = newId('leg');
const callee = newId('leg');

const ANSWER = { kind: 'answer', answer: 1, part: 0, isLast: true, plan: NAMED } as const;

function openBoth(session: Session, used: Record<string, number> = {}): void {
  for (const leg of [caller, callee]) {
    session.handle({
      kind: 'open',
      call,
      leg,
      plans: { p: NAMED },
      partials: {},
      settings: DEFAULT_REDACTION,
      resumed: false,
      used,
    });
  }
}

function text(reply: ReturnType<Session['handle']>): string | undefined {
  if (reply?.kind !== 'done' || reply.result.kind === 'restored') return undefined;
  const pieces = reply.result.kind === 'answered' ? reply.result.pieces : (reply.result.settlement.texts['p'] ?? []);
  return pieces.map((piece) => piece.text).join('');
}

test('the legs of a call share what is known, and another call does not', () => {
  const session = new Session();
  const other = newId('call');
  openBoth(session);
  session.handle({
    kind: 'open',
    call: other,
    leg: caller,
    plans: { p: NAMED },
    partials: {},
    settings: DEFAULT_REDACTION,
    resumed: false,
    used: {},
  });

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
  const answer = session.handle({ ...ANSWER, id: 4, call, text: 'It is 3333.' });

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
  const failing: Partial<Detectors> = {
    openLeg: (options) => {
      const leg = REAL_DETECTORS.openLeg(options);
      leg.push = () => {
        throw new RangeError('canary 4111');
      };
      return leg;
    },
    openAside: () => {
      throw new TypeError('canary 4111');
    },
  };
  const session = new Session(failing);
  openBoth(session);

  const replies = [
    session.handle({ kind: 'push', id: 1, call, leg: caller, event: said('canary 4111') }),
    session.handle({ ...ANSWER, id: 2, call, text: 'canary 4111' }),
  ];

  expect(replies).toEqual([
    { kind: 'failed', id: 1, code: 'RangeError' },
    { kind: 'failed', id: 2, code: 'TypeError' },
  ]);
});

test('a leg whose redactor cannot be made fails job by job', () => {
  const session = new Session({
    openLeg: () => {
      throw new Error('canary');
    },
  });

  openBoth(session);

  expect(session.handle({ kind: 'settle', id: 1, call, leg: caller })).toMatchObject({ code: 'LEG_UNKNOWN' });
});

test('a part of an answer whose beginning is not here fails: it may be the other half of a number', () => {
  const session = new Session();
  openBoth(session);

  const replies = [
    session.handle({ ...ANSWER, id: 1, call, isLast: false, text: 'card 4111 1111' }),
    session.handle({ ...ANSWER, id: 2, call, part: 2, text: '1111 1111' }),
    session.handle({ ...ANSWER, id: 3, call, part: 1, text: '1111 1111' }),
  ];

  expect(replies.map((reply) => reply?.kind)).toEqual(['done', 'failed', 'failed']);
});

test('a plan that stays under its name keeps its rendering, however often plans are sent', () => {
  const seen: Plans[] = [];
  const openLeg: Detectors['openLeg'] = (options) => {
    const leg = REAL_DETECTORS.openLeg(options);
    leg.replan = (plans) => void seen.push(plans);
    return leg;
  };
  const session = new Session({ openLeg });
  openBoth(session);

  session.handle({ kind: 'replan', call, leg: caller, plans: { p: { ...NAMED }, q: NAMED }, partials: {} });

  expect(seen[0]?.['p']).toBe(NAMED);
  expect(Object.keys(seen[0] ?? {})).toEqual(['p', 'q']);
});
