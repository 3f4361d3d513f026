import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildStage, ofKind, until, type Stage } from './support/stage.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await buildStage([{ text: 'hello', startMs: 100, endMs: 300 }]);
});

afterAll(() => stage.stop());

test('SIGKILL of governance loses no packet, lets new calls in, and AI comes back by itself with a recorded gap', async () => {
  const { out, incoming } = await stage.dial();
  await until('both streams are heard', () => stage.recogniser.connections.filter(({ isOpen }) => isOpen).length === 2);
  const before = planes(stage);

  process.kill(before.governance.pid, 'SIGKILL');

  const meanwhile = await stage.dial();
  await until('both sides of the new call hear each other', () =>
    [meanwhile.out, meanwhile.incoming].every(({ counts }) => counts.received > 10),
  );
  await until(
    'governance is back',
    () => stage.node.supervisor.isWhole() && planes(stage).governance.pid !== before.governance.pid,
    30_000,
  );
  await until(
    'all four streams are heard again',
    () => stage.recogniser.connections.filter(({ isOpen }) => isOpen).length === 4,
    30_000,
  );
  const phones = [out, incoming, meanwhile.out, meanwhile.incoming];
  for (const phone of phones) phone.fallSilent();
  await until(
    'the last packets arrived',
    () => lost(out, incoming) === 0 && lost(meanwhile.out, meanwhile.incoming) === 0,
  );
  await Promise.all([out.hangUp(), meanwhile.out.hangUp()]);
  await until(
    'both calls are closed in the ledger',
    async () => ofKind(await stage.entries(), 'call.close').length === 2,
    30_000,
  );
  const entries = await stage.entries();
  const report = await stage.verify();

  expect(planes(stage).call.pid).toBe(before.call.pid);
  expect(ofKind(entries, 'epoch.abandoned').length).toBeGreaterThan(0);
  expect(ofKind(entries, 'gap').map(({ reason }) => reason)).toContain('governance_restart');
  expect(ofKind(entries, 'lease.close').map(({ bytes }) => bytes)).toContain('unknown');
  expect(report.findings).toEqual([]);
});

test('governance that is asked to stop accounts for every byte first, and its successor takes the call up', async () => {
  const { out, incoming } = await stage.dial();
  await until('both streams are heard', () => openConnections() === 2);
  const before = planes(stage);

  process.kill(before.governance.pid, 'SIGTERM');
  await until(
    'its successor hears both streams',
    () => planes(stage).governance.pid !== before.governance.pid && openConnections() === 2,
    30_000,
  );
  for (const phone of [out, incoming]) phone.fallSilent();
  await until('the last packets arrived', () => lost(out, incoming) === 0);
  await out.hangUp();
  await until('the call is closed', async () => ofKind(await stage.entries(), 'call.close').length === 3, 30_000);
  const entries = await stage.entries();
  const [closed] = ofKind(entries, 'call.close').sort((one, other) => other.at_ms - one.at_ms);
  const leases = ofKind(entries, 'lease.close').filter(({ call }) => call === closed?.call);
  const gaps = ofKind(entries, 'gap').filter(({ call }) => call === closed?.call);

  expect(leases.filter(({ reason }) => reason === 'governance_restart')).toHaveLength(2);
  expect(leases.map(({ bytes }) => bytes)).not.toContain('unknown');
  expect(new Set(gaps.filter(({ reason }) => reason === 'governance_restart').map(({ stream }) => stream)).size).toBe(
    2,
  );
  expect(ofKind(entries, 'call.open').filter(({ call }) => call === closed?.call)).toMatchObject([
    {},
    { resumed: true },
  ]);
  expect((await stage.verify()).findings).toEqual([]);
});

function openConnections(): number {
  return stage.recogniser.connections.filter(({ isOpen }) => isOpen).length;
}

interface Phone {
  readonly counts: { readonly sent: number; readonly received: number };
}

function lost(one: Phone, other: Phone): number {
  return one.counts.sent - other.counts.received + (other.counts.sent - one.counts.received);
}

function planes(of: Stage): Record<'call' | 'governance', { pid: number }> {
  return (of.node.supervisor.status() as { planes: Record<'call' | 'governance', { pid: number }> }).planes;
}
