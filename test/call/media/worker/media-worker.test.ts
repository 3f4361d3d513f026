import { expect, test } from 'vitest';
import { ManualClock } from '../../../../src/base/clock.ts';
import type { TapId } from '../../../../src/base/ids.ts';
import { silentLog } from '../../../../src/base/log.ts';
import { Metrics, type MetricSample } from '../../../../src/base/metrics.ts';
import type { FromWorker, WorkerStart } from '../../../../src/call/media/messages.ts';
import type { MediaPair, SessionState } from '../../../../src/call/media/session-state.ts';
import { MediaWorker } from '../../../../src/call/media/worker/media-worker.ts';
import { BytePipe, settle } from '../../../link/byte-pipe.ts';
import { rtpPacket, senderReport } from '../../../protocol/rtp/packets.ts';
import { clientHello, FakeDtls, finished, SERVER_FLIGHT } from './fake-dtls.ts';
import { FakePorts } from './fake-port.ts';
import { countingRandom } from './rig.ts';
import {
  CALL,
  CALLEE,
  CALLER,
  CALLER_STREAM,
  calleeBranch,
  callerBranch,
  dtlsWith,
  key,
  pair,
  session,
} from './states.ts';

const TAP = `t_${'1'.repeat(32)}` as TapId;

interface Life {
  readonly start?: Partial<WorkerStart>;
  readonly busy?: readonly number[];
  readonly dtls?: FakeDtls;
}

async function started({ start = {}, busy = [], dtls }: Life = {}) {
  const clock = new ManualClock();
  const ports = new FakePorts();
  for (const port of busy) ports.busy.add(port);
  const posted: FromWorker[] = [];
  const worker = new MediaWorker({
    start: {
      index: 0,
      workers: 1,
      firstPair: 500,
      interfaces: [
        {
          name: 'outside',
          bindAddress: '127.0.0.1',
          advertisedAddress: '203.0.113.9',
          family: 4,
          portMin: 20_000,
          portMax: 20_009,
        },
      ],
      readyPairs: 2,
      tapSocket: '',
      logLevel: 'silent',
      ...(dtls ? { dtlsCertificate: dtls.certificate } : {}),
      ...start,
    },
    createDtls: dtls?.create,
    clock,
    random: countingRandom(),
    log: silentLog,
    metrics: new Metrics(),
    openPort: ports.open,
    post: (message) => posted.push(message),
    soon: (task) => task(),
  });
  const starting = worker.start();
  // Ports that are busy are tried again and again, by the clock.
  for (let attempt = 0; attempt < 2 * busy.length * 10; attempt++) {
    await settle();
    clock.advance(50);
  }
  await starting;
  const pairs = posted.flatMap((message) => (message.kind === 'pair.ready' ? [message.pair] : []));
  const last = <Kind extends FromWorker['kind']>(kind: Kind) =>
    posted.filter((message): message is Extract<FromWorker, { kind: Kind }> => message.kind === kind).at(-1);
  return { clock, ports, posted, worker, pairs, last };
}

function sessionOn(pairs: readonly MediaPair[]): SessionState {
  const [caller, callee] = pairs;
  return session({ caller: { pair: caller! }, callee: { pair: callee! } });
}

/** A worker that carries one plain call. */
async function withCall() {
  const rig = await started();
  for (const { pair } of rig.pairs) rig.worker.handle({ kind: 'pair.taken', pair });
  rig.worker.handle({ kind: 'session.apply', state: sessionOn(rig.pairs) });
  return rig;
}

test('pairs carry ids of this life of the worker', async () => {
  const { pairs } = await started();

  expect(pairs.map(({ pair, rtpPort }) => [pair, rtpPort])).toEqual([
    [500, 20_000],
    [501, 20_002],
  ]);
});

test('a session on taken pairs relays, and is over when it is ended', async () => {
  const { ports, worker, last } = await withCall();
  ports.at(20_000).receive(rtpPacket({ sequence: 1 }), CALLER);

  worker.handle({ kind: 'session.end', call: CALL });
  ports.at(20_000).receive(rtpPacket({ sequence: 2 }), CALLER);

  expect(ports.at(20_002).sent.map(({ to }) => to)).toEqual([CALLEE]);
  expect(last('session.stats')?.stats).toEqual({
    call: CALL,
    mLine: 0,
    final: true,
    sides: {
      caller: { received: 1, sent: 0, dropped: 0, lost: 0, jitterMs: 0 },
      callee: { received: 0, sent: 1, dropped: 0, lost: 0, jitterMs: 0 },
    },
  });
});

