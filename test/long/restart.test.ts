/**
 * Calls outlive the process that carries them: fifty SRTP calls, some of them heard by AI, while the call plane is killed,
 * killed again, hangs, loses a media worker, and changes supervisors. Libsrtp judges every packet, a capture every index,
 * and the lost time is what the kernel's clock says between the last packet before and the first one after.
 */

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DemoAccess } from '../../src/cli/demo-access.ts';
import { verifyNode } from '../../src/cli/ledger-verify.ts';
import { importRow } from '../../src/governance/ledger/verify/exported-row.ts';
import { readEntry, type Entry } from '../../src/model/evidence.ts';
import { startMoodyRecogniser, type MoodyRecogniser } from '../journeys/support/moody-recogniser.ts';
import { accountedBytes, ofKind, until } from '../journeys/support/stage.ts';
import { Crowd, type CrowdCall } from '../peers/outlive/crowd.ts';
import { endThread, inspectorOf } from '../peers/outlive/end-thread.ts';
import { MortalNode } from '../peers/outlive/mortal-node.ts';
import { Talkers, type Heard } from '../peers/outlive/talkers.ts';
import { judgeWire } from '../peers/outlive/wire-indices.ts';
import { requireBuilt, requirePeer } from '../peers/require-peer.ts';

const CALLS = 50;
const HEARD_CALLS = 5;
const EARLY_CALLS = 3;
/** Of the last hundred packets of every stream; some of the newest may be lost on their way. */
const REPLAYED = 2 * CALLS * 90;
/** What the calls may lose where a process stood by, and where one had to be started. An idle machine needs a third. */
const LOST_MS = 1000;
const LOST_BY_START_MS = 2000;
/** From the start of an understudy until it has loaded its code. */
const LOADED_MS = 2000;
const HANG_MS = 3000;
/** A life that was given calls, and ends sooner, is suspected of having died of them; the second one costs the calls. */
const PROVEN_MS = 5000;

const source = new URL('../peers/outlive/talkers.c', import.meta.url);
const built = requireBuilt(requirePeer('cc'), source, { header: 'srtp2/srtp.h', library: 'srtp2' });
const isMissing = built === undefined;

let folder: string;
let recogniser: MoodyRecogniser;
let node: MortalNode;
let talkers: Talkers;
let crowd: Crowd;
let access: DemoAccess;
let calls: CrowdCall[];

beforeAll(async () => {
  if (built === undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'earshot-outlive-'));
  // First, as they take many ports, and the node is given one that is free then for later.
  talkers = await Talkers.start(built.path, 2 * (CALLS + EARLY_CALLS), join(folder, 'wire'));
  recogniser = await startMoodyRecogniser();
  node = await MortalNode.start({ recogniserUrl: recogniser.url, calls: CALLS + EARLY_CALLS, hangMs: HANG_MS });
  access = await node.access();
  crowd = await Crowd.open({ media: talkers, nodePort: node.sipPort, calleePort: node.calleePort });
  calls = [...(await crowd.calls(HEARD_CALLS, '100')), ...(await crowd.calls(CALLS - HEARD_CALLS, '200'))];
  await until('some are heard', () => heardNow() === 2 * HEARD_CALLS, 60_000);
});

afterAll(async () => {
  if (built === undefined) return;
  await crowd.stop();
  await talkers.stop();
  await node.stop();
  await recogniser.die();
  rmSync(folder, { recursive: true });
  built.remove();
});

test.skipIf(isMissing)('a call plane that is killed costs its calls a moment, and AI hears on', async () => {
  await untilSomebodyStandsBy();
  const bytes = recogniser.bytesReceived;

  const after = await disturbed('call plane killed', () => node.signal('call', 'SIGKILL'));

  expectIntact(after, { names: 2 });
  expect(await node.metric('earshot_restored_calls_total')).toBe(CALLS);
  const isHeardAgain = (): boolean => heardNow() === 2 * HEARD_CALLS && recogniser.bytesReceived > bytes;
  await until('every stream is heard again', isHeardAgain, 30_000);
  // Its dialogs are as they were, from both ends.
  await calls[0]!.reoffer('caller');
  await calls[1]!.reoffer('callee');
});

test.skipIf(isMissing)('killed again before it has settled, it is back as soon', async () => {
  const after = await disturbed('killed again at once', () => node.signal('call', 'SIGKILL'), LOST_BY_START_MS);

  expectIntact(after, { names: 3 });
});

