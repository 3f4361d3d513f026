import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { asProcessorId, asTenantId, newId } from '../../../src/base/ids.ts';
import { Conversation, type Reader } from '../../../src/governance/conversation/conversation.ts';
import type { Piece } from '../../../src/model/transcript.ts';

const caller = newId('leg');
const callee = newId('leg');

const coach: Reader = { name: asProcessorId('coach'), plan: 'p', inParts: false, fromMs: 0 };
const live: Reader = { name: asProcessorId('live'), plan: 'p', inParts: true, fromMs: 0 };

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
  const hidden = [{ startMs: 480, endMs: 1020 }];
  conversation.hear(final());
  conversation.add(
    caller,
    { p: [piece('my card is', 100, 500), { ...piece(' [CARD_1]', 600, 900, 'CARD'), hidden }] },
    [coach],
  );
  conversation.hear(final(caller, 1100, 1500));
  conversation.add(caller, { p: [{ ...piece(' or [CARD_2]', 1100, 1500, 'CARD'), hidden }] }, [coach]);

  const due = conversation.endTurn(caller);

  const release = {
    tenant,
    call,
    leg: caller,
    text: 'my card is [CARD_1] or [CARD_2]',
    entities: { CARD: 2 },
    hidden,
    detector: 'detector/1',
    startMs: 100,
    endMs: 1500,
    final: true,
  };
  expect(due).toEqual([{ reader: 'coach', release }]);
  expect(conversation.endTurn(caller)).toEqual([]);
});

test('each reader gets his own rendering, from when he may read, and nothing of what was dropped for him', () => {
  const { conversation } = setup();
  const masked: Reader = { ...coach, name: asProcessorId('masked'), plan: 'q' };
  const later: Reader = { ...coach, name: asProcessorId('later'), fromMs: 900 };
  const texts = { p: [piece('ann', 0, 800), piece(' called', 900, 1000)], q: [piece('[NAME] called', 0, 1000)] };

  conversation.add(caller, texts, [coach, masked, later]);
  const dropped = conversation.drop(caller, coach.name);
  conversation.add(caller, { p: [piece(' me', 1100, 1200)] }, [coach, masked, later]);
  const due = conversation.endTurn(caller).map(({ reader, release }) => [reader, release.text]);

  expect(dropped).toEqual({ startMs: 0, endMs: 1000 });
  expect(conversation.drop(caller, coach.name)).toBeUndefined();
  expect(new Map(due as [string, string][])).toEqual(
    new Map([
      ['coach', 'me'],
      ['masked', '[NAME] called'],
      ['later', 'called me'],
    ]),
  );
});

test('whoever is given parts gets what has settled after two seconds of speech, the others the turn', () => {
  const { conversation } = setup();
  const add = (...pieces: Piece[]): unknown =>
    conversation
      .add(caller, { p: pieces }, [coach, live])
      .map(({ reader, release }) => [reader, release.text, release.final]);

  const early = add(piece('one', 0, 1999));
  const due = add(piece(' two', 1999, 2000));
  const next = add(piece(' three', 2100, 2500));
  const last = conversation.endTurn(caller).map(({ reader, release }) => [reader, release.text, release.final]);

  expect([early, due, next]).toEqual([[], [['live', 'one two', false]], []]);
  expect(last).toEqual([
    ['coach', 'one two three', true],
    ['live', 'three', true],
  ]);
});

test('a silence is told once, before it ends the turn, with where the stream is by then', () => {
  const { conversation, clock } = setup();
  conversation.hear(final(caller, 0, 1000));
  const quiet = [conversation.turnsGoneQuiet()];

  clock.advance(850);
  quiet.push(conversation.turnsGoneQuiet(), conversation.turnsGoneQuiet());
  conversation.hear({ ...final(caller, 1000, 1900), final: false });
  clock.advance(800);
  quiet.push(conversation.turnsGoneQuiet());

  expect(quiet).toEqual([[], [{ leg: caller, nowMs: 1850 }], [], [{ leg: caller, nowMs: 2700 }]]);
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
  conversation.add(caller, { p: [piece('  ')] }, [coach]);

  expect(conversation.endTurn(caller)).toEqual([]);
});

test('a turn too long for one release goes on in parts', () => {
  const { conversation } = setup();
  const long = ' word'.repeat(500);

  const parts = [
    ...[long, long, ' end'].map((text) => conversation.add(caller, { p: [piece(text)] }, [coach])),
    conversation.endTurn(caller),
  ];

  expect(parts.map((due) => due.map(({ release }) => [release.text.length, release.final]))).toEqual([
    [],
    [[4999, false]],
    [],
    [[3, true]],
  ]);
});

test('each leg has a turn of its own, and legs are bounded', () => {
  const { conversation } = setup();
  conversation.add(caller, { p: [piece('hello')] }, [coach]);
  conversation.add(callee, { p: [piece('good day')] }, [coach]);
  for (let extra = 0; extra < 50; extra += 1) conversation.hear(final(newId('leg')));

  expect(conversation.endTurn(callee)[0]?.release.text).toBe('good day');
  expect(conversation.endTurn(caller)[0]?.release.text).toBe('hello');
  expect(conversation.speaking.length).toBeLessThanOrEqual(16);
});