test('what an answerer says before its answer is through is relayed with it, once and in order', async () => {
  const { clock, ports, worker, pairs, last } = await started();
  for (const { pair } of pairs) worker.handle({ kind: 'pair.taken', pair });
  const words = [1, 2, 3].map((sequence) => rtpPacket({ sequence }));

  for (const packet of words) ports.at(20_002).receive(packet, CALLEE, clock.monoUs());
  worker.handle({ kind: 'session.apply', state: sessionOn(pairs) });
  worker.handle({ kind: 'session.apply', state: { ...sessionOn(pairs), generation: 2 } });

  expect(ports.at(20_000).sent).toEqual(words.map((bytes) => ({ bytes, to: CALLER })));
  expect(last('stream.started')).toMatchObject({ call: CALL, firstArrivalUs: clock.monoUs() });
});

test('of what comes before the answer a few are held for a moment, the oldest are let fall and counted', async () => {
  const { clock, ports, worker, pairs, last } = await started();
  for (const { pair } of pairs) worker.handle({ kind: 'pair.taken', pair });
  ports.at(20_002).receive(rtpPacket({ sequence: 1 }), CALLEE, clock.monoUs());
  clock.advance(400);
  for (let sequence = 2; sequence < 32; sequence++) {
    ports.at(20_002).receive(rtpPacket({ sequence }), CALLEE, clock.monoUs());
  }

  worker.handle({ kind: 'session.apply', state: sessionOn(pairs) });
  clock.advance(1000);

  expect(ports.at(20_000).sent.map(({ bytes }) => bytes.readUInt16BE(2))).toEqual(
    Array.from({ length: 16 }, (_, at) => 16 + at),
  );
  expect(last('report')?.metrics).toContainEqual(noSession(15));
});

test('a packet that is too old when the answer comes is not played after it', async () => {
  const { clock, ports, worker, pairs, last } = await started();
  for (const { pair } of pairs) worker.handle({ kind: 'pair.taken', pair });
  ports.at(20_002).receive(rtpPacket({ sequence: 1 }), CALLEE, clock.monoUs());
  clock.advance(301);

  worker.handle({ kind: 'session.apply', state: sessionOn(pairs) });
  clock.advance(1000);

  expect(ports.at(20_000).sent).toEqual([]);
  expect(last('report')?.metrics).toContainEqual(noSession(1));
});

test('a stranger who speaks before the answer is judged as after it', async () => {
  const { clock, ports, worker, pairs } = await started();
  for (const { pair } of pairs) worker.handle({ kind: 'pair.taken', pair });
  ports.at(20_002).receive(rtpPacket(), { address: '203.0.113.66', port: 1 }, clock.monoUs());

  worker.handle({ kind: 'session.apply', state: sessionOn(pairs) });

  expect(ports.at(20_000).sent).toEqual([]);
});

test('what was held for a call that never came is not kept for the next one', async () => {
  const { clock, ports, worker, pairs } = await started();
  for (const { pair } of pairs) worker.handle({ kind: 'pair.taken', pair });
  ports.at(20_002).receive(rtpPacket(), CALLEE, clock.monoUs());
  for (const { pair } of pairs) worker.handle({ kind: 'pair.free', pair });
  clock.advance(2000);

  for (const { pair } of pairs) worker.handle({ kind: 'pair.taken', pair });
  worker.handle({ kind: 'session.apply', state: sessionOn(pairs) });

  expect(ports.at(20_000).sent).toEqual([]);
});

test('a session on pairs that are not taken is refused and counted', async () => {
  const { clock, ports, worker, pairs, last } = await started();

  worker.handle({ kind: 'session.apply', state: sessionOn(pairs) });
  ports.at(20_000).receive(rtpPacket(), CALLER);
  clock.advance(1000);

  expect(ports.at(20_002).sent).toEqual([]);
  expect(last('report')).toMatchObject({
    sessions: 0,
    metrics: expect.arrayContaining([
      { name: 'earshot_media_sessions_refused_total', kind: 'counter', labels: {}, value: 1 },
    ]) as unknown,
  });
});

