/**
 * Faults of what Earshot works with, on one node with two softphones: a recogniser that goes wrong in every way but
 * hanging, governance that is asked to stop, a database that freezes. The other faults are in `test/peers`, where real
 * phones talk through them.
 */

import { afterAll, beforeAll, beforeEach, expect, onTestFailed, test } from 'vitest';
import type { Entry } from '../../src/model/evidence.ts';
import { fixtureBundle } from '../governance/policy/fixtures.ts';
import { freezeDatabase } from '../journeys/support/demo-database.ts';
import { FLOOD, startMoodyRecogniser, type MoodyRecogniser } from '../journeys/support/moody-recogniser.ts';
import { accountedBytes, buildStage, drainCall, ofKind, until, type Stage } from '../journeys/support/stage.ts';

/** A second of 16-bit samples at 16 kHz. */
const SECOND_BYTES = 32_000;

let recogniser: MoodyRecogniser;
let stage: Stage;
/** Calls, bytes and connections of the tests before. */
let before: { readonly calls: ReadonlySet<string>; readonly bytes: number; readonly connections: number };

beforeAll(async () => {
  recogniser = await startMoodyRecogniser();
  const { path, sha256 } = fixtureBundle('brief');
  stage = await buildStage([], { recogniserUrl: recogniser.url, policy: { bundle: path, sha256 } });
});

afterAll(async () => {
  await stage.stop();
  await recogniser.die();
});

beforeEach(async () => {
  const calls = ofKind(await stage.entries(), 'call.open').map(({ call }) => call);
  before = { calls: new Set(calls), bytes: recogniser.bytesReceived, connections: recogniser.connections.length };
});

test('a recogniser that refuses, talks nonsense, floods, dies and comes back is heard of again, and the call is not touched', async () => {
  recogniser.behave('refuse');
  const call = await stage.dial();
  await until('connections were refused', () => recogniser.refusals >= 2);
  recogniser.behave('junk');
  await until('nonsense was answered by hanging up', () => connections().some(({ isOpen }) => !isOpen));
  recogniser.behave('flood');
  await until('so was a flood', () => connections().filter(({ isOpen }) => !isOpen).length >= 4);
  await recogniser.die();
  recogniser.behave('well');
  await recogniser.revive();
  await until('both streams are heard again', () => heard(SECOND_BYTES) === 2, 20_000);

  expect(await drainCall(call)).toBe(0);
  await call.out.hangUp();
  const entries = await entriesOnceClosed(1);

  // What a socket took before it was hung up on counts as sent, whether or not it arrived.
  expect(receivedBytes()).toBeLessThanOrEqual(accountedBytes(entries, 'scribe'));
  expect(JSON.stringify(entries) + JSON.stringify(stage.events)).not.toContain(FLOOD);
  expect((await stage.verify()).findings).toEqual([]);
}, 60_000);

test('a database that is frozen for longer than a lease silences the AI, not the call, and hearing comes back with a gap', async () => {
  const call = await stage.dial();
  await until('both streams are heard', () => heard() === 2);

  const thaw = await freezeDatabase(stage.node.stateDir);
  onTestFailed(() => thaw());
  await until('nobody hears any more', () => heard() === 0);
  const silentFrom = { bytes: receivedBytes(), packets: call.incoming.counts.received };
  const meanwhile = await stage.dial();
  await until('the calls went on for a second', () => call.incoming.counts.received > silentFrom.packets + 50);
  expect(receivedBytes()).toBe(silentFrom.bytes);
  expect(stage.node.supervisor.readiness().conditions).toContain('governance: ledger_unavailable');
  await thaw();

  await until('all four streams are heard', () => heard() === 4);
  expect(await drainCall(call)).toBe(0);
  expect(await drainCall(meanwhile)).toBe(0);
  await Promise.all([call.out.hangUp(), meanwhile.out.hangUp()]);
  const entries = await entriesOnceClosed(2);
  const lost = ofKind(entries, 'gap').filter(({ reason, count }) => reason === 'ledger_unavailable' && count === 1);

  expect(accountedBytes(entries, 'scribe')).toBe(receivedBytes());
  expect(ofKind(entries, 'lease.close').filter(({ reason }) => reason === 'ledger_unavailable')).toHaveLength(2);
  expect(new Set(lost.map(({ stream }) => stream)).size).toBe(4);
  expect((await stage.verify()).findings).toEqual([]);
  expect(stage.node.supervisor.readiness().conditions).toEqual([]);
}, 60_000);

test('governance that is asked to stop accounts for every byte first, and its successor takes the call up', async () => {
  const call = await stage.dial();
  await until('both streams are heard', () => heard() === 2);
  const pid = governancePid();

  process.kill(pid, 'SIGTERM');
  await until('its successor hears both streams', () => governancePid() !== pid && heard() === 2, 30_000);
  expect(await drainCall(call)).toBe(0);
  await call.out.hangUp();
  const entries = await entriesOnceClosed(1);
  const leases = ofKind(entries, 'lease.close');
  const gaps = ofKind(entries, 'gap').filter(({ reason }) => reason === 'governance_restart');

  expect(leases.filter(({ reason }) => reason === 'governance_restart')).toHaveLength(2);
  expect(accountedBytes(entries, 'scribe')).toBe(receivedBytes());
  expect(new Set(gaps.map(({ stream }) => stream)).size).toBe(2);
  expect(ofKind(entries, 'call.open')).toMatchObject([{}, { resumed: true }]);
  expect((await stage.verify()).findings).toEqual([]);
}, 60_000);

/** Connections of this test that are open and got more than so many bytes. */
function heard(moreThanBytes = 0): number {
  return connections().filter(({ isOpen, bytesReceived }) => isOpen && bytesReceived > moreThanBytes).length;
}

function connections(): MoodyRecogniser['connections'] {
  return recogniser.connections.slice(before.connections);
}

function receivedBytes(): number {
  return recogniser.bytesReceived - before.bytes;
}

/** Entries of this test's calls, once so many of them are closed. */
async function entriesOnceClosed(calls: number): Promise<readonly Entry[]> {
  let entries: readonly Entry[] = [];
  const areClosed = async (): Promise<boolean> => {
    entries = (await stage.entries()).filter((entry) => {
      const call = 'call' in entry ? entry.call : undefined;
      return call !== undefined && !before.calls.has(call);
    });
    return ofKind(entries, 'call.close').length === calls;
  };
  await until('the calls are closed', areClosed, 30_000);
  return entries;
}

function governancePid(): number {
  return (stage.node.supervisor.status() as { planes: { governance: { pid: number } } }).planes.governance.pid;
}
