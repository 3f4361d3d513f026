import { expect, test } from 'vitest';
import { ManualClock } from '../../../../src/base/clock.ts';
import type { FromAudioWorker } from '../../../../src/governance/audio/messages.ts';
import type { TapHandlers } from '../../../../src/governance/audio/tap-reader.ts';
import { AudioWorker } from '../../../../src/governance/audio/worker/audio-worker.ts';
import { newId } from '../../../../src/base/ids.ts';
import type { LeaseWindow } from '../../../../src/model/audio.ts';
import {
  CALL,
  ENDPOINT,
  LEG,
  leaseId,
  leaseWindow,
  OTHER_STREAM,
  PROCESSOR,
  RecordingProcessor,
  STREAM,
  TAP,
} from '../words.ts';

interface Scene {
  readonly clock: ManualClock;
  readonly worker: AudioWorker;
  readonly processor: RecordingProcessor;
  readonly posted: FromAudioWorker[];
  readonly paths: string[];
  readonly stopped: string[];
  readonly tap: () => TapHandlers;
  readonly begin: () => void;
  /** Sends `count` packets of 20 ms, from number `first` on. */
  readonly packets: (first: number, count: number, payloadType?: number) => void;
  readonly expectStream: () => void;
  readonly openFeed: (window?: Partial<LeaseWindow>) => void;
  readonly kinds: () => string[];
}

function scene(): Scene {
  const clock = new ManualClock({ monoUs: 10_000_000 });
  const processor = new RecordingProcessor();
  const posted: FromAudioWorker[] = [];
  const paths: string[] = [];
  const stopped: string[] = [];
  let handlers: TapHandlers | undefined;
  const worker = new AudioWorker({
    clock,
    random: (sizeBytes) => new Uint8Array(sizeBytes),
    createResampler: () => ({ resample: (pcm) => pcm, close: () => undefined }),
    protocols: { vosk: processor.open },
    connectTap: (path, given) => {
      paths.push(path);
      handlers = given;
      return () => stopped.push(path);
    },
    post: (message) => posted.push(message),
  });
  worker.start();
  worker.handle({ kind: 'tap.connect', mediaWorker: 3, socketPath: '/run/tap-3' });
  const tap = (): TapHandlers => {
    if (!handlers) throw new Error('no tap was connected');
    return handlers;
  };
  return {
    clock,
    worker,
    processor,
    posted,
    paths,
    stopped,
    tap,
    begin: () => tap().onFrame({ kind: 'begin', tap: TAP, stream: STREAM, streamStartUs: clock.monoUs() }),
    packets: (first, count, payloadType = 0) => {
      for (let n = first; n < first + count; n += 1) {
        tap().onFrame({
          kind: 'media',
          tap: TAP,
          arrivalUs: 10_000_000 + n * 20_000,
          ssrc: 7,
          extendedSequence: n,
          rtpTimestamp: n * 160,
          payloadType,
          payload: new Uint8Array(160),
        });
      }
    },
    expectStream: () =>
      worker.handle({
        kind: 'stream.expect',
        expected: {
          tap: TAP,
          stream: STREAM,
          call: CALL,
          leg: LEG,
          payloads: [{ payloadType: 0, encoding: 'PCMU', clockRateHz: 8000 }],
        },
      }),
    openFeed: (window = {}) =>
      worker.handle({
        kind: 'feed.open',
        order: { tap: TAP, window: leaseWindow(window), protocol: 'vosk', endpoint: ENDPOINT },
      }),
    kinds: () => posted.map(({ kind }) => kind),
  };
}

/** A tap that has begun, one feed on it, its processor connected. */
function listening(): Scene {
  const set = scene();
  set.expectStream();
  set.begin();
  set.openFeed();
  set.packets(0, 1);
  set.processor.last.handlers.onOpen();
  return set;
}

test('a tapped stream reaches its processor, and its account is what the processor got', () => {
  const { worker, packets, processor, posted } = listening();
  packets(1, 9);

  worker.handle({ kind: 'feed.close', lease: leaseId(1), reason: 'revoked' });
  packets(10, 5);

  expect(processor.receivedBytes).toBe(10 * 320);
  expect(posted).toContainEqual({
    kind: 'feed.closed',
    lease: leaseId(1),
    stream: STREAM,
    processor: PROCESSOR,
    reason: 'revoked',
    use: { capturedThroughMs: 200, bytes: 3200 },
  });
});