test('a state that cannot be true harms no other call', async () => {
  const { clock, ports, worker, pairs, last } = await withCall();
  const state = sessionOn(pairs);
  const sendKey = { suite: 'AES_CM_128_HMAC_SHA1_80', keySalt: 'short' } as const;

  worker.handle({
    kind: 'session.apply',
    state: { ...state, mLine: 1, sides: { ...state.sides, caller: { ...state.sides.caller, sendKey } } },
  });
  ports.at(20_000).receive(rtpPacket(), CALLER);
  clock.advance(1000);

  expect(ports.at(20_002).sent).toHaveLength(1);
  expect(last('report')?.metrics).toContainEqual({
    name: 'earshot_media_message_faults_total',
    kind: 'counter',
    labels: { kind: 'session.apply' },
    value: 1,
  });
});

test('drops are reported by reason, and the start of a stream by its call', async () => {
  const { clock, ports, last } = await withCall();

  ports.at(20_000).receive(rtpPacket(), { address: '203.0.113.66', port: 1 });
  ports.at(20_000).receive(rtpPacket(), CALLER, 4321);
  clock.advance(1000);

  expect(last('stream.started')).toEqual({
    kind: 'stream.started',
    call: CALL,
    stream: CALLER_STREAM,
    firstArrivalUs: 4321,
  });
  expect(last('report')?.metrics).toContainEqual({
    name: 'earshot_media_dropped_total',
    kind: 'counter',
    labels: { reason: 'source_refused' },
    value: 1,
  });
});

test('calls with media are reported every ten seconds, silent ones are not', async () => {
  const { clock, ports, posted, last } = await withCall();

  ports.at(20_000).receive(rtpPacket(), CALLER);
  clock.advance(10_000);
  clock.advance(10_000);

  expect(posted.filter(({ kind }) => kind === 'activity')).toEqual([{ kind: 'activity', calls: [CALL] }]);
  expect(last('session.stats')?.stats.final).toBe(false);
});

test('a call on hold of which only RTCP is heard is one that lives', async () => {
  const { clock, ports, posted } = await withCall();

  ports.at(20_001).receive(senderReport(7, 8), { address: CALLER.address, port: CALLER.port + 1 });
  clock.advance(10_000);

  expect(posted.filter(({ kind }) => kind === 'activity')).toEqual([{ kind: 'activity', calls: [CALL] }]);
});

test('packets that went through are counted by side and direction, dropped ones are not', async () => {
  const { clock, ports, last } = await withCall();

  ports.at(20_000).receive(rtpPacket({ sequence: 1 }), CALLER);
  ports.at(20_000).receive(rtpPacket({ sequence: 2 }), { address: '203.0.113.66', port: 1 });
  clock.advance(1000);

  const counted = (last('report')?.metrics ?? [])
    .filter(({ name }) => name === 'earshot_media_packets_total')
    .map(({ labels, value }) => `${labels['side']} ${labels['direction']} ${value}`);
  expect(counted).toEqual(['caller received 1', 'caller sent 0', 'callee received 0', 'callee sent 1']);
});

test('a tap ends with its call, and with its branch', async () => {
  const { clock, worker, last, pairs } = await withCall();
  worker.taps.attach(new BytePipe());
  const open = { kind: 'tap.open', call: CALL, tap: TAP, deadlineUs: clock.monoUs() + 5_000_000 } as const;
  const state = sessionOn(pairs);

  worker.handle({ ...open, stream: calleeBranch().stream });
  worker.handle({
    kind: 'session.apply',
    state: {
      ...state,
      generation: 2,
      sides: { ...state.sides, callee: { ...state.sides.callee, branches: [], activeLeg: null } },
    },
  });
  expect(last('tap.ended')?.reason).toBe('stream_ended');
  worker.handle({ ...open, stream: CALLER_STREAM });
  worker.handle({ kind: 'session.end', call: CALL });

  expect(last('tap.ended')?.reason).toBe('call_ended');
});

