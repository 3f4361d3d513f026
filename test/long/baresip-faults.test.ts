/**
 * What happens behind a call is none of the call's business: real phones talk on while the processor, governance, the
 * database or the audio worker fails, and the ledger says what was not heard. One node carries all of it.
 */

import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { TAP_LIFE_MS } from '../../src/link/tap-life.ts';
import type { GapReason } from '../../src/model/audio.ts';
import type { Entry } from '../../src/model/evidence.ts';
import { fixtureBundle } from '../governance/policy/fixtures.ts';
import { freezeDatabase, stopDatabase } from '../journeys/support/demo-database.ts';
import { startMoodyRecogniser, type MoodyRecogniser } from '../journeys/support/moody-recogniser.ts';
import { ofKind, until } from '../journeys/support/stage.ts';
import { FaultRun, type Aftermath } from '../peers/fault-run.ts';
import { repeat } from '../peers/flite.ts';
import { accountOf, uncoveredBytes } from '../peers/ledger-cover.ts';
import { MortalAudioWorkers } from '../peers/mortal-audio-worker.ts';
import { phonePrograms, PhoneStage } from '../peers/phone-stage.ts';
import { requirePeer } from '../peers/require-peer.ts';

const programs = phonePrograms({
  baresip: requirePeer('baresip'),
  tshark: requirePeer('tshark'),
  flite: requirePeer('flite'),
});
const isMissing = programs === undefined;
const VOICE_MS = 100_000;
/** The policy of this stage grants six seconds at a time, renewed when half of it is left. */
const RENEWED_EVERY_MS = 3000;
/** How often it is looked whether half is left: a look that came a moment early is made up by the next. */
const LOOKED_EVERY_MS = 1000;
const HEARTBEAT_EVERY_MS = 10_000;
/** 16-bit samples at 16 kHz. */
const BYTES_PER_MS = 32;
/** Between a tick and the next, on a machine that does other things too. */
const SLACK_MS = 500;

let phones: PhoneStage;
let recogniser: MoodyRecogniser;
let workers: MortalAudioWorkers;

beforeAll(async () => {
  if (programs === undefined) return;
  workers = new MortalAudioWorkers();
  recogniser = await startMoodyRecogniser();
  const voice = repeat(programs.flite, 'hello i would like to pay my bill', VOICE_MS);
  const { path, sha256 } = fixtureBundle('brief');
  phones = await PhoneStage.build({
    programs,
    voices: { caller: voice, callee: voice },
    recogniserUrl: recogniser.url,
    policy: { bundle: path, sha256 },
    hangMs: 60_000,
  });
});

afterAll(async () => {
  if (isMissing) return;
  await phones.stop();
  await recogniser.die();
  workers.forget();
});

test.skipIf(isMissing)('a processor takes connections and hangs: a gap, and it is tried again', async () => {
  recogniser.behave('hang');
  const run = await FaultRun.begin(phones, recogniser);
  await until('it has both streams, and reads nothing', () => run.connections.length === 2);
  await run.dial();
  await until('it has the streams of the new call too', () => run.connections.length === 4);
  // From here on it reads, so that what it got can be counted, and still answers nothing.
  recogniser.behave('mute');
  await until('it is given up', () => run.connections.some(({ isOpen }) => !isOpen), 30_000);
  recogniser.behave('well');
  await until('all four streams are heard', () => run.connections.length >= 8 && run.heard === 4);
  const after = await run.end();

  expectUntouched(after);
  expect(after.receivedBytes).toBe(accountOf(after.entries, 'scribe').least);
  expect(streamsWithGap(after.entries, 'queue_overflow')).toBeGreaterThanOrEqual(2);
});

