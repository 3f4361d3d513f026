import { expect, test } from 'vitest';
import { audio, CALL, crypto, keyOf, keysIn, pair, Rig } from './rig.ts';

const OFFER = audio({ proto: 'RTP/SAVP', lines: [crypto(1, 'C')] });

test('two answerers share our port and key, each with its own leg, address and key', () => {
  const rig = new Rig();
  rig.offered('caller', 't1', OFFER);

  const first = rig.answered('callee', 't1', 'b1', answerOf('D', 7000));
  const second = rig.answered('callee', 't1', 'b2', answerOf('E', 7100));

  const { caller, callee } = rig.ports.last.sides;
  expect(callee.branches.map((branch) => [branch.remoteRtp.port, branch.receiveKey?.keySalt])).toEqual([
    [7000, keyOf('D')],
    [7100, keyOf('E')],
  ]);
  expect(new Set(callee.branches.map((branch) => branch.leg)).size).toBe(2);
  expect(keysIn(first)).toEqual(keysIn(second));
  expect(caller.branches).toHaveLength(1);
  expect(rig.anchor.describe(CALL).legs.map((leg) => leg.side)).toEqual(['caller', 'callee', 'callee']);
});

test('media follows the latest early answerer until one is confirmed, and then that one', () => {
  const rig = new Rig();
  rig.offered('caller', 't1', OFFER);
  rig.answered('callee', 't1', 'b1', answerOf('D', 7000));
  rig.answered('callee', 't1', 'b2', answerOf('E', 7100));
  expect(activePort(rig)).toBe(7100);

  rig.confirm('t1', 'b1');
  expect(activePort(rig)).toBe(7000);

  rig.answered('callee', 't1', 'b3', answerOf('F', 7200));
  expect(activePort(rig)).toBe(7000);
  expect(rig.anchor.describe(CALL).legs.map((leg) => leg.stream?.active)).toEqual([true, true, false, false]);
});

test('an early answer heard again does not take media from a later branch', () => {
  const rig = new Rig();
  rig.offered('caller', 't1', OFFER);
  rig.answered('callee', 't1', 'b1', answerOf('D', 7000));
  rig.answered('callee', 't1', 'b2', answerOf('E', 7100));

  rig.answered('callee', 't1', 'b1', answerOf('D', 7000));

  expect(activePort(rig)).toBe(7100);
});

test('of two confirmed branches the later one is active, and the first one’s 2xx heard again changes nothing', () => {
  const rig = new Rig();
  rig.offered('caller', 't1', OFFER);
  for (const [tag, letter, port] of [
    ['b1', 'D', 7000],
    ['b2', 'E', 7100],
  ] as const) {
    rig.answered('callee', 't1', tag, answerOf(letter, port));
    rig.confirm('t1', tag);
  }

  rig.answered('callee', 't1', 'b1', answerOf('D', 7000));
  rig.confirm('t1', 'b1');

  expect(activePort(rig)).toBe(7100);
});

test('a re-offer in one confirmed dialog changes that branch alone', () => {
  const rig = new Rig();
  rig.offered('caller', 't1', OFFER);
  rig.answered('callee', 't1', 'b1', answerOf('D', 7000));
  rig.answered('callee', 't1', 'b2', answerOf('E', 7100));
  rig.confirm('t1', 'b1');

  rig.offered('callee', 't2', answerOf('F', 7300), 'b1');
  rig.answered('caller', 't2', 'b1', OFFER);

  expect(rig.ports.last.sides.callee.branches.map((branch) => branch.remoteRtp.port)).toEqual([7300, 7100]);
});

test('one branch that answers with less than was offered does not close the line for another', () => {
  const rig = new Rig();
  rig.offered('caller', 't1', OFFER);

  const bad = rig.answered('callee', 't1', 'b1', audio({ port: 7000 }));
  const good = rig.answered('callee', 't1', 'b2', answerOf('E', 7100));

  expect(bad).toContain('m=audio 0 RTP/SAVP');
  expect(good).toContain('m=audio 40002 RTP/SAVP');
  expect(activePort(rig)).toBe(7100);
  expect(rig.ports.last.sides.caller.activeLeg).not.toBeNull();
});

test('branches have a limit: the oldest early one gives way, a confirmed one never does', () => {
  const rig = new Rig();
  rig.offered('caller', 't1', OFFER);
  rig.answered('callee', 't1', 'b0', answerOf('D', 7000));
  rig.confirm('t1', 'b0');
  rig.answered('callee', 't1', 'b1', answerOf('E', 7002));
  rig.confirm('t1', 'b1');

  for (let index = 2; index < 40; index += 1)
    rig.answered('callee', 't1', `b${index}`, answerOf('E', 7000 + index * 2));

  const ports = rig.ports.last.sides.callee.branches.map((branch) => branch.remoteRtp.port);
  expect(ports).toHaveLength(16);
  expect(ports.slice(0, 2)).toEqual([7000, 7002]);
  expect(ports.at(-1)).toBe(7078);
});

test('a refused call gives its ports back, whether or not somebody answered early', () => {
  const silent = new Rig();
  silent.offered('caller', 't1', OFFER);
  const early = new Rig();
  early.offered('caller', 't1', OFFER);
  early.answered('callee', 't1', 'b1', answerOf('D', 7000));

  silent.refuse('t1');
  early.refuse('t1');

  expect([silent.ports.freed, silent.ports.ended]).toEqual([[1, 2], []]);
  expect([early.ports.freed, early.ports.ended]).toEqual([[], [CALL]]);
  expect(early.anchor.describe(CALL)).toMatchObject({ media: 'none', legs: [{ side: 'caller' }] });
  silent.anchor.end(CALL);
  early.anchor.end(CALL);
  expect([silent.ports.freed.length, early.ports.ended.length]).toEqual([2, 1]);
});

test('a refused call offered again, as to another hop, has other ports and other keys', () => {
  const rig = new Rig({ pairs: [1, 3].flatMap((number) => [pair(number, 'outside'), pair(number + 1, 'inside')]) });
  const first = rig.offered('caller', 't1', OFFER);
  rig.answered('callee', 't1', 'b1', answerOf('D', 7000));
  const generation = rig.ports.last.generation;
  rig.refuse('t1');

  const second = rig.offered('caller', 't1', OFFER);
  rig.answered('callee', 't1', 'b2', answerOf('E', 7100));

  expect(second).toContain('m=audio 40008 ');
  expect(keysIn(second)).not.toEqual(keysIn(first));
  expect(rig.ports.last.generation).toBeGreaterThan(generation);
});

test('a call refused after an early update falls back to nothing', () => {
  const rig = new Rig();
  rig.offered('caller', 't1', OFFER);
  rig.answered('callee', 't1', 'b1', answerOf('D', 7000));
  rig.offered('callee', 'u1', answerOf('D', 7500), 'b1');
  rig.answered('caller', 'u1', 'b1', OFFER);

  rig.refuse('t1');

  expect(rig.ports.ended).toEqual([CALL]);
});

function answerOf(letter: string, port: number): string {
  return audio({ address: '10.0.0.7', port, proto: 'RTP/SAVP', lines: [crypto(1, letter)] });
}

function activePort(rig: Rig): number | undefined {
  const { activeLeg, branches } = rig.ports.last.sides.callee;
  return branches.find((branch) => branch.leg === activeLeg)?.remoteRtp.port;
}
