import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { Feed, type FeedHandlers } from '../../../src/governance/audio/feed.ts';
import type { LeaseWindow } from '../../../src/model/audio.ts';
import type { Recognition } from '../../../src/processors/processor.ts';
import { ENDPOINT, leaseWindow, RecordingProcessor } from './words.ts';

interface Scene {
  readonly clock: ManualClock;
  readonly processor: RecordingProcessor;
  readonly feed: Feed;
  /** What the feed said, in order. */
  readonly said: unknown[];
  readonly recognitions: Recognition[];
  /** Offers `count` chunks of 20 ms from `startMs` on. */
  readonly speak: (startMs: number, count?: number) => void;
}

function scene(window: Partial<LeaseWindow> = {}): Scene {
  const clock = new ManualClock();
  const processor = new RecordingProcessor();
  const said: unknown[] = [];
  const recognitions: Recognition[] = [];
  const handlers: FeedHandlers = {
    onOpened: () => said.push('opened'),
    onRecognition: (recognition) => recognitions.push(recognition),
    onOversize: () => said.push('oversize'),
    onGap: (reason, fromMs, toMs) => said.push([reason, fromMs, toMs]),
    onDown: (reason) => said.push(['down', reason]),
    onFinished: () => said.push('finished'),
  };
  const feed = new Feed({
    window: leaseWindow(window),
    endpoint: ENDPOINT,
    openAudio: processor.open,
    clock,
    handlers,
    limits: { maxBytes: 6400, maxAgeMs: 2000 },
  });
  const speak = (startMs: number, count = 1): void => {
    for (let n = 0; n < count; n += 1) {
      feed.offer({ startMs: startMs + n * 20, endMs: startMs + n * 20 + 20, pcm: new Int16Array(160).fill(1) });
    }
  };
  return { clock, processor, feed, said, recognitions, speak };
}

/** A scene whose processor is connected and has been given the first chunk. */
function listening(window: Partial<LeaseWindow> = {}): Scene {
  const set = scene(window);
  set.feed.openTap();
  set.speak(window.fromMs ?? 0);
  set.processor.last.handlers.onOpen();
  return set;
}

test('audio reaches the processor once the connection is open', () => {
  const { feed, processor, speak, said } = listening();

  speak(20, 4);

  expect(processor.receivedBytes).toBe(5 * 320);
  expect(feed.use).toEqual({ capturedThroughMs: 100, bytes: 1600 });
  expect(said).toEqual(['opened']);
});

test('no connection is opened while the tap is closed', () => {
  const { feed, processor, speak, clock } = scene();

  speak(0, 10);
  clock.advance(1000);
  feed.tick();

  expect(processor.connections).toEqual([]);
});

test('no connection is opened for audio that the lease does not cover', () => {
  const { feed, processor, speak } = scene({ throughMs: 10 });
  feed.openTap();

  speak(0, 3);
  feed.tick();

  expect(processor.connections).toEqual([]);
});

test('audio from before the lease is never sent, and is no gap', () => {
  const { feed, processor, speak, said } = listening({ fromMs: 1000 });

  speak(0, 3);
  speak(1020);

  expect(processor.receivedBytes).toBe(640);
  expect(feed.close('end').bytes).toBe(640);
  expect(said).not.toContainEqual(expect.arrayContaining(['lease_exhausted']));
});

test('audio past the lease waits for its renewal and goes then', () => {
  const { feed, processor, speak } = listening({ throughMs: 30 });
  speak(20, 2);
  expect(processor.receivedBytes).toBe(320);

  feed.extend(60, 1_000_000);

  expect(processor.receivedBytes).toBe(960);
});

test('the byte budget stops the audio at the last chunk that fits whole', () => {
  const { feed, processor, speak } = listening({ maxBytes: 900 });

  speak(20, 5);

  expect(processor.receivedBytes).toBe(640);
  expect(feed.use.bytes).toBe(640);
});

test('audio whose lease is not renewed in time is dropped with a mark', () => {
  const { feed, processor, speak, said, clock } = listening({ throughMs: 20 });
  speak(20, 2);

  clock.advance(2000);
  feed.tick();
  feed.extend(10_000, 1_000_000);

  expect(said).toEqual(['opened', ['lease_exhausted', 20, 40], ['lease_exhausted', 40, 60]]);
  expect(processor.receivedBytes).toBe(320);
});

test('a processor that takes nothing loses the oldest audio, with a mark', () => {
  const { feed, processor, speak, said } = listening();
  processor.last.isFull = true;

  speak(20, 22);
  processor.last.isFull = false;
  feed.tick();

  expect(said.slice(1)).toEqual([
    ['queue_overflow', 20, 40],
    ['queue_overflow', 40, 60],
  ]);
  expect(processor.receivedBytes).toBe(320 + 20 * 320);
});

test('the end of the tap lets out what may go, drops the rest and stops everything after it', () => {
  const { feed, processor, speak, said } = listening({ throughMs: 40 });
  speak(20, 2);

  feed.closeTap();
  feed.extend(10_000, 1_000_000);
  speak(60, 3);
  feed.tick();

  expect(processor.receivedBytes).toBe(640);
  expect(said).toEqual(['opened', ['tap_lapsed', 40, 60]]);
});

