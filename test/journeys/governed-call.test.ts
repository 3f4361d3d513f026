import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Entry } from '../../src/model/evidence.ts';
import { buildStage, ofKind, until, type Stage } from './support/stage.ts';

const CARD = 'four one one one one one one one one one one one one one one one';

let stage: Stage;
let entries: readonly Entry[];
let rtp: { readonly lostByCallee: number; readonly lostByCaller: number };

beforeAll(async () => {
  stage = await buildStage([
    { text: 'hello i would like to pay', startMs: 200, endMs: 1000 },
    { text: `my card number is ${CARD} thank you`, startMs: 1200, endMs: 2600 },
  ]);
  const { out, incoming } = await stage.dial();
  await until('both streams were heard for three seconds', () => {
    const heard = stage.recogniser.connections.map(({ bytesReceived }) => bytesReceived);
    return heard.length === 2 && heard.every((bytes) => bytes > 32 * 3000);
  });
  out.fallSilent();
  incoming.fallSilent();
  await until('the last packets arrived', () => out.counts.sent === incoming.counts.received);
  await out.hangUp();
  await until(
    'the call was closed',
    () => stage.events.some(({ kind, state }) => kind === 'call' && state === 'ended'),
    30_000,
  );
  rtp = {
    lostByCallee: out.counts.sent - incoming.counts.received,
    lostByCaller: incoming.counts.sent - out.counts.received,
  };
  await until('a heartbeat covered the call', async () => (await stage.verify()).verdicts.completeness === 'pass');
  entries = await stage.entries();
});

afterAll(() => stage.stop());

test('no RTP packet is lost on the way through', () => {
  expect(rtp).toEqual({ lostByCallee: 0, lostByCaller: 0 });
});

test('every byte the recogniser received is covered by a committed lease, to the byte', () => {
  const closes = ofKind(entries, 'lease.close').filter(({ processor }) => processor === 'scribe');
  const accounted = closes.reduce((sum, { bytes }) => sum + Number(bytes), 0);

  expect(closes).toHaveLength(2);
  expect(stage.recogniser.bytesReceived).toBeGreaterThan(0);
  expect(accounted).toBe(stage.recogniser.bytesReceived);
});

test('no lease was used beyond what it granted', () => {
  for (const { bytes, max_bytes: maxBytes } of ofKind(entries, 'lease.close')) {
    expect(Number(bytes)).toBeLessThanOrEqual(maxBytes);
  }
});

test('the processor the policy denied received nothing, not even a connection, and the refusal is an entry with reasons', () => {
  // On a busy machine an answer may come too late first: that is a refusal of its own, and asked again.
  const refusals = ofKind(entries, 'refusal').filter(
    ({ processor, decision }) => processor === 'collector' && decision.code === 'policy_denied',
  );

  expect(stage.refused.connections).toHaveLength(0);
  expect(refusals).toHaveLength(2);
  expect(refusals[0]?.decision.rules.map(({ rule }) => rule)).toContain('training');
  expect(ofKind(entries, 'lease.open').map(({ processor }) => processor)).not.toContain('collector');
});

test('the card number is gone from everything the chat model was sent', () => {
  const sent = stage.chat.requests.map(({ body }) => body).join('\n');

  expect(sent).toContain('[CARD');
  expect(sent).not.toMatch(/one one one|1111|four one/);
});

test('every request to the chat model has its entry, and its outcome', () => {
  const requests = ofKind(entries, 'release.request');
  const outcomes = ofKind(entries, 'release.outcome');

  expect(requests.length).toBeGreaterThan(0);
  expect(requests).toHaveLength(stage.chat.requests.length);
  expect(outcomes.map(({ release }) => release).sort()).toEqual(requests.map(({ release }) => release).sort());
});

test('no entry and no event holds what was said', () => {
  const told = JSON.stringify(entries) + JSON.stringify(stage.events);

  expect(told).not.toMatch(/one one one|four one/);
  expect(JSON.stringify(entries)).not.toContain('hello');
});

test('the ledger verifies, and what was not looked at is not called green', async () => {
  const report = await stage.verify();

  expect(report.findings).toEqual([]);
  expect(report.verified).toBe(true);
  expect(report.verdicts.signer).toBe('not_evaluated');
});