test.skipIf(isMissing)(
  'governance frozen past the deadline of its taps, a renewal under way, gets nothing captured after it',
  async () => {
    const run = await FaultRun.begin(phones, recogniser);
    const upAtMs = systemClock.wallMs();
    await until('both streams are heard', () => run.heard === 2);
    const renewedMs = await lastRenewalMs();
    await until('another is nearly due', () => msSince(renewedMs) > RENEWED_EVERY_MS - SLACK_MS);
    const askedMs = systemClock.wallMs();
    const thaw = await freezeDatabase(phones.stage.node.stateDir);
    onTestFailed(() => thaw());
    const surelyDueMs = RENEWED_EVERY_MS + LOOKED_EVERY_MS + SLACK_MS;
    await until('it waits for the database', () => msSince(renewedMs) > surelyDueMs);

    const { pid } = planes().governance;
    process.kill(pid, 'SIGSTOP');
    onTestFailed(() => void process.kill(pid, 'SIGCONT'));
    const frozenMs = systemClock.wallMs();
    await thaw();
    await run.dial();
    await until('the taps are past their deadline', () => msSince(frozenMs) > TAP_LIFE_MS + 1500);
    const lapsed = planes().call;
    // The renewals of tap and lease that were under way are read now, for a tap that is no more.
    process.kill(pid, 'SIGCONT');
    await until('the streams are heard under new leases', () => run.connections.length >= 6 && run.heard === 4);
    const after = await run.end();

    expectUntouched(after);
    expect(lapsed.taps).toBe(0);
    const underWay = ofKind(after.entries, 'lease.renew').filter(
      ({ at_ms: atMs }) => atMs > askedMs && atMs <= frozenMs,
    );
    expect(underWay.length).toBeGreaterThan(0);
    const furthestMs = frozenMs - upAtMs + TAP_LIFE_MS + SLACK_MS;
    for (const { bytesReceived } of run.connections.slice(0, 2)) {
      expect(bytesReceived / BYTES_PER_MS).toBeLessThan(furthestMs);
    }
    for (const close of ofKind(after.entries, 'lease.close').filter(({ reason }) => reason === 'tap_lapsed')) {
      expect(close.captured_through_ms).toBeLessThan(furthestMs);
    }
    // Whichever it learns first when it wakes: that the tap is over, or that the renewal was not answered in time.
    expect(streamsWithGap(after.entries, 'tap_lapsed', 'ledger_unavailable')).toBeGreaterThanOrEqual(2);
    expect(after.receivedBytes).toBe(accountOf(after.entries, 'scribe').least);
    expect(planes().governance.pid).toBe(pid);
  },
);

test.skipIf(isMissing)('Postgres is stopped for longer than a lease, and started again', async () => {
  const run = await FaultRun.begin(phones, recogniser);
  await until('both streams are heard', () => run.heard === 2);

  const giveBack = await stopDatabase(phones.stage.node.stateDir);
  onTestFailed(() => giveBack());
  await run.dial();
  await until('nobody hears any more', () => run.heard === 0);
  const silentFrom = { bytes: run.receivedBytes, ms: systemClock.wallMs() };
  await until('the calls went on for a second', () => msSince(silentFrom.ms) > 1000);
  const meanwhile = { bytes: run.receivedBytes, conditions: phones.stage.node.supervisor.readiness().conditions };
  await giveBack();
  await until('all four streams are heard', () => run.heard === 4);
  const after = await run.end();

  expectUntouched(after);
  expect(meanwhile.bytes).toBe(silentFrom.bytes);
  expect(meanwhile.conditions).toContain('governance: ledger_unavailable');
  expect(streamsWithGap(after.entries, 'ledger_unavailable')).toBe(4);
  const silenced = ofKind(after.entries, 'lease.close').filter(({ reason }) => reason === 'ledger_unavailable');
  expect(silenced).toHaveLength(2);
  expect(after.receivedBytes).toBe(accountOf(after.entries, 'scribe').least);
  expect(phones.stage.node.supervisor.readiness().conditions).toEqual([]);
});

test.skipIf(isMissing)('the audio worker dies, and the next one takes up the streams', async () => {
  const run = await FaultRun.begin(phones, recogniser);
  await until('both streams are heard', () => run.heard === 2);
  const before = planes();

  workers.endOne();
  await until('its connections are gone', () => run.heard === 0);
  await run.dial();
  await until('all four streams are heard', () => run.heard === 4);
  const after = await run.end();

  expectUntouched(after);
  expect(planes().governance.pid).toBe(before.governance.pid);
  const unknown = ofKind(after.entries, 'lease.close').filter(({ bytes }) => bytes === 'unknown');
  expect(unknown.map(({ reason }) => reason)).toEqual(['audio_worker_restart', 'audio_worker_restart']);
  expect(streamsWithGap(after.entries, 'audio_worker_restart')).toBeGreaterThanOrEqual(2);
});

