import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest';
import type { Entry } from '../../src/model/evidence.ts';
import { fixtureBundle } from '../governance/policy/fixtures.ts';
import { freezeDatabase, stopDatabase } from './support/demo-database.ts';
import { accountedBytes, buildStage, drainCall, ofKind, until, type Stage } from './support/stage.ts';

let stage: Stage;

beforeAll(async () => {
  const { path, sha256 } = fixtureBundle('brief');
  stage = await buildStage([], { policy: { bundle: path, sha256 } });
});

afterAll(() => stage.stop());

test.each([
  ['stopped', stopDatabase],
  ['frozen', freezeDatabase],
])(
  'a database that is %s for longer than a lease silences the AI, not the call, and hearing comes back with a gap',
  async (_how, takeAway) => {
    const before = { bytes: stage.recogniser.bytesReceived, calls: new Set((await stage.entries()).map(callOf)) };
    const call = await stage.dial();
    await until('both streams are heard', () => openConnections() === 2);

    const giveBack = await takeAway(stage.node.stateDir);
    onTestFailed(() => giveBack());
    await until('nobody hears any more', () => openConnections() === 0);
    const silentFrom = { bytes: stage.recogniser.bytesReceived, packets: call.incoming.counts.received };
    const meanwhile = await stage.dial();
    await until('the calls went on for a second', () => call.incoming.counts.received > silentFrom.packets + 50);
    expect(stage.recogniser.bytesReceived).toBe(silentFrom.bytes);
    expect(stage.node.supervisor.readiness().conditions).toContain('governance: ledger_unavailable');
    await giveBack();

    await until('all four streams are heard', () => openConnections() === 4);
    expect(await drainCall(call)).toBe(0);
    expect(await drainCall(meanwhile)).toBe(0);
    await Promise.all([call.out.hangUp(), meanwhile.out.hangUp()]);
    await until('both calls are closed', async () => ofKind(await news(), 'call.close').length === 2, 30_000);
    const entries = await news();
    const lost = ofKind(entries, 'gap').filter(({ reason, count }) => reason === 'ledger_unavailable' && count === 1);

    expect(accountedBytes(entries, 'scribe')).toBe(stage.recogniser.bytesReceived - before.bytes);
    expect(ofKind(entries, 'lease.close').filter(({ reason }) => reason === 'ledger_unavailable')).toHaveLength(2);
    expect(new Set(lost.map(({ stream }) => stream)).size).toBe(4);
    expect((await stage.verify()).findings).toEqual([]);
    expect(stage.node.supervisor.readiness().conditions).toEqual([]);

    async function news(): Promise<readonly Entry[]> {
      return (await stage.entries()).filter((entry) => !before.calls.has(callOf(entry)));
    }
  },
  60_000,
);

function callOf(entry: Entry): string | undefined {
  return 'call' in entry ? entry.call : undefined;
}

function openConnections(): number {
  return stage.recogniser.connections.filter(({ isOpen }) => isOpen).length;
}