test('dialled digits are a pause of their length: no gap, nothing to be heard, and what follows keeps its place', () => {
  const { worker, packets, processor, posted, tap } = listening();
  packets(1, 4);

  for (let n = 5; n < 9; n += 1) {
    tap().onFrame({
      kind: 'media',
      tap: TAP,
      arrivalUs: 10_000_000 + n * 20_000,
      ssrc: 7,
      extendedSequence: n,
      // Every packet of one event has the time of its beginning (RFC 4733 §2.2).
      rtpTimestamp: 5 * 160,
      payloadType: 101,
      payload: new Uint8Array(0),
    });
  }
  packets(9, 5);
  worker.handle({ kind: 'feed.close', lease: leaseId(1), reason: 'end' });

  const heard = Buffer.concat(processor.last.received);
  expect(posted.filter(({ kind }) => kind === 'gap')).toEqual([]);
  expect(heard).toHaveLength(14 * 320);
  expect(heard.subarray(5 * 320, 9 * 320).every((byte) => byte === 0)).toBe(true);
  expect(heard.subarray(9 * 320).some((byte) => byte !== 0)).toBe(true);
});

test('a lease without an open tap hears nothing', () => {
  const { expectStream, openFeed, packets, processor, clock } = scene();
  expectStream();
  openFeed();

  packets(0, 10);
  clock.advance(1000);

  expect(processor.connections).toEqual([]);
});

test('a tap without a lease is heard by nobody', () => {
  const { expectStream, begin, packets, processor, clock } = scene();
  expectStream();
  begin();

  packets(0, 10);
  clock.advance(1000);

  expect(processor.connections).toEqual([]);
});

test('a tap that begins before it is announced is heard from the announcement on', () => {
  const { begin, expectStream, openFeed, packets, processor, kinds } = scene();
  begin();
  packets(0, 5);

  expectStream();
  openFeed();
  packets(5, 1);
  processor.last.handlers.onOpen();

  expect(kinds()).toContain('tap.began');
  expect(processor.receivedBytes).toBe(320);
});

test('one stream feeds several processors, each under its own lease', () => {
  const { worker, openFeed, packets, processor, posted } = listening();
  openFeed({ lease: leaseId(2), maxBytes: 640 });
  packets(1, 1);
  processor.last.handlers.onOpen();
  packets(2, 8);

  worker.handle({ kind: 'feed.close', lease: leaseId(1), reason: 'revoked' });
  packets(10, 1);
  worker.handle({ kind: 'feed.close', lease: leaseId(2), reason: 'revoked' });

  const uses = posted.flatMap((message) => (message.kind === 'feed.closed' ? [message.use.bytes] : []));
  expect(uses).toEqual([10 * 320, 640]);
  expect(processor.connections.map((connection) => connection.receivedBytes)).toEqual([3200, 640]);
});

test('a feed for a tap nobody announced, or for another stream, is refused and accounted as unused', () => {
  const { openFeed, expectStream, posted, processor } = scene();
  openFeed();
  expectStream();
  openFeed({ lease: leaseId(2), stream: OTHER_STREAM });

  const closed = posted.filter(({ kind }) => kind === 'feed.closed');
  expect(closed).toMatchObject([{ use: { bytes: 0 } }, { use: { bytes: 0 } }]);
  expect(posted.filter(({ kind }) => kind === 'feed.finished').length).toBe(2);
  expect(processor.connections).toEqual([]);
});

test('what is recognised becomes a segment of its call and leg', () => {
  const { processor, posted } = listening();

  processor.last.handlers.onRecognition({ final: true, text: 'hello', startMs: 0, endMs: 20, words: [] });

  const segment = newId('segment', (sizeBytes) => new Uint8Array(sizeBytes));
  expect(posted.at(-1)).toEqual({
    kind: 'segment',
    lease: leaseId(1),
    segment: {
      segment,
      call: CALL,
      leg: LEG,
      stream: STREAM,
      processor: PROCESSOR,
      final: true,
      text: 'hello',
      startMs: 0,
      endMs: 20,
      words: [],
    },
  });
});

test('lost packets and undecodable ones are marked, half a second later at most', () => {
  const { packets, clock, posted } = listening();
  packets(5, 1);
  clock.advance(100);
  packets(11, 2, 96);
  packets(13, 1);

  clock.advance(500);

  const gaps = posted.flatMap((message) =>
    message.kind === 'gap' ? [[message.gap.reason, message.gap.fromMs, message.gap.toMs]] : [],
  );
  expect(gaps).toEqual([
    ['lost', 20, 220],
    ['undecodable', 220, 260],
  ]);
});

