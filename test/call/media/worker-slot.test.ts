import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import type { ToWorker } from '../../../src/call/media/messages.ts';
import { MediaWorkerError, WorkerSlot } from '../../../src/call/media/worker-slot.ts';
import type { WorkerEvents } from '../../../src/call/media/worker-thread.ts';

function rig() {
  const clock = new ManualClock();
  const posted: ToWorker[] = [];
  const lives: WorkerEvents[] = [];
  const counts = { down: 0, terminated: 0 };
  const slot = new WorkerSlot({
    start: { index: 0, workers: 1, interfaces: [], readyPairs: 1, tapSocket: '', logLevel: 'silent' },
    clock,
    firstPair: () => 0,
    carried: () => ({}),
    onMessage: () => undefined,
    onDown: () => (counts.down += 1),
    startWorker: (_start, events) => {
      lives.push(events);
      return {
        post: (message) => posted.push(message),
        terminate: () => {
          counts.terminated += 1;
          events.onExit(undefined);
          return Promise.resolve();
        },
      };
    },
  });
  return { clock, posted, lives, counts, slot };
}

test('a worker that ends while it starts is an error, and is not tried for ever', async () => {
  const { slot, lives, clock, counts } = rig();
  const starting = slot.start();

  lives[0]!.onExit(new Error('no'));

  await expect(starting).rejects.toThrow(MediaWorkerError);
  clock.advance(10_000);
  expect(lives).toHaveLength(1);
  expect(counts.down).toBe(0);
});

test('a worker that never gets ready is ended', async () => {
  const { slot, clock, counts } = rig();
  const starting = slot.start();
  const failed = starting.catch((error: unknown) => error);

  clock.advance(10_000);
  await Promise.resolve();
  await Promise.resolve();
  clock.advance(2000);

  expect(await failed).toMatchObject({ code: 'WORKER_SILENT' });
  expect(counts.terminated).toBe(1);
});

test('a worker that does not stop when asked is ended', async () => {
  const { slot, lives, clock, posted, counts } = rig();
  const starting = slot.start();
  lives[0]!.onMessage({ kind: 'ready' });
  await starting;

  const stopping = slot.stop();
  clock.advance(2000);
  await stopping;

  expect(posted).toEqual([{ kind: 'stop' }]);
  expect(counts.terminated).toBe(1);
});

test('a next life that never gets ready is ended too', async () => {
  const { slot, lives, clock, counts } = rig();
  const starting = slot.start();
  lives[0]!.onMessage({ kind: 'ready' });
  await starting;
  lives[0]!.onExit(undefined);

  clock.advance(9999);
  expect(slot.endIfHung(clock.monoUs())).toBe(false);
  clock.advance(1);

  expect(slot.endIfHung(clock.monoUs())).toBe(true);
  expect(counts.terminated).toBe(1);
});

test('a worker that is being stopped may take its time', async () => {
  const { slot, lives, clock, counts } = rig();
  const starting = slot.start();
  lives[0]!.onMessage({ kind: 'ready' });
  await starting;

  const stopping = slot.stop();
  clock.advance(1999);

  expect(slot.endIfHung(clock.monoUs() + 60_000_000)).toBe(false);
  expect(counts.terminated).toBe(0);
  lives[0]!.onExit(undefined);
  await stopping;
});
