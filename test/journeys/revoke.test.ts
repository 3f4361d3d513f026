import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { ApiClient } from '../../src/cli/api-client.ts';
import type { Entry } from '../../src/model/evidence.ts';
import { revocationPage, revocationView, type RevocationView } from '../../src/model/api/revocations.ts';
import { stopDatabase } from './support/demo-database.ts';
import { accountedBytes, buildStage, drainCall, ofKind, until, type DialledCall, type Stage } from './support/stage.ts';

let stage: Stage;
let local: ApiClient;
let ops: ApiClient;

beforeAll(async () => {
  stage = await buildStage([{ text: 'hello', startMs: 100, endMs: 300 }]);
  local = new ApiClient({ place: { kind: 'socket', path: stage.node.supervisor.apiSocket } });
  ops = await stage.access.issue('operator', ['ops']);
});

afterAll(() => stage.stop());

test('a processor is silent within a second on living and new calls, no packet of theirs is lost, and after the lift it hears again', async () => {
  const call = await stage.dial();
  await until('both streams are heard', () => openConnections() === 2);

  const pulledUs = systemClock.monoUs();
  const pulled = await silence();
  const lastByteMs = await timeOfLastByte(pulledUs);
  const silent = { bytes: stage.recogniser.bytesReceived, open: openConnections() };
  const meanwhile = await stage.dial();
  await until('both calls went on for a second', () => areTalking([call, meanwhile], 50));
  const heardMeanwhile = stage.recogniser.bytesReceived - silent.bytes;
  await ops.request({ method: 'DELETE', path: `/v1/revocations/${pulled.revocation}`, answer: revocationView });
  await until('all four streams are heard', () => openConnections() === 4);
  const lost = [await drainCall(call), await drainCall(meanwhile)];
  await Promise.all([call.out.hangUp(), meanwhile.out.hangUp()]);
  await until('both calls are closed', async () => ofKind(await stage.entries(), 'call.close').length === 2, 30_000);
  const entries = await stage.entries();

  expect(lastByteMs).toBeLessThan(1000);
  expect(silent.open).toBe(0);
  expect(heardMeanwhile).toBe(0);
  expect(lost).toEqual([0, 0]);
  expect(pulled).toMatchObject({ actor: 'local', silenced: 2 });
  expect(ofKind(entries, 'lease.close').filter(({ reason }) => reason === 'revoked')).toHaveLength(2);
  expect(ofKind(entries, 'revoke').map(({ log, action, target }) => [log, action, target])).toEqual([
    ['acme', 'silence', 'scribe'],
    ['acme', 'lift', 'scribe'],
  ]);
  expect(revokedStreams(entries)).toBe(4);
  expect(accountedBytes(entries, 'scribe')).toBe(stage.recogniser.bytesReceived);
  expect((await stage.verify()).findings).toEqual([]);
}, 60_000);

test('with the database away it acts all the same, holds over a restart of governance, and is recorded when both are back', async () => {
  const call = await stage.dial();
  await until('both streams are heard', () => openConnections() === 2);
  const giveBack = await stopDatabase(stage.node.stateDir);
  onTestFailed(() => giveBack());
  const before = governancePid();

  const pulledUs = systemClock.monoUs();
  const pulled = await silence();
  const lastByteMs = await timeOfLastByte(pulledUs);
  const silentFrom = stage.recogniser.bytesReceived;
  process.kill(before, 'SIGKILL');
  await giveBack();
  await until('governance is back', () => governancePid() !== before && stage.node.supervisor.isWhole(), 30_000);
  await until('the revocation is recorded', async () => (await list()).every(({ recorded }) => recorded), 30_000);
  await until('the call went on for a second', () => areTalking([call], 50));
  const heardSince = stage.recogniser.bytesReceived - silentFrom;
  const held = await list();
  await ops.request({ method: 'DELETE', path: `/v1/revocations/${pulled.revocation}`, answer: revocationView });
  await until('both streams are heard again', () => openConnections() === 2);
  const lost = await drainCall(call);
  await call.out.hangUp();
  await until('the call is closed', async () => ofKind(await stage.entries(), 'call.close').length === 3, 30_000);
  const entries = await stage.entries();
  const recorded = ofKind(entries, 'revoke').filter(({ revocation }) => revocation === pulled.revocation);

  expect(pulled.recorded).toBe(false);
  expect(lastByteMs).toBeLessThan(1000);
  expect(heardSince).toBe(0);
  expect(held.map(({ revocation }) => revocation)).toEqual([pulled.revocation]);
  expect(recorded.map(({ action }) => action)).toEqual(['silence', 'lift']);
  expect(lost).toBe(0);
  expect((await stage.verify()).findings).toEqual([]);
}, 90_000);

/** At the node's own socket, without a token: as somebody does who cannot wait. */
function silence(): Promise<RevocationView> {
  const body = { target: { scope: 'processor', processor: 'scribe' }, reason: 'it says what it should not' };
  return local.request({ method: 'POST', path: '/v1/revocations', body, answer: revocationView });
}

async function list(): Promise<readonly RevocationView[]> {
  return (await local.request({ path: '/v1/revocations', answer: revocationPage })).items;
}

/** Ms from `sinceUs` to the last byte the recogniser got in the two seconds after it. */
async function timeOfLastByte(sinceUs: number): Promise<number> {
  let bytes = -1;
  let lastUs = sinceUs;
  await until('two seconds went by', () => {
    const nowUs = systemClock.monoUs();
    if (stage.recogniser.bytesReceived !== bytes) lastUs = nowUs;
    bytes = stage.recogniser.bytesReceived;
    return nowUs - sinceUs >= 2_000_000;
  });
  return (lastUs - sinceUs) / 1000;
}

function openConnections(): number {
  return stage.recogniser.connections.filter(({ isOpen }) => isOpen).length;
}

/** Whether every phone got so many packets more since it was first asked about. */
function areTalking(calls: readonly DialledCall[], packets: number): boolean {
  return calls
    .flatMap(({ out, incoming }) => [out, incoming])
    .every((phone) => {
      const from = countedFrom.get(phone) ?? phone.counts.received;
      countedFrom.set(phone, from);
      return phone.counts.received >= from + packets;
    });
}

const countedFrom = new Map<object, number>();

function revokedStreams(entries: readonly Entry[]): number {
  const gaps = ofKind(entries, 'gap').filter(({ reason, processor }) => reason === 'revoked' && processor === 'scribe');
  return new Set(gaps.map(({ stream }) => stream)).size;
}

function governancePid(): number {
  return (stage.node.supervisor.status() as { planes: { governance: { pid: number } } }).planes.governance.pid;
}
