/**
 * baresip on both sides of a whole node, in what it speaks: plain RTP, SDES, handshakes, and GCM where it is called. Each
 * hums a tone and hears the other's. Offered only what it does not speak, it answers something else, and the call fails.
 */

import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Wav } from '../../src/demo/wav.ts';
import { until } from '../journeys/support/stage.ts';
import { tone } from '../protocol/codec/tones.ts';
import { Baresip, freeSipPort, type PhoneSecurity } from './baresip.ts';
import { PlainEnd } from './matrix/plain-end.ts';
import { shareOfTone } from './matrix/pitch.ts';
import { policyOf, type Profile } from './matrix/profiles.ts';
import { requirePeer } from './require-peer.ts';
import { openAgent } from './matrix/switchboard.ts';
import { WholeNode } from './whole-node.ts';

const program = requirePeer('baresip');
const isMissing = program === undefined;

const RATE_HZ = 16_000;
const [CALLER_HZ, CALLEE_HZ] = [440, 1250];
/** So long both hear each other before the caller hangs up. */
const HEARD_MS = 1500;

/** It offers keys of 128 bits in counter mode alone, and no other suite fits what it says of a handshake. */
const CELLS: readonly (readonly [Profile, Profile])[] = [
  ['RTP', 'RTP'],
  ['RTP', 'DTLS'],
  ['RTP', 'GCM-128'],
  ['SDES-128', 'RTP'],
  ['SDES-128', 'SDES-128'],
  ['SDES-128', 'GCM-256'],
  ['DTLS', 'SDES-128'],
  ['DTLS', 'GCM-128'],
  ['DTLS', 'DTLS'],
];
const DOWNGRADED = '99';
const SAID: Readonly<Record<Profile, string>> = {
  RTP: '',
  'SDES-128': 'SRTP is Enabled (cryptosuite=AES_CM_128_HMAC_SHA1_80)',
  'SDES-256': '',
  'GCM-128': 'SRTP is Enabled (cryptosuite=AEAD_AES_128_GCM)',
  'GCM-256': 'SRTP is Enabled (cryptosuite=AEAD_AES_256_GCM)',
  DTLS: 'DTLS-SRTP complete (audio/RTP)',
};

let node: WholeNode;
const callees = new Map<string, Baresip>();

beforeAll(async () => {
  if (program === undefined) return;
  const ports = new Map<string, number>();
  for (const [at, [, callee]] of CELLS.entries()) {
    const sipPort = await freeSipPort();
    ports.set(numberOf(at), sipPort);
    callees.set(numberOf(at), phone({ user: numberOf(at), sipPort, security: securityOf(callee), hz: CALLEE_HZ }));
  }
  const sipPort = await freeSipPort();
  ports.set(DOWNGRADED, sipPort);
  callees.set(DOWNGRADED, phone({ user: DOWNGRADED, sipPort, security: 'sdes', hz: CALLEE_HZ }));
  const tenants = CELLS.map(([caller, callee], at) => ({
    id: `t${numberOf(at)}`,
    number: numberOf(at),
    next: [`sip:127.0.0.1:${ports.get(numberOf(at))!}`],
    media: { caller: policyOf(caller), callee: policyOf(callee) },
  }));
  const last = { id: 'downgraded', number: DOWNGRADED, next: [`sip:127.0.0.1:${ports.get(DOWNGRADED)!}`] };
  node = await WholeNode.startWith({
    mediaAddress: machineAddress(),
    tenants: [...tenants, { ...last, media: { caller: 'rtp', callee: policyOf('SDES-256') } }],
  });
});

afterAll(async () => {
  if (isMissing) return;
  await Promise.all([...callees.values()].map((callee) => callee.stop()));
  await node.stop();
});