test('a tap that is not renewed is swept away', async () => {
  const { clock, worker, last } = await withCall();
  worker.taps.attach(new BytePipe());
  const deadlineUs = clock.monoUs() + 5_000_000;
  worker.handle({ kind: 'tap.open', call: CALL, tap: TAP, stream: CALLER_STREAM, deadlineUs });

  clock.advance(4000);
  worker.handle({ kind: 'tap.renew', taps: [TAP], deadlineUs: clock.monoUs() + 5_000_000 });
  clock.advance(4000);
  expect(last('tap.ended')).toBeUndefined();
  clock.advance(1250);

  expect(last('tap.ended')?.reason).toBe('lapsed');
});

test('a call may have sessions for several media lines', async () => {
  const { ports, worker, pairs } = await withCall();
  const second = { ...sessionOn(pairs), mLine: 2 };

  worker.handle({ kind: 'session.apply', state: second });
  worker.handle({
    kind: 'session.apply',
    state: {
      ...second,
      generation: 2,
      sides: { ...second.sides, caller: { ...second.sides.caller, branches: [callerBranch()] } },
    },
  });

  expect(worker.sessionState(CALL, 0)?.mLine).toBe(0);
  expect(worker.sessionState(CALL, 2)?.generation).toBe(2);
  worker.handle({ kind: 'session.end', call: CALL });
  expect(worker.sessionState(CALL, 0)).toBeUndefined();
  expect(ports.at(20_000).receiver).toBeUndefined();
});

test('a stopped worker has closed its ports and its taps', async () => {
  const { ports, worker } = await withCall();
  const reader = new BytePipe();
  worker.taps.attach(reader);

  worker.handle({ kind: 'stop' });
  await settle();

  expect([...ports.opened.values()].every((port) => port.isClosed)).toBe(true);
  expect(reader.destroyed).toBe(true);
});

/** A call that a former life of the worker had, on ports of its range. */
const former = session({
  caller: {
    pair: pair(20_004, 7),
    sendKey: key(2),
    branches: [callerBranch({ latchedRtp: { ...CALLER, port: 4444 } })],
  },
  callee: { pair: pair(20_006, 8) },
});
const taken = [former.sides.caller.pair, former.sides.callee.pair];

test('what a former life left is bound first and gone on with at once, where its peers were', async () => {
  const { ports, worker, pairs, posted } = await started({ start: { taken, restored: [former] } });

  ports.at(20_006).receive(rtpPacket({ ssrc: 5 }), CALLEE);

  const [sent] = ports.at(20_004).sent;
  expect(sent!.to).toEqual({ ...CALLER, port: 4444 });
  expect(sent!.bytes.readUInt32BE(8)).not.toBe(5);
  expect(pairs.map(({ rtpPort }) => rtpPort)).toEqual([20_000, 20_002]);
  expect(posted.filter(({ kind }) => kind === 'session.lost' || kind === 'pair.lost')).toEqual([]);
  worker.handle({ kind: 'session.end', call: CALL });
  expect(ports.at(20_006).receiver).toBeUndefined();
});

test('a pair that was offered but has no session yet waits for it as before', async () => {
  const { ports, worker, clock } = await started({ start: { taken } });
  ports.at(20_006).receive(rtpPacket({ sequence: 9 }), CALLEE, clock.monoUs());

  worker.handle({ kind: 'session.apply', state: { ...former, sides: { ...former.sides } } });

  expect(ports.at(20_004).sent).toHaveLength(1);
});

test('what signaling builds on inherited ports sends under fresh names: the life before may have used its keys', async () => {
  const { ports, worker } = await started({ start: { taken } });
  const branches = [callerBranch({ rtcpMux: true })];
  const again = { ...former, sides: { ...former.sides, caller: { ...former.sides.caller, branches } } };

  worker.handle({ kind: 'session.apply', state: again });
  ports.at(20_006).receive(rtpPacket({ ssrc: 5 }), CALLEE);
  ports.at(20_007).receive(senderReport(5, 88), { ...CALLEE, port: CALLEE.port + 1 });

  const names = ports.at(20_004).sent.map(({ bytes }, at) => bytes.readUInt32BE(at === 0 ? 8 : 4));
  expect(names).toHaveLength(2);
  expect(names).not.toContain(5);
  expect(names[1]).toBe(names[0]);
});

