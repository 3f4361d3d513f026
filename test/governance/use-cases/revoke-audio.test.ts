import { expect, test } from 'vitest';
import { AudioPool } from '../../../src/governance/audio/audio-pool.ts';
import type { TapHandlers } from '../../../src/governance/audio/tap-reader.ts';
import { AudioWorker } from '../../../src/governance/audio/worker/audio-worker.ts';
import { audioPortOf } from '../../../src/governance/use-cases/audio-port.ts';
import { followCall } from '../../../src/governance/use-cases/follow-call.ts';
import { onAudioEvent, onAudioWorkerDied } from '../../../src/governance/use-cases/follow-tap.ts';
import type { Deps } from '../../../src/governance/use-cases/ports.ts';
import { silence } from '../../../src/governance/use-cases/revoke.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { TapId } from '../../../src/base/ids.ts';
import { ENDPOINT, RecordingProcessor } from '../audio/words.ts';
import { BY_SCRIBE, local, switchboard } from './switchboard.ts';
import { callFact, makeWorld, ofKind, revision, settle, type World } from './world.ts';

/** How long a message to a worker's thread is on its way here: far longer than on a machine that lives. */
const CROSSING_MS = 50;

test('not one byte leaves the audio worker once the message has crossed, queued audio included, and the account is what was sent', async () => {
  const world = makeWorld();
  const scene = await listening(world);
  scene.packets(0, 50);
  const heard = scene.processor.receivedBytes;
  scene.processor.last.isFull = true;
  scene.packets(50, 25);
  scene.processor.last.isFull = false;

  await silence(scene.deps, switchboard(world), local, BY_SCRIBE);
  world.clock.advance(CROSSING_MS);
  const atCrossing = scene.processor.receivedBytes;
  for (let ms = 0; ms < 2000; ms += 20) {
    scene.packets(75 + ms / 20, 1);
    world.clock.advance(20);
  }

  expect(heard).toBeGreaterThan(0);
  expect(scene.processor.receivedBytes).toBe(atCrossing);
  expect(scene.processor.last.ended).toBe('abort');
  expect(ofKind(world, 'lease.close')).toMatchObject([{ reason: 'revoked', bytes: atCrossing }]);
  expect(scene.processor.connections).toHaveLength(1);
});

interface Scene {
  readonly deps: Deps;
  readonly processor: RecordingProcessor;
  packets(first: number, count: number): void;
}

/** The world with a real pool and a real worker in it, but for the thread: what they say to each other takes its time. */
async function listening(world: World): Promise<Scene> {
  const { clock } = world;
  const processor = new RecordingProcessor();
  let tapOf: TapHandlers | undefined;
  const pool = new AudioPool({
    workers: 1,
    clock,
    log: silentLog,
    spawn: (_index, handlers) => {
      const worker = new AudioWorker({
        clock,
        random: world.deps.random,
        createResampler: () => ({ resample: (pcm) => pcm, close: () => undefined }),
        protocols: { vosk: processor.open },
        connectTap: (_path, given) => {
          tapOf = given;
          return () => undefined;
        },
        post: (message) => clock.after(CROSSING_MS, () => handlers.onMessage(message)),
      });
      worker.start();
      return { post: (message) => clock.after(CROSSING_MS, () => worker.handle(message)), kill: () => undefined };
    },
    handlers: {
      onEvent: (event) => {
        if (event.kind !== 'segment') onAudioEvent(deps, event);
      },
      onWorkerDied: (lost) => onAudioWorkerDied(deps, lost),
      onWorkerBack: () => undefined,
    },
  });
  const deps: Deps = { ...world.deps, audio: audioPortOf(pool, () => ENDPOINT) };
  const starting = pool.start();
  clock.advance(CROSSING_MS);
  await starting;
  pool.setTapSockets(['/run/tap-0']);
  const fact = callFact({ startedUs: clock.monoUs() });
  const startedUs = clock.monoUs();
  await followCall(deps, { ...revision, processors: revision.processors.slice(0, 1) }, fact, { isResumed: false });
  clock.advance(CROSSING_MS);
  const [leg] = fact.legs;
  const tap = world.sentToCallPlane.find((message) => message.kind === 'tap.open')?.tap as TapId;
  tapOf?.onFrame({ kind: 'begin', tap, stream: leg!.stream!.stream, streamStartUs: startedUs });
  const packets = (first: number, count: number): void => {
    for (let n = first; n < first + count; n += 1) {
      tapOf?.onFrame({
        kind: 'media',
        tap,
        arrivalUs: startedUs + n * 20_000,
        ssrc: 7,
        extendedSequence: n,
        rtpTimestamp: n * 160,
        payloadType: 9,
        payload: new Uint8Array(160),
      });
    }
  };
  packets(0, 1);
  processor.last.handlers.onOpen();
  await settle();
  return { deps, processor, packets: (first, count) => packets(first + 1, count) };
}