describe.skipIf(isMissing)('baresip', () => {
  test.concurrent.for(CELLS.map(([caller, callee], at) => ({ caller, callee, number: numberOf(at) })))(
    'with $caller calls baresip with $callee, and each hears the other',
    async ({ caller: profile, callee: calleeProfile, number }) => {
      const callee = callees.get(number)!;
      const dial = `sip:${number}@127.0.0.1:${node.sipPort}`;
      const caller = phone({
        user: 'caller',
        sipPort: await freeSipPort(),
        security: securityOf(profile),
        hz: CALLER_HZ,
        dial,
      });
      await until('both hear', () => caller.hears && callee.hears);
      await new Promise((resolve) => setTimeout(resolve, HEARD_MS));
      const [heardByCaller, heardByCallee] = await hungUp(caller, callee);

      expect(shareOfTone(heardByCaller, CALLEE_HZ)).toBeGreaterThan(0.9);
      expect(shareOfTone(heardByCallee, CALLER_HZ)).toBeGreaterThan(0.9);
      expect(caller.said).toContain(SAID[profile]);
      expect(callee.said).toContain(SAID[calleeProfile]);
    },
  );

  test('offered 256 bits alone it answers 128 under a tag of its own: the line is closed, and the call is silent', async () => {
    const caller = await PlainEnd.open(1);
    const agent = await openAgent('downgraded');
    const nextHop = { address: '127.0.0.1', port: node.sipPort };
    const uri = `sip:${DOWNGRADED}@127.0.0.1:${node.sipPort}`;
    const call = await agent.invite({ uri, nextHop, sdp: inG722(await caller.offer()), deadlineMs: 10_000 }).answered;

    await caller.accept(String(call.peerSdp));

    expect(caller.heardSdp).toMatch(/^m=audio 0 RTP\/AVP /m);
    await until('it is counted', async () => (await closedFor('crypto_mismatch')) === 1);
    // baresip speaks all the while, under the key nobody asked for.
    const dropped = await noSession();
    await until('it speaks', async () => (await noSession()) > dropped);
    expect(await caller.counts()).toMatchObject({ received: 0, altered: 0, reportsReceived: 0 });
    await call.hangUp();
    await agent.stop();
    await caller.stop();
  });
});

/** One that keeps what it hears. */
function phone({
  user,
  sipPort,
  security,
  hz,
  dial,
}: {
  readonly user: string;
  readonly sipPort: number;
  readonly security: PhoneSecurity;
  readonly hz: number;
  readonly dial?: string;
}): Baresip {
  const voice = { sampleRateHz: RATE_HZ, samples: tone(hz, RATE_HZ * 60) };
  const options = { program: program!, user, sipPort, security, voice, records: true };
  return new Baresip(dial === undefined ? options : { ...options, dial });
}

/** What each heard, once the call is over. */
async function hungUp(caller: Baresip, callee: Baresip): Promise<readonly [Wav, Wav]> {
  await caller.hangUp();
  const heard = caller.recording();
  await caller.stop();
  await until('the callee has hung up', () => / terminated /.test(callee.said));
  return [heard, callee.recording()];
}

/** Where baresip has its media, and so the node: a handshake is with whom the SDP names. */
function machineAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const found = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  if (!found) throw new Error('baresip needs an address that is not loopback');
  return found.address;
}

/** All that the phone speaks. */
function inG722(sdp: string): string {
  return sdp.replace(/ 0(?=\r\na=rtpmap)/, ' 9').replace('0 PCMU/8000', '9 G722/8000');
}

function securityOf(profile: Profile): PhoneSecurity {
  if (profile === 'RTP') return 'rtp';
  return profile === 'DTLS' ? 'dtls' : 'sdes';
}

function numberOf(at: number): string {
  return `1${at}`;
}

function closedFor(reason: string): Promise<number> {
  return node.metric('earshot_anchor_lines_closed_total', { reason });
}

function noSession(): Promise<number> {
  return node.metric('earshot_media_dropped_total', { reason: 'no_session' });
}