test.skipIf(isMissing)('governance is killed and comes back: what it had sent is unknown, and bounded', async () => {
  const run = await FaultRun.begin(phones, recogniser);
  await until('both streams are heard', () => run.heard === 2);
  const before = planes();
  const abandonedBefore = await abandonedEpochs();

  process.kill(before.governance.pid, 'SIGKILL');
  await run.dial();
  await until('governance is back', () => planes().governance.pid !== before.governance.pid, 30_000);
  await until('all four streams are heard', () => run.heard === 4, 30_000);
  const after = await run.end();

  expectUntouched(after);
  expect(planes().call.pid).toBe(before.call.pid);
  const unknown = ofKind(after.entries, 'lease.close').filter(({ bytes }) => bytes === 'unknown');
  expect(unknown).toHaveLength(2);
  for (const { bytesReceived } of run.connections.slice(0, 2)) {
    expect(bytesReceived).toBeLessThanOrEqual(Math.min(...unknown.map(({ max_bytes: maxBytes }) => maxBytes)));
  }
  expect(streamsWithGap(after.entries, 'governance_restart')).toBeGreaterThanOrEqual(2);
  expect(await abandonedEpochs()).toBeGreaterThan(abandonedBefore);
});

/** Two calls, both ways: nothing lost, nothing sent uncovered, and the evidence holds. */
function expectUntouched({ streams, lengthMs, entries, deliveries, receivedBytes, report }: Aftermath): void {
  expect(streams).toHaveLength(4);
  for (const stream of streams) expect(stream).toMatchObject({ isWhole: true, lost: [], invented: [] });
  const throughout = streams.filter(({ sent }) => sent * 20 > lengthMs - SLACK_MS);
  expect(throughout.length).toBeGreaterThanOrEqual(2);
  const { most } = accountOf(entries, 'scribe');
  expect(uncoveredBytes(deliveries, entries, 'scribe')).toBe(0);
  expect(receivedBytes).toBeGreaterThan(0);
  expect(receivedBytes).toBeLessThanOrEqual(most);
  expect(report.findings).toEqual([]);
  expect(report.verified).toBe(true);
}

/** On how many streams there was such a gap. */
function streamsWithGap(entries: readonly Entry[], ...reasons: readonly GapReason[]): number {
  const gaps = ofKind(entries, 'gap').filter(({ reason }) => reasons.includes(reason));
  return new Set(gaps.map(({ stream }) => stream)).size;
}

/** Epochs that a successor found open and closed. */
async function abandonedEpochs(): Promise<number> {
  return ofKind(await phones.stage.entries(), 'epoch.abandoned').length;
}

/**
 * When leases were renewed just now, so that the next renewal is that much later: the one thing that will be written
 * then, for a heartbeat would be written first and alone.
 */
async function lastRenewalMs(): Promise<number> {
  const { stage } = phones;
  const [beatMs = 0] = ofKind(await stage.entries(), 'heartbeat')
    .map(({ at_ms: atMs }) => atMs)
    .sort((one, other) => other - one);
  let renewedMs = 0;
  await until('leases were renewed', () => {
    renewedMs = Number(stage.events.findLast(({ kind, state }) => kind === 'lease' && state === 'renewed')?.['atMs']);
    // From the freeze on no heartbeat may come before the renewal: behind one, it would wait and be dropped.
    const sinceBeatMs = (renewedMs + RENEWED_EVERY_MS - SLACK_MS - beatMs) % HEARTBEAT_EVERY_MS;
    const latestMs = HEARTBEAT_EVERY_MS - LOOKED_EVERY_MS - 3 * SLACK_MS;
    return msSince(renewedMs) < RENEWED_EVERY_MS / 2 && sinceBeatMs > SLACK_MS && sinceBeatMs < latestMs;
  });
  return renewedMs;
}

function msSince(ms: number): number {
  return systemClock.wallMs() - ms;
}

function planes(): Readonly<Record<'call' | 'governance', { readonly pid: number; readonly taps: number }>> {
  type Planes = ReturnType<typeof planes>;
  return (phones.stage.node.supervisor.status() as { planes: Planes }).planes;
}
