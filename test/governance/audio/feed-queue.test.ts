import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FeedQueue, type QueuedAudio } from '../../../src/governance/audio/feed-queue.ts';

function item(startMs: number, samples: number, queuedUs = 0): QueuedAudio {
  return { startMs, endMs: startMs + samples / 8, pcm: new Int16Array(samples), queuedUs, isHeard: true };
}

test('audio beyond the byte limit pushes out the oldest, which is handed back', () => {
  const queue = new FeedQueue({ maxBytes: 640, maxAgeMs: 1000 });
  queue.push(item(0, 160));
  queue.push(item(20, 160));

  const lost = queue.push(item(40, 160));

  expect(lost.map(({ startMs }) => startMs)).toEqual([0]);
  expect(queue.peek()?.startMs).toBe(20);
  expect(queue.waitingMs).toBe(40);
});

test('audio expires at its age and not before', () => {
  const queue = new FeedQueue({ maxBytes: 64_000, maxAgeMs: 1000 });
  queue.push(item(0, 160, 0));
  queue.push(item(20, 160, 20_000));

  expect(queue.expire(999_999)).toEqual([]);
  expect(queue.expire(1_000_000).map(({ startMs }) => startMs)).toEqual([0]);
});

test('it never holds more than its bytes, and what went in comes out once, in order', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer({ min: 1, max: 400 }), fc.constant('shift' as const))), (steps) => {
      const queue = new FeedQueue({ maxBytes: 1600, maxAgeMs: 1000 });
      const out: number[] = [];
      let pushed = 0;
      for (const step of steps) {
        if (step === 'shift') out.push(...[queue.shift()].flatMap((each) => (each ? [each.startMs] : [])));
        else out.push(...queue.push(item(pushed++, step)).map(({ startMs }) => startMs));
      }
      const held = queue.drain();

      expect(held.reduce((sum, { pcm }) => sum + pcm.byteLength, 0)).toBeLessThanOrEqual(1600);
      expect([...out, ...held.map(({ startMs }) => startMs)]).toEqual(Array.from({ length: pushed }, (_, n) => n));
      expect(queue.waitingMs).toBe(0);
    }),
  );
});
