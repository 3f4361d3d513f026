/** Two real phones with SDES, a whole node between them: each hears the other, under keys that are not each other's. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../journeys/support/stage.ts';
import { Baresip, freeSipPort } from './baresip.ts';
import { requirePeer } from './require-peer.ts';
import { WholeNode } from './whole-node.ts';

const program = requirePeer('baresip');

let node: WholeNode;
let callee: Baresip;
let caller: Baresip | undefined;

beforeEach(async () => {
  if (program === undefined) return;
  const sipPort = await freeSipPort();
  callee = new Baresip({ program, sipPort });
  node = await WholeNode.start(sipPort, { caller: 'sdes', callee: 'sdes' });
});

afterEach(async () => {
  if (program === undefined) return;
  await caller?.stop();
  await callee.stop();
  await node.stop();
});

test.skipIf(program === undefined)(
  'two baresip phones with SDES hear each other through a node, and hang up',
  async () => {
    caller = new Baresip({
      program: program!,
      sipPort: await freeSipPort(),
      dial: `sip:phone@127.0.0.1:${node.sipPort}`,
    });

    await until('both legs sent a second of audio', async () => {
      const [fromCaller, fromCallee] = [await received('caller'), await received('callee')];
      return fromCaller > 50 && fromCallee > 50;
    });
    const [toCallee, toCaller] = [await sent('callee'), await sent('caller')];
    const forged = await node.metric('earshot_media_dropped_total', { reason: 'srtp_unauthentic' });
    const phones = [caller, callee];
    await until('both phones hear', () => phones.every((phone) => phone.hears));
    await caller.stop();
    await until('the call is over', async () => (await node.metric('earshot_calls')) === 0);

    expect(toCallee).toBeGreaterThan(40);
    expect(toCaller).toBeGreaterThan(40);
    expect(forged).toBe(0);
    for (const { said } of phones) expect(said).toContain('AES_CM_128_HMAC_SHA1_80');
    expect(await node.metric('earshot_media_pairs_taken')).toBe(0);
  },
);

function received(side: 'caller' | 'callee'): Promise<number> {
  return node.metric('earshot_media_packets_total', { side, direction: 'received' });
}

function sent(side: 'caller' | 'callee'): Promise<number> {
  return node.metric('earshot_media_packets_total', { side, direction: 'sent' });
}