test('frames the tap dropped are marked as its overflow', () => {
  const { tap, packets, clock, posted } = listening();

  tap().onFrame({ kind: 'dropped', tap: TAP, count: 4, fromUs: 10_020_000, toUs: 10_080_000 });
  packets(5, 1);
  clock.advance(600);

  expect(posted).toContainEqual({
    kind: 'gap',
    gap: { stream: STREAM, reason: 'tap_overflow', fromMs: 20, toMs: 100 },
    count: 1,
  });
});

test('frames the tap dropped at the very end are marked too', () => {
  const { tap, posted } = listening();

  tap().onFrame({ kind: 'dropped', tap: TAP, count: 4, fromUs: 10_020_000, toUs: 10_080_000 });
  tap().onFrame({ kind: 'end', tap: TAP });

  expect(posted).toContainEqual({
    kind: 'gap',
    gap: { stream: STREAM, reason: 'tap_overflow', fromMs: 20, toMs: 80 },
    count: 1,
  });
});

test('progress is said every half second while it moves, and not otherwise', () => {
  const { packets, clock, posted } = listening();
  packets(1, 4);

  clock.advance(2000);

  expect(posted.filter(({ kind }) => kind === 'feed.progress')).toEqual([
    { kind: 'feed.progress', lease: leaseId(1), use: { capturedThroughMs: 100, bytes: 1600 }, waitingMs: 0 },
  ]);
  expect(posted.filter(({ kind }) => kind === 'stream.position')).toEqual([
    { kind: 'stream.position', tap: TAP, stream: STREAM, positionMs: 100 },
  ]);
});

test('the end of a tap plays out what was held back, and nothing after it', () => {
  const { tap, packets, processor, posted, kinds } = listening();
  packets(2, 1);

  tap().onFrame({ kind: 'end', tap: TAP });
  packets(3, 5);

  // One chunk, the silence where the lost one was, and the one held behind it.
  expect(processor.receivedBytes).toBe(3 * 320);
  expect(kinds().at(-1)).toBe('tap.ended');
  expect(posted.at(-1)).toMatchObject({ reason: 'end' });
});

test('a lost tap socket ends its taps, and a new beginning goes on further along', () => {
  const { tap, begin, packets, processor, posted, clock } = listening();
  packets(1, 4);

  tap().onDisconnected();
  packets(5, 5);
  clock.advance(1000);
  begin();
  packets(60, 1);

  expect(posted).toContainEqual({ kind: 'tap.ended', tap: TAP, stream: STREAM, reason: 'disconnected' });
  expect(processor.receivedBytes).toBe(6 * 320);
  expect(processor.connections.length).toBe(1);
});

test('forgetting a tap whose lease is still open revokes it', () => {
  const { worker, packets, processor, kinds } = listening();

  worker.handle({ kind: 'stream.forget', tap: TAP });
  packets(1, 5);

  expect(kinds()).toEqual(expect.arrayContaining(['feed.closed', 'feed.finished', 'tap.ended']));
  expect(processor.receivedBytes).toBe(320);
  expect(processor.last.ended).toBe('abort');
});

test('stopping closes every lease with its account before it says so', () => {
  const { worker, kinds, stopped, posted } = listening();

  worker.handle({ kind: 'stop' });

  expect(kinds().indexOf('feed.closed')).toBeLessThan(kinds().indexOf('stopped'));
  expect(posted).toContainEqual(expect.objectContaining({ kind: 'feed.closed', reason: 'governance_restart' }));
  expect(stopped).toEqual(['/run/tap-3']);
});

test('no message it posts holds the credential of a processor', () => {
  const { worker, expectStream, begin, packets, processor, posted, clock } = scene();
  expectStream();
  begin();
  worker.handle({
    kind: 'feed.open',
    order: { tap: TAP, window: leaseWindow({}), protocol: 'vosk', endpoint: { ...ENDPOINT, credential: 'hunter2' } },
  });
  packets(0, 3);
  processor.last.handlers.onOpen();
  processor.last.handlers.onEnd('error');
  clock.advance(3000);
  worker.handle({ kind: 'stop' });

  expect(JSON.stringify(posted)).not.toContain('hunter2');
});

test('audio still waiting for its connection when the tap ends is dropped with a mark, and never sent', () => {
  const { expectStream, begin, openFeed, packets, tap, processor, posted } = scene();
  expectStream();
  begin();
  openFeed();
  packets(0, 5);

  tap().onFrame({ kind: 'end', tap: TAP });
  processor.last.handlers.onOpen();

  expect(processor.receivedBytes).toBe(0);
  expect(posted).toContainEqual({
    kind: 'gap',
    gap: { stream: STREAM, processor: PROCESSOR, reason: 'tap_lapsed', fromMs: 0, toMs: 100 },
    count: 5,
  });
});
