import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { asTenantId, newId } from '../../../src/base/ids.ts';
import { Conversation } from '../../../src/governance/conversation/conversation.ts';
import type { Piece } from '../../../src/model/transcript.ts';

const caller = newId('leg');
const callee = newId('leg');

function setup() {
  const clock = new ManualClock();
  const call = newId('call');
  const tenant = asTenantId('acme');
  return { clock, call, tenant, conversation: new Conversation({ clock, call, tenant, detector: 'detector/1' }) };
}

function piece(text: string, startMs = 0, endMs = 1000, type?: string): Piece {
  const start = text.indexOf('[');
  return { text, startMs, endMs, entities: type === undefined ? [] : [{ type, start, end: text.length }] };
}

function final(leg = caller, startMs = 0, endMs = 1000) {
  return { leg, final: true, startMs, endMs };
}

test('pieces of a turn are one release with its counts and times', () => {
  const { conversation, call, tenant } = setup();
  conversation.hear(final());
  conversation.add(caller, [piece('my card is', 100, 500), piece(' [CARD_1]', 600, 900, 'CARD')]);
  conversation.hear(final(caller, 1100, 1500));
  conversation.add(caller, [piece(' or [CARD_2]', 1100, 1500, 'CARD')]);

  const release = conversation.endTurn(caller);

  expect(release).toEqual({
    tenant,
    call,
    leg: caller,
    text: 'my card is [CARD_1] or [CARD_2]',
    entities: { CARD: 2 },
    detector: 'detector/1',
    startMs: 100,
    endMs: 1500,
    final: true,
  });
  expect(conversation.endTurn(caller)).toBeUndefined();
});

test("the other leg's final speech ends a turn, its partial results do not", () => {
  const { conversation } = setup();
  conversation.hear(final(caller));

  const byPartial = conversation.turnsEndedBy({ ...final(callee), final: false });
  const byFinal = conversation.turnsEndedBy(final(callee));

  expect(byPartial).toEqual([]);
  expect(byFinal).toEqual([caller]);
});

test('a pause on the timeline of the leg ends its turn when it speaks again', () => {
  const { conversation } = setup();
  conversation.hear(final(caller, 0, 1000));

  expect(conversation.turnsEndedBy(final(caller, 2199, 3000))).toEqual([]);
  expect(conversation.turnsEndedBy(final(caller, 2200, 3000))).toEqual([caller]);
});

test('a pause by the clock ends a turn even when all of it is still held, and partial results keep it going', () => {
  const { conversation, clock } = setup();
  conversation.hear(final(caller));

  clock.advance(1000);
  conversation.hear({ ...final(caller, 1000, 1900), final: false });
  clock.advance(1199);
  const early = conversation.turnsEndedByPause();
  clock.advance(1);
  const due = conversation.turnsEndedByPause();

  expect(early).toEqual([]);
  expect(due).toEqual([caller]);
});

test('a partial result begins no turn', () => {
  const { conversation } = setup();

  conversation.hear({ ...final(caller), final: false });

  expect(conversation.speaking).toEqual([]);
});

test('a turn of which nothing is left is no release', () => {
  const { conversation } = setup();
  conversation.hear(final());
  conversation.add(caller, [piece('  ')]);

  expect(conversation.endTurn(caller)).toBeUndefined();
});

test('a turn too long for one release goes on in parts', () => {
  const { conversation } = setup();
  const long = ' word'.repeat(500);

  const parts = [
    conversation.add(caller, [piece(long)]),
    conversation.add(caller, [piece(long)]),
    conversation.add(caller, [piece(' end')]),
    conversation.endTurn(caller),
  ];

  expect(parts.map((part) => [part?.text.length, part?.final])).toEqual([
    [undefined, undefined],
    [4999, false],
    [undefined, undefined],
    [3, true],
  ]);
});

test('each leg has a turn of its own, and legs are bounded', () => {
  const { conversation } = setup();
  conversation.add(caller, [piece('hello')]);
  conversation.add(callee, [piece('good day')]);
  for (let extra = 0; extra < 50; extra += 1) conversation.hear(final(newId('leg')));

  expect(conversation.endTurn(callee)?.text).toBe('good day');
  expect(conversation.endTurn(caller)?.text).toBe('hello');
  expect(conversation.speaking.length).toBeLessThanOrEqual(16);
});
