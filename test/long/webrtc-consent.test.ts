/** Consent as it runs out in real time (RFC 7675): a browser that vanished is sent nothing any more within 30 s. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { MixedCall } from '../peers/webrtc/call.ts';
import { Stage } from '../peers/webrtc/stage.ts';
import { isUdpPortTaken, UdpPeer, until } from '../peers/udp-peer.ts';

/** What consent lives (RFC 7675 §5.1), and what a machine that does much else may be late. */
const CONSENT_MS = 30_000;
const LATE_MS = 3000;
/** How often a browser asks anew is its own affair; this one does so about every 5 s. */
const ASKED_BEFORE_MS = 10_000;

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.build();
});

afterAll(() => stage.stop());

test('a browser that vanishes without a word is sent nothing once its consent is 30 s old, and the call stands', async () => {
  const call = await MixedCall.fromBrowser(stage);
  await call.expectBothHeard();
  const { port } = call.browser.media;

  call.browser.media.close();
  await until(() => !isUdpPortTaken(port));
  const successor = await UdpPeer.open(port);
  const lastHeardMs = await speakWhileHeard(call, successor);

  expect(lastHeardMs).toBeGreaterThan(CONSENT_MS - ASKED_BEFORE_MS);
  expect(lastHeardMs).toBeLessThan(CONSENT_MS + LATE_MS);
  expect(await stage.node.metric('earshot_media_dropped_total', { reason: 'ice_no_consent' })).toBeGreaterThan(50);
  expect(await stage.node.metric('earshot_calls')).toBe(1);
});

/** The telephone goes on speaking for longer than consent lives; says when whoever is there now last heard anything. */
async function speakWhileHeard(call: MixedCall, successor: UdpPeer): Promise<number> {
  const startedUs = systemClock.monoUs();
  let lastHeardMs = 0;
  for (let elapsedMs = 0; elapsedMs < CONSENT_MS + 2 * LATE_MS; elapsedMs = (systemClock.monoUs() - startedUs) / 1000) {
    await call.talk(5);
    if (successor.received.splice(0).length > 0) lastHeardMs = elapsedMs;
  }
  return lastHeardMs;
}
