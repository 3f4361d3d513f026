/** sipp on both sides of a whole node: forty calls a second, each held and resumed, and none may fail. */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freeUdpPort } from '../../src/cli/demo-node.ts';
import { until } from '../journeys/support/stage.ts';
import { PeerProcess } from './peer-process.ts';
import { requirePeer } from './require-peer.ts';
import { WholeNode } from './whole-node.ts';

const CALLS = 120;
const CALLS_PER_SECOND = 40;
const LIMIT_MS = 30_000;

const program = requirePeer('sipp');

let node: WholeNode;
let callee: PeerProcess;

beforeEach(async () => {
  if (program === undefined) return;
  const calleePort = await freeUdpPort();
  callee = await startSipp('sipp-callee.xml', calleePort, []);
  node = await WholeNode.start(calleePort, { caller: 'rtp', callee: 'rtp' });
});

afterEach(async () => {
  if (program === undefined) return;
  // Asked, it would wait for calls to come.
  await callee.stop('SIGKILL');
  await node.stop();
});

test.skipIf(program === undefined)(
  'calls of sipp at forty a second, held and resumed, all succeed and leave nothing',
  async () => {
    const rate = ['-m', String(CALLS), '-r', String(CALLS_PER_SECOND), `127.0.0.1:${node.sipPort}`];
    const caller = await startSipp('sipp-caller.xml', await freeUdpPort(), rate);

    const code = await caller.finished(LIMIT_MS);
    await until('every call is over', async () => (await node.metric('earshot_calls')) === 0);

    expect(code).toBe(0);
    const edited = await node.metric('earshot_anchor_total', { result: 'edit' });
    expect(edited).toBe(CALLS * 3 * 2);
    expect(await node.metric('earshot_sip_refused_total')).toBe(0);
    expect(await node.metric('earshot_sip_failures_total')).toBe(0);
    expect(await node.metric('earshot_media_pairs_taken')).toBe(0);
  },
);

async function startSipp(scenario: string, port: number, more: readonly string[]): Promise<PeerProcess> {
  const file = join(fileURLToPath(new URL('.', import.meta.url)), scenario);
  const place = ['-i', '127.0.0.1', '-p', String(port), '-mp', String(await freeUdpPort())];
  return new PeerProcess(program!, ['-sf', file, ...place, '-nostdin', ...more]);
}
