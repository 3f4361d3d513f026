import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { TAP_LIFE_MS } from '../../src/link/messages.ts';
import { accountedBytes, buildStage, drainCall, ofKind, until, type Stage } from './support/stage.ts';

/** 16-bit samples at 16 kHz. */
const BYTES_PER_MS = 32;
/** Between a tick and the next, on a machine that does other things too. */
const SLACK_MS = 500;

let stage: Stage;

beforeAll(async () => {
  stage = await buildStage([], { hangMs: 60_000 });
});

afterAll(() => stage.stop());

test('governance frozen past the deadline of its taps gets nothing captured after it, and hears again by itself', async () => {
  const dialledUs = systemClock.monoUs();
  const call = await stage.dial();
  await until('both streams are heard', () => openConnections() === 2);

  const pid = governancePid();
  process.kill(pid, 'SIGSTOP');
  onTestFailed(() => void process.kill(pid, 'SIGCONT'));
  const frozenUs = systemClock.monoUs();
  const packetsBefore = call.incoming.counts.received;
  await until('the taps are past their deadline', () => msSince(frozenUs) > TAP_LIFE_MS + 1500);
  expect(call.incoming.counts.received - packetsBefore).toBeGreaterThan((TAP_LIFE_MS + 1000) / 20);
  // Renewals that were due meanwhile are sent now, for taps that are no more.
  process.kill(pid, 'SIGCONT');
  await until('both streams are heard under new leases', () => stage.recogniser.connections.length === 4);
  await until('the old ones are over', () => openConnections() === 2);
  const before = stage.recogniser.connections.slice(0, 2);

  expect(await drainCall(call)).toBe(0);
  await call.out.hangUp();
  await until('the call is closed', async () => ofKind(await stage.entries(), 'call.close').length === 1, 30_000);
  const entries = await stage.entries();
  const furthestMs = (frozenUs - dialledUs) / 1000 + TAP_LIFE_MS + SLACK_MS;

  for (const { bytesReceived } of before) expect(bytesReceived / BYTES_PER_MS).toBeLessThan(furthestMs);
  for (const close of ofKind(entries, 'lease.close').filter(({ reason }) => reason === 'tap_lapsed')) {
    expect(close.captured_through_ms).toBeLessThan(furthestMs);
  }
  expect(accountedBytes(entries, 'scribe')).toBe(stage.recogniser.bytesReceived);
  const gaps = ofKind(entries, 'gap').filter(({ reason }) => reason === 'tap_lapsed');
  expect(new Set(gaps.map(({ stream }) => stream)).size).toBe(2);
  expect((await stage.verify()).findings).toEqual([]);
});

function openConnections(): number {
  return stage.recogniser.connections.filter(({ isOpen }) => isOpen).length;
}

function msSince(us: number): number {
  return (systemClock.monoUs() - us) / 1000;
}

function governancePid(): number {
  return (stage.node.supervisor.status() as { planes: { governance: { pid: number } } }).planes.governance.pid;
}