test.skipIf(isMissing)('old packets that are sent again, across a restart, go nowhere', async () => {
  await Promise.all([untilSomebodyStandsBy(), pause(PROVEN_MS)]);
  const killBoth = async (): Promise<void> => {
    process.kill(await node.understudyPid(), 'SIGKILL');
    await node.signal('call', 'SIGKILL');
  };
  await disturbed('killed together with who stood by', killBoth, LOST_BY_START_MS);

  talkers.replay();
  await pause(500);

  expectIntact(await talkers.report(), { names: 4 });
  await until('they were counted', async () => (await node.metric('earshot_media_dropped_total')) >= REPLAYED);
});

test.skipIf(isMissing)(
  'a call plane that hangs is killed, and its calls go on in one that was stopped too',
  async () => {
    const mayLoseMs = HANG_MS + 1000 + LOST_BY_START_MS;
    await untilSomebodyStandsBy();

    // As whoever stops every process of that name does.
    process.kill(await node.understudyPid(), 'SIGSTOP');
    const after = await disturbed('call plane hung', () => node.signal('call', 'SIGSTOP'), mayLoseMs);

    expectIntact(after, { names: 5 });
    expect(await node.metric('earshot_hang_kills_total')).toBe(1);
  },
);

test.skipIf(isMissing)('a media worker that ends costs its calls a moment', async () => {
  await node.signal('call', 'SIGUSR1');
  await until('its inspector listens', () => inspectorOf(node.said) !== undefined);

  const after = await disturbed('media worker ended', () => endThread(inspectorOf(node.said) ?? ''));

  expectIntact(after, { names: 6 });
  await until('its death is counted', async () => (await node.metric('earshot_media_worker_deaths_total')) === 1);
});

test.skipIf(isMissing)('a supervisor that was stopped itself blames nobody for the silence', async () => {
  const pids = [await node.pidOf('call'), await node.pidOf('governance')];
  talkers.mark();

  await node.freezeSupervisor(HANG_MS + 1500);
  await pause(1000);

  expect([await node.pidOf('call'), await node.pidOf('governance')]).toEqual(pids);
  expect(await node.metric('earshot_hang_kills_total')).toBe(1);
  expect(worstHole(await talkers.report())).toBeLessThan(200);
});

test.skipIf(isMissing)('a supervisor that is killed is not noticed, and its successor has the mirror', async () => {
  await until('somebody stands by', async () => (await node.status())?.planes.call.understudy === true);
  const [pid, stoodBy] = [await node.pidOf('call'), await node.understudyPid()];
  talkers.mark();
  await node.killSupervisor();
  await until('nobody stands by for a supervisor that is gone', () => !existsSync(`/proc/${stoodBy}`));
  await node.restartSupervisor();
  await until('it has every call', async () => (await node.metric('earshot_mirrored_calls')) === CALLS);

  expect(await node.pidOf('call')).toBe(pid);
  expect(worstHole(await talkers.report())).toBeLessThan(200);
  const kill = (): Promise<unknown> => node.signal('call', 'SIGKILL');
  const after = await disturbed('call plane killed under a new supervisor', kill, LOST_BY_START_MS);

  expectIntact(after, { names: 7 });
});

test.skipIf(isMissing)('calls that rang when the call plane died are answered and refused as ever', async () => {
  const [answered, refused] = [await crowd.ring('200'), await crowd.ring('200')];
  await disturbed('killed while two more ring', () => node.signal('call', 'SIGKILL'), LOST_BY_START_MS);

  refused.refuse();
  const call = await answered.answer();
  await expect(refused.outcome()).rejects.toThrow();
  await pause(1000);

  const heard = await talkers.report();
  for (const each of call.talkers.map((at) => heard[at])) {
    expect(each).toMatchObject({ forged: 0, refused: 0, altered: 0, fromElsewhere: 0 });
    expect(each?.silentMs).toBeLessThan(200);
  }
  await call.hangUp('caller');
  await until('nothing is left of them', async () => (await node.status())?.planes.call.calls === CALLS);
});

test.skipIf(isMissing)(
  'afterwards both sides offer anew and end their calls, and nothing is left of them',
  async () => {
    const { media_pairs_ready: before = 0 } = (await node.status())!.planes.call;
    for (let at = 0; at < CALLS; at += 10) {
      const some = calls.slice(at, at + 10);
      await Promise.all(some.map((call, index) => call.reoffer(index % 2 === 0 ? 'caller' : 'callee')));
    }
    talkers.mark();
    await pause(500);
    expectIntact(await talkers.report(), { names: 8 });

    await Promise.all(calls.map((call, index) => call.hangUp(index % 2 === 0 ? 'callee' : 'caller')));

    await until('no call is left', async () => (await node.metric('earshot_mirrored_calls')) === 0);
    expect(calls.filter((call) => call.isOver('caller') && call.isOver('callee'))).toHaveLength(CALLS);
    await until('nothing is left of them', async () => {
      const { calls: left, sessions, taps } = (await node.status())!.planes.call;
      return left === 0 && sessions === 0 && taps === 0;
    });
    await until('its ports are ready again', async () => {
      return ((await node.status())?.planes.call.media_pairs_ready ?? 0) >= before + 2 * CALLS;
    });
  },
);

