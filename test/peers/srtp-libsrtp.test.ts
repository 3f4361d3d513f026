/** libsrtp on the legs of a whole node: what we seal it opens, what it seals we open, through a wrap of the sequence. */

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { systemRandom } from '../../src/base/ids.ts';
import { silentLog } from '../../src/base/log.ts';
import { freeUdpPort } from '../../src/cli/demo-node.ts';
import { createSoftphone, type Softphone } from '../../src/demo/softphone/softphone.ts';
import { until } from '../journeys/support/stage.ts';
import { LibsrtpPhone, type LibsrtpCounts, type LibsrtpPhoneOptions } from './libsrtp-phone.ts';
import { requireBuilt, requirePeer } from './require-peer.ts';
import { WholeNode } from './whole-node.ts';

const LIBSRTP = { header: 'srtp2/srtp.h', library: 'srtp2' };
/** Fewer than a hundred packets before the sequence numbers begin again. */
const BEFORE_WRAP = 65_450;
/** What a leg of profile `sdes` takes and offers when nothing else is said. */
const DEFAULT_SUITES = [
  'AEAD_AES_256_GCM',
  'AEAD_AES_128_GCM',
  'AES_256_CM_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_80',
] as const;
const NOTHING_WRONG = {
  repeated: 0,
  altered: 0,
  forged: 0,
  replayed: 0,
  refused: 0,
  reportsAltered: 0,
  reportsRefused: 0,
};

const built = requireBuilt(requirePeer('cc'), new URL('libsrtp-phone.c', import.meta.url), LIBSRTP);
const isMissing = built === undefined;

let calleePort: number;
let node: WholeNode;
const phones: LibsrtpPhone[] = [];
let softphone: Softphone | undefined;

beforeAll(async () => {
  if (isMissing) return;
  calleePort = await freeUdpPort();
  node = await WholeNode.start(calleePort, { caller: 'sdes', callee: 'sdes' });
});

afterEach(async () => {
  await Promise.all(phones.splice(0).map((phone) => phone.stop()));
  await softphone?.stop();
  softphone = undefined;
  if (!isMissing) await until('every call is over', async () => (await node.metric('earshot_calls')) === 0);
});

afterAll(async () => {
  if (isMissing) return;
  built.remove();
  await node.stop();
});

test.skipIf(isMissing)(
  'two phones with libsrtp get every packet and every report of each other, through a wrap, a hold and a resume',
  async () => {
    const callee = await start({ firstSequence: BEFORE_WRAP }, calleePort);
    const caller = await start({ firstSequence: BEFORE_WRAP + 50 });
    await caller.dial(nodeUri(), nodeAddress());
    await until('the callee has its ACK', () => callee.isInCall);

    await talk([caller, callee], { packets: 150, reports: 5 });
    await caller.changeDirection('sendonly');
    await caller.changeDirection('sendrecv');
    await talk([callee, caller], { packets: 150, reports: 5 });

    const each = { sent: 300, received: 300, reportsSent: 10, reportsReceived: 10, ...NOTHING_WRONG };
    expect(await Promise.all([caller.counts(), callee.counts()])).toEqual([each, each]);
  },
);

/** A different one on each leg, each once on either. */
const PAIRS = DEFAULT_SUITES.map((suite, at) => [suite, DEFAULT_SUITES[(at + 1) % DEFAULT_SUITES.length]!] as const);

test.skipIf(isMissing).each(PAIRS)(
  'a caller with %s and a callee with %s get every packet and every report of each other, through a wrap',
  async (callerSuite, calleeSuite) => {
    const callee = await start({ firstSequence: BEFORE_WRAP, suite: calleeSuite }, calleePort);
    const caller = await start({ firstSequence: BEFORE_WRAP + 50, suite: callerSuite });
    await caller.dial(nodeUri(), nodeAddress());
    await until('the callee has its ACK', () => callee.isInCall);

    await talk([caller, callee], { packets: 150, reports: 5 });

    const each = { sent: 150, received: 150, reportsSent: 5, reportsReceived: 5, ...NOTHING_WRONG };
    expect(await Promise.all([caller.counts(), callee.counts()])).toEqual([each, each]);
  },
);

test.skipIf(isMissing)('libsrtp and our phone get every packet and every report of each other', async () => {
  softphone = await createSoftphone({
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    user: 'ours',
    bind: { address: '127.0.0.1', sipPort: calleePort },
    media: { codec: 'PCMU', security: 'sdes', rtcpIntervalMs: 200 },
  });
  const answered = softphone.nextCall(10_000);
  const theirs = await start({ firstSequence: BEFORE_WRAP });
  await theirs.dial(nodeUri(), nodeAddress());
  const ours = await answered;

  theirs.send(150, 30);
  await until('ours heard it all', () => ours.counts.received === 150 && ours.counts.rtcpReceived === 5);
  await until('theirs heard some', async () => (await theirs.counts()).received > 50);
  ours.fallSilent();
  const counts = await settled(theirs, (heard) => heard.received === ours.counts.sent);

  // What our phone sends is speech, not the numbers that the program looks for.
  expect(counts).toMatchObject({ ...NOTHING_WRONG, altered: counts.received });
  expect(counts).toMatchObject({ received: ours.counts.sent, reportsReceived: ours.counts.rtcpSent });
  expect(ours.counts).toMatchObject({ received: 150, missing: 0, refused: {}, rtcpReceived: 5 });
});

test.skipIf(isMissing)('who does not have the key of the leg opens nothing that the node sends', async () => {
  const callee = await start({ firstSequence: 1, mishears: true }, calleePort);
  const caller = await start({ firstSequence: 1 });
  await caller.dial(nodeUri(), nodeAddress());
  await until('the callee has its ACK', () => callee.isInCall);

  caller.send(20, 10);
  const counts = await settled(callee, ({ forged, reportsRefused }) => forged === 20 && reportsRefused === 2);

  expect(counts).toMatchObject({ received: 0, forged: 20, refused: 20, reportsReceived: 0, reportsRefused: 2 });
});

async function start(options: Omit<LibsrtpPhoneOptions, 'program'>, sipPort?: number): Promise<LibsrtpPhone> {
  const phone = await LibsrtpPhone.start({ ...options, program: built!.path }, sipPort);
  phones.push(phone);
  return phone;
}

/** Both send at once, and wait until they have what the other sent. */
async function talk(both: readonly LibsrtpPhone[], more: { packets: number; reports: number }): Promise<void> {
  const before = await Promise.all(both.map((phone) => phone.counts()));
  for (const phone of both) phone.send(more.packets, more.packets / more.reports);
  await Promise.all(
    both.map((phone, index) =>
      settled(phone, ({ received, reportsReceived }) => {
        const { received: packets = 0, reportsReceived: reports = 0 } = before[index] ?? {};
        return received === packets + more.packets && reportsReceived === reports + more.reports;
      }),
    ),
  );
}

/** Its counts once they are as wanted, or as they are when they never were. */
async function settled(phone: LibsrtpPhone, isSo: (counts: LibsrtpCounts) => boolean): Promise<LibsrtpCounts> {
  await until('the counts are as wanted', async () => isSo(await phone.counts()), 5000).catch(() => undefined);
  return phone.counts();
}

function nodeAddress(): { readonly address: string; readonly port: number } {
  return { address: '127.0.0.1', port: node.sipPort };
}

function nodeUri(): string {
  return `sip:libsrtp@127.0.0.1:${node.sipPort}`;
}