test('a session that makes no sense when it is restored, and is built again, sends under fresh names', async () => {
  const broken = { suite: 'AES_CM_128_HMAC_SHA1_80', keySalt: 'short' } as const;
  const caller = { ...former.sides.caller, branches: [callerBranch({ receiveKey: broken })] };
  const nonsense = { ...former, sides: { ...former.sides, caller } };
  const { ports, worker, last } = await started({ start: { taken, restored: [nonsense] } });
  expect(last('session.lost')).toBeDefined();

  worker.handle({ kind: 'session.apply', state: { ...former, generation: former.generation + 1 } });
  ports.at(20_006).receive(rtpPacket({ ssrc: 5 }), CALLEE);

  expect(ports.at(20_004).sent[0]!.bytes.readUInt32BE(8)).not.toBe(5);
});

test('the next call on ports that one inherited keeps the names of its sources', async () => {
  const { ports, worker, clock } = await started({ start: { taken, restored: [former] } });
  worker.handle({ kind: 'session.end', call: CALL });
  for (const { pair } of taken) worker.handle({ kind: 'pair.free', pair });
  clock.advance(2000);

  for (const { pair } of taken) worker.handle({ kind: 'pair.taken', pair });
  worker.handle({ kind: 'session.apply', state: former });
  ports.at(20_006).receive(rtpPacket({ ssrc: 5 }), CALLEE);

  expect(ports.at(20_004).sent[0]!.bytes.readUInt32BE(8)).toBe(5);
});

test("a call whose ports are somebody else's is said to be lost, and its other pair can be freed", async () => {
  const { posted, worker, ports } = await started({ start: { taken, restored: [former] }, busy: [20_005] });

  expect(posted.filter(({ kind }) => kind === 'session.lost' || kind === 'pair.lost')).toEqual([
    { kind: 'pair.lost', pair: taken[0] },
    { kind: 'session.lost', call: CALL, mLine: 0 },
  ]);
  worker.handle({ kind: 'pair.free', pair: 8 });
  expect(ports.at(20_006).receiver).toBeUndefined();
});

test('a former session that makes no sense is said to be lost and harms no other', async () => {
  const broken = { suite: 'AES_CM_128_HMAC_SHA1_80', keySalt: 'short' } as const;
  const caller = { ...former.sides.caller, sendKey: broken };
  const nonsense = { ...former, mLine: 1, sides: { ...former.sides, caller } };

  const { ports, last } = await started({ start: { taken, restored: [nonsense, former] } });
  ports.at(20_006).receive(rtpPacket(), CALLEE);

  expect(last('session.lost')).toEqual({ kind: 'session.lost', call: CALL, mLine: 1 });
  expect(ports.at(20_004).sent).toHaveLength(1);
});

test('a session is mirrored soon after it is built and when it changes, at most four times a second', async () => {
  const { clock, ports, posted } = await withCall();
  const mirrored = () => posted.filter(({ kind }) => kind === 'session.state').length;

  clock.advance(250);
  expect(mirrored()).toBe(1);
  clock.advance(2000);
  expect(mirrored()).toBe(1);
  for (let ssrc = 0; ssrc < 100; ssrc++) ports.at(20_000).receive(rtpPacket({ ssrc }), CALLER, clock.monoUs());
  expect(mirrored()).toBe(1);
  clock.advance(250);

  expect(mirrored()).toBe(2);
});

test('a session that only runs is mirrored every five seconds, a silent one not at all', async () => {
  const { clock, ports, posted } = await withCall();
  const mirrored = () => posted.filter(({ kind }) => kind === 'session.state').length;
  const speak = (seconds: number) => {
    for (let at = 0; at < seconds * 10; at++) {
      ports.at(20_000).receive(rtpPacket({ sequence: at }), CALLER, clock.monoUs());
      clock.advance(100);
    }
  };
  speak(1);
  const before = mirrored();

  speak(20);
  const running = mirrored() - before;
  clock.advance(10_000);
  const settled = mirrored();
  clock.advance(60_000);

  expect(running).toBeGreaterThanOrEqual(3);
  expect(running).toBeLessThanOrEqual(4);
  expect(mirrored()).toBe(settled);
});