test.skipIf(isMissing)('on the wire nothing was ever sent twice under one index of one key', async () => {
  await talkers.report();

  const { rtp, rtcp, unopened, reused, keys, names } = judgeWire(join(folder, 'wire'), (at) => talkers.keysOf(at));

  process.stdout.write(`${rtp} SRTP and ${rtcp} SRTCP packets under ${keys} keys and ${names} SSRCs\n`);
  expect(reused).toBe(0);
  expect(unopened).toBe(0);
  expect(keys).toBe(2 * (CALLS + 1));
  expect(names).toBeGreaterThanOrEqual(2 * CALLS * 8);
});

test.skipIf(isMissing)('the evidence says what was heard and what was not, and verifies', async () => {
  let entries: readonly Entry[] = [];
  await until(
    'every call is closed',
    async () => {
      entries = await readEntries();
      return ofKind(entries, 'call.close').length === ofKind(entries, 'call.open').length;
    },
    30_000,
  );
  const streams = new Set(ofKind(entries, 'lease.open').map(({ stream }) => stream));
  const gaps = ofKind(entries, 'gap').filter(({ reason }) => reason === 'tap_lapsed');

  expect(streams.size).toBe(2 * HEARD_CALLS);
  expect(new Set(gaps.map(({ stream }) => stream))).toEqual(streams);
  expect(accountedBytes(entries, 'scribe')).toBe(recogniser.bytesReceived);
  expect((await verifyNode(access.auditor)).findings).toEqual([]);
});

/** What everybody heard around a disturbance, once all hear each other again. */
async function disturbed(
  what: string,
  disturb: () => Promise<unknown>,
  mayLoseMs = LOST_MS,
): Promise<readonly Heard[]> {
  talkers.mark();
  await disturb();
  await pause(100);
  await everybodyHears();
  const heard = (await talkers.report()).slice(0, 2 * CALLS);
  const holes = heard.map(({ holeMs }) => holeMs).sort((a, b) => a - b);
  const [median = 0, worst = 0] = [holes[CALLS], holes.at(-1)];
  process.stdout.write(`${what}: ${CALLS} calls lost ${Math.round(median)} ms, at worst ${Math.round(worst)} ms\n`);
  expect(worst).toBeLessThan(mayLoseMs);
  return heard;
}

async function untilSomebodyStandsBy(): Promise<void> {
  await until('a process stands by', async () => (await node.status())?.planes.call.understudy === true);
  await pause(LOADED_MS);
}

async function everybodyHears(): Promise<void> {
  const areHeard = async (): Promise<boolean> => {
    const heard = (await talkers.report()).slice(0, 2 * CALLS);
    return heard.every(({ silentMs }) => silentMs < 80);
  };
  await until('everybody hears the other', areHeard, 20_000);
  await pause(300);
}

/**
 * Nothing was heard twice, from elsewhere or otherwise than it was said, and no index was used again: libsrtp would have
 * refused it. Each life of the session speaks under names of its own.
 */
function expectIntact(heard: readonly Heard[], { names }: { readonly names: number }): void {
  for (const each of heard.slice(0, 2 * CALLS)) {
    expect(each).toMatchObject({
      repeated: 0,
      altered: 0,
      fromElsewhere: 0,
      forged: 0,
      replayed: 0,
      refused: 0,
      reportsRefused: 0,
      names,
    });
    expect(each.reportNames).toBeLessThanOrEqual(names);
  }
}

function worstHole(heard: readonly Heard[]): number {
  return Math.max(...heard.slice(0, 2 * CALLS).map(({ holeMs }) => holeMs));
}

function heardNow(): number {
  return recogniser.connections.filter(({ isOpen, bytesReceived }) => isOpen && bytesReceived > 0).length;
}

async function readEntries(): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for await (const line of access.auditor.lines({ path: '/v1/ledger/raw' })) {
    const row = importRow(line);
    const read = row === undefined ? 'invalid' : readEntry(JSON.parse(row.raw.toString('utf8')));
    if (typeof read === 'object') entries.push(read.entry);
  }
  return entries;
}
