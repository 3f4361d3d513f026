import { afterAll, beforeAll, expect, test } from 'vitest';
import { FLOOD, startMoodyRecogniser, type MoodyRecogniser } from './support/moody-recogniser.ts';
import { accountedBytes, buildStage, drainCall, ofKind, until, type Stage } from './support/stage.ts';

let recogniser: MoodyRecogniser;
let stage: Stage;

beforeAll(async () => {
  recogniser = await startMoodyRecogniser();
  stage = await buildStage([], { recogniserUrl: recogniser.url });
});

afterAll(async () => {
  await stage.stop();
  await recogniser.die();
});

test('a recogniser that refuses, talks nonsense, floods, dies and comes back is heard of again, and the call is not touched', async () => {
  recogniser.behave('refuse');
  const call = await stage.dial();
  await until('connections were refused', () => recogniser.refusals >= 2);
  recogniser.behave('junk');
  await until('nonsense was answered by hanging up', () => recogniser.connections.some(({ isOpen }) => !isOpen));
  recogniser.behave('flood');
  await until('so was a flood', () => recogniser.connections.filter(({ isOpen }) => !isOpen).length >= 4);
  await recogniser.die();
  recogniser.behave('well');
  await recogniser.revive();
  await until('both streams are heard again', () => heardWell() === 2, 20_000);

  expect(await drainCall(call)).toBe(0);
  await call.out.hangUp();
  await until('the call is closed', async () => ofKind(await stage.entries(), 'call.close').length === 1, 30_000);
  const entries = await stage.entries();

  // What a socket took before it was hung up on counts as sent, whether or not it arrived.
  expect(recogniser.bytesReceived).toBeLessThanOrEqual(accountedBytes(entries, 'scribe'));
  expect(JSON.stringify(entries) + JSON.stringify(stage.events)).not.toContain(FLOOD);
  expect((await stage.verify()).findings).toEqual([]);
}, 60_000);

test('a recogniser that takes everything and never replies is cut off, with a gap, and tried again', async () => {
  const before = recogniser.connections.length;
  recogniser.behave('mute');
  const call = await stage.dial();
  await until('both streams have a connection', () => recogniser.connections.length === before + 2);
  const mute = recogniser.connections.slice(before);
  await until('it was hung up on', () => mute.every(({ isOpen }) => !isOpen), 25_000);
  recogniser.behave('well');
  await until('both streams are heard again', () => heardWell() === 2);

  expect(await drainCall(call)).toBe(0);
  await call.out.hangUp();
  await until('the call is closed', async () => ofKind(await stage.entries(), 'call.close').length === 2, 30_000);
  const entries = await stage.entries();

  // What a socket took before it was hung up on counts as sent, whether or not it arrived.
  expect(recogniser.bytesReceived).toBeLessThanOrEqual(accountedBytes(entries, 'scribe'));
  expect(ofKind(entries, 'gap').map(({ reason }) => reason)).toContain('queue_overflow');
  expect((await stage.verify()).findings).toEqual([]);
}, 60_000);

/** Connections that get audio and are not hung up on. */
function heardWell(): number {
  return recogniser.connections.filter(({ isOpen, bytesReceived }) => isOpen && bytesReceived > 32_000).length;
}
