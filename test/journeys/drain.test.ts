/** `earshot drain`, as an operator uses it: calls go on, new ones are sent elsewhere, whatever becomes of the call plane. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { headerText } from '../../src/demo/softphone/sip-text.ts';
import { Crowd, type CrowdCall, type CrowdMedia } from '../peers/outlive/crowd.ts';
import { MortalNode } from '../peers/outlive/mortal-node.ts';
import { SipParty } from '../peers/sip-party.ts';
import { finished, runCli, startCli, type Finished } from './support/cli.ts';
import { until } from './support/stage.ts';

const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/SAVP 0\r\n';
/** Nothing is sent to these. */
const silence: CrowdMedia = {
  ports: [9002, 9004, 9006, 9008, 9010, 9012, 9014, 9016],
  talk: () => undefined,
  hush: () => undefined,
};

let node: MortalNode;
let crowd: Crowd;
let calls: readonly CrowdCall[];
let draining: { readonly done: Promise<Finished>; said: string };

beforeAll(async () => {
  node = await MortalNode.start({ recogniserUrl: 'ws://127.0.0.1:9', calls: 4 });
  crowd = await Crowd.open({ media: silence, nodePort: node.sipPort, calleePort: node.calleePort });
  calls = await crowd.calls(2, '200');
});

afterAll(async () => {
  await crowd.stop();
  await node.stop();
});

test('calls go on, and the command waits for them', async () => {
  const child = startCli(['drain', '-c', node.config]);
  draining = { done: finished(child), said: '' };
  child.stdout?.on('data', (chunk: Buffer) => (draining.said += chunk.toString()));

  await until('it waits for two', () => draining.said.endsWith('2 calls\n'));
  await calls[0]!.reoffer('callee');

  expect(await node.status()).toMatchObject({ ready: false, planes: { call: { calls: 2, draining: true } } });
  expect((await node.status())?.conditions).toContain('draining');
  expect((await runCli(['status', '-c', node.config])).stdout).toContain('draining');
});

test('a new call is sent elsewhere, and told when to come back', () => expectRefused());

test('a call plane that is killed meanwhile keeps its calls, and takes no new ones', async () => {
  const pid = await node.signal('call', 'SIGKILL');
  await until('it is back', async () => {
    const plane = (await node.status())?.planes.call;
    return plane?.pid !== pid && plane?.ready === true && plane.calls === 2;
  });

  await expectRefused();
  await calls[1]!.reoffer('caller');
});

test('it returns with the last call, and then calls are taken again if somebody says so', async () => {
  await Promise.all(calls.map((call) => call.hangUp('caller')));

  const { code, stdout } = await draining.done;
  const undone = await runCli(['drain', '--undo', '-c', node.config]);
  await crowd.calls(1, '200');

  expect(code).toBe(0);
  expect(stdout).toMatch(/drained: no calls are left/);
  expect(undone.code).toBe(0);
  expect((await node.status())?.conditions).not.toContain('draining');
});

test('a supervisor that is killed finds the node draining, as it was told', async () => {
  await crowd.calls(1, '200');
  expect((await runCli(['drain', '--wait', '1', '-c', node.config])).code).toBe(1);
  await node.killSupervisor();
  await node.restartSupervisor();
  await until('it knows', async () => (await node.status())?.conditions.includes('draining') === true);

  await expectRefused();
});

async function expectRefused(): Promise<void> {
  const party = await SipParty.open();
  party.invite(node.sipPort, { to: `sip:200@127.0.0.1:${node.sipPort}`, sdp: SDP });

  const refusal = await party.response(503);

  party.close();
  expect(Number(headerText(refusal, 'retry-after'))).toBeGreaterThan(0);
}