test('a revoked lease drops the queue, cuts the connection and sends not one byte more', () => {
  const { feed, processor, speak, said, recognitions } = listening();
  processor.last.isFull = true;
  speak(20, 3);
  processor.last.isFull = false;

  const use = feed.close('revoked');
  speak(80, 5);
  feed.extend(100_000, 1e9);
  feed.tick();
  processor.last.handlers.onRecognition({ final: true, text: 'too late', startMs: 0, endMs: 20, words: [] });

  expect(use).toEqual({ capturedThroughMs: 20, bytes: 320 });
  expect(processor.receivedBytes).toBe(320);
  expect(processor.last.ended).toBe('abort');
  expect(processor.connections.length).toBe(1);
  expect(said).toEqual(['opened', ['revoked', 20, 40], ['revoked', 40, 60], ['revoked', 60, 80], 'finished']);
  expect(recognitions).toEqual([]);
});

test('at the end of the stream last results are awaited, with the account already final', () => {
  const { feed, processor, said, recognitions, speak } = listening();

  const use = feed.close('end');
  speak(20);
  processor.last.handlers.onRecognition({ final: true, text: 'goodbye', startMs: 0, endMs: 20, words: [] });
  processor.last.handlers.onEnd('closed');

  expect(processor.last.ended).toBe('finish');
  expect(use.bytes).toBe(320);
  expect(feed.use).toEqual(use);
  expect(recognitions.map(({ text }) => text)).toEqual(['goodbye']);
  expect(said).toEqual(['opened', 'finished']);
});

test('closing twice gives the same account and says finished once', () => {
  const { feed, said } = listening();

  const first = feed.close('revoked');

  expect(feed.close('end')).toEqual(first);
  expect(said.filter((word) => word === 'finished').length).toBe(1);
});

test('a connection that ends is replaced after a pause, and the audio meanwhile waits', () => {
  const { feed, processor, speak, clock } = listening();

  processor.last.handlers.onEnd('error');
  speak(20, 2);
  clock.advance(999);
  feed.tick();
  expect(processor.connections.length).toBe(1);
  clock.advance(1);
  feed.tick();
  processor.last.handlers.onOpen();

  expect(processor.connections.length).toBe(2);
  expect(processor.last.receivedBytes).toBe(640);
  expect(feed.use.bytes).toBe(960);
});

test('what an ended connection still says is not heard', () => {
  const { processor, recognitions } = listening();
  const { handlers } = processor.last;
  handlers.onEnd('error');

  handlers.onRecognition({ final: true, text: 'ghost', startMs: 0, endMs: 20, words: [] });

  expect(recognitions).toEqual([]);
});

test('after five pauses a processor is down: it is not called again, and what it misses is marked', () => {
  const { feed, processor, speak, clock, said } = scene();
  feed.openTap();

  for (let n = 0; n < 40; n += 1) {
    speak(n * 1000);
    if (processor.connections.length > 0) processor.last.handlers.onEnd('refused');
    clock.advance(1000);
    feed.tick();
  }

  expect(processor.connections.length).toBe(6);
  expect(said).toContainEqual(['down', 'refused']);
  expect(said.at(-1)).toEqual(['processor_down', 39_000, 39_020]);
  expect(feed.close('processor_down').bytes).toBe(0);
});

test('a short hole is heard as silence of its length, a long one as a short pause', () => {
  const { feed, processor, speak, said } = listening();

  feed.offerPause(20, 120);
  speak(120);
  feed.offerPause(140, 9140);
  speak(9140);

  expect(processor.last.received.map((pcm) => pcm.length)).toEqual([320, 1600, 320, 4800, 320]);
  expect(processor.last.received[1]?.every((byte) => byte === 0)).toBe(true);
  expect(feed.use.bytes).toBe(processor.receivedBytes);
  expect(said).toEqual(['opened']);
});

test('recognised times are on the stream, over holes and reconnections', () => {
  const { feed, processor, speak, clock, recognitions } = listening({ fromMs: 5000 });
  feed.offerPause(5020, 65_000);
  feed.extend(1_000_000, 1_000_000);
  speak(65_000);
  processor.last.handlers.onRecognition({ final: true, text: 'a', startMs: 320, endMs: 340, words: [] });

  processor.last.handlers.onEnd('closed');
  clock.advance(1000);
  speak(70_000);
  processor.last.handlers.onOpen();
  processor.last.handlers.onRecognition({ final: true, text: 'b', startMs: 0, endMs: 20, words: [] });

  expect(recognitions.map(({ text, startMs, endMs }) => [text, startMs, endMs])).toEqual([
    ['a', 65_000, 65_020],
    ['b', 70_000, 70_020],
  ]);
});

test('a processor that answers within the write is not given the same audio twice', () => {
  const { feed, processor, speak } = listening();
  processor.onAudio = () =>
    processor.last.handlers.onRecognition({ final: false, text: 'quick', startMs: 0, endMs: 1, words: [] });

  speak(20, 3);

  expect(processor.receivedBytes).toBe(4 * 320);
  expect(feed.use.bytes).toBe(4 * 320);
});