test('a ClientHello that comes before the answer, however early, is answered with it', async () => {
  const dtls = new FakeDtls();
  const { clock, ports, worker, pairs } = await started({ dtls });
  for (const { pair: id } of pairs) worker.handle({ kind: 'pair.taken', pair: id });
  for (let at = 0; at < 9; at++) ports.at(20_002).receive(clientHello(1), CALLEE, clock.monoUs());
  ports.at(20_003).receive(clientHello(2), { ...CALLEE, port: CALLEE.port + 1 }, clock.monoUs());
  clock.advance(20_000);

  const [caller, callee] = pairs;
  const branches = [calleeBranch({ dtls: dtlsWith('AL:IC') })];
  worker.handle({
    kind: 'session.apply',
    state: session({ caller: { pair: caller! }, callee: { pair: callee!, branches } }),
  });

  expect(dtls.made.map(({ received }) => received.length)).toEqual([4, 1]);
  expect(ports.at(20_002).sent[0]).toEqual({ bytes: SERVER_FLIGHT, to: CALLEE });
  expect(ports.at(20_003).sent[0]).toEqual({ bytes: SERVER_FLIGHT, to: { ...CALLEE, port: CALLEE.port + 1 } });
});

test('keys of a handshake are mirrored at once: no peer makes them a second time for whoever goes on with its call', async () => {
  const dtls = new FakeDtls();
  const { clock, ports, worker, pairs, posted, last } = await started({ dtls });
  for (const { pair: id } of pairs) worker.handle({ kind: 'pair.taken', pair: id });
  const [caller, callee] = pairs;
  const branches = [calleeBranch({ rtcpMux: true, remoteRtcp: CALLEE, dtls: dtlsWith('AL:IC') })];
  const state = session({ caller: { pair: caller! }, callee: { pair: callee!, branches } });
  worker.handle({ kind: 'session.apply', state });
  clock.advance(250);
  const before = posted.length;

  ports.at(20_002).receive(clientHello(1), CALLEE, clock.monoUs());
  ports.at(20_002).receive(finished('AL:IC'), CALLEE, clock.monoUs());

  expect(posted.slice(before).map(({ kind }) => kind)).toEqual(['session.state']);
  const { keys, keysOf } = last('session.state')?.state.sides.callee.branches[0]?.dtls ?? {};
  expect(keys?.send.keySalt).toBe(dtls.made[0]!.sendKey.toString('base64'));
  expect(keysOf).toBe(1);
});

test('handshakes are woken by the clock, and counted by how they end', async () => {
  const dtls = new FakeDtls();
  const { clock, worker, pairs, last } = await started({ dtls });
  for (const { pair: id } of pairs) worker.handle({ kind: 'pair.taken', pair: id });
  const [caller, callee] = pairs;
  const branches = [calleeBranch({ rtcpMux: true, remoteRtcp: CALLEE, dtls: dtlsWith('AL:IC', { role: 'active' }) })];
  worker.handle({
    kind: 'session.apply',
    state: session({ caller: { pair: caller! }, callee: { pair: callee!, branches } }),
  });

  dtls.made[0]!.dueInMs = 0;
  clock.advance(50);
  expect(dtls.made[0]!.woken).toBe(1);
  clock.advance(41_000);

  expect(last('report')?.metrics).toContainEqual({
    name: 'earshot_media_dtls_total',
    kind: 'counter',
    labels: { result: 'timeout' },
    value: 1,
  });
});

test('a key press is told with its call, and never which key', async () => {
  const { ports, last } = await withCall();

  ports.at(20_000).receive(rtpPacket({ payloadType: 101, payload: Buffer.of(5, 0x8a, 3, 0x20) }), CALLER, 4321);

  expect(last('stream.dtmf')).toEqual({
    kind: 'stream.dtmf',
    call: CALL,
    stream: CALLER_STREAM,
    atUs: 4321,
    durationMs: 100,
  });
});

function noSession(value: number): MetricSample {
  return { name: 'earshot_media_dropped_total', kind: 'counter', labels: { reason: 'no_session' }, value };
}
