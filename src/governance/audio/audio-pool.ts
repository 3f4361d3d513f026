/**
 * The main thread's side of the audio workers: starts them, sends each what is its own, and replaces one that dies.
 * It decides nothing about leases; it says what became of them.
 */

import type { Cancel, Clock } from '../../base/clock.ts';
import { CodedError } from '../../base/error.ts';
import type { LeaseId, TapId } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { MetricSample } from '../../base/metrics.ts';
import type { LeaseCloseReason } from '../../model/audio.ts';
import { AudioSlot } from './audio-slot.ts';
import type { AudioEvent, ExpectedStream, FeedOrder } from './messages.ts';
import type { SpawnAudioWorker } from './spawn-audio-worker.ts';

export class AudioPoolError extends CodedError<'START_TIMEOUT'> {}

export interface AudioPoolHandlers {
  onEvent(event: AudioEvent): void;
  /** These taps have lost their reader, and what these leases sent since their last progress nobody knows. */
  onWorkerDied(lost: { readonly taps: readonly TapId[]; readonly leases: readonly LeaseId[] }): void;
  /** A worker that had died is back: taps may be opened again. */
  onWorkerBack(): void;
}

export interface AudioPoolOptions {
  readonly workers: number;
  readonly spawn: SpawnAudioWorker;
  readonly clock: Clock;
  readonly log: Log;
  readonly handlers: AudioPoolHandlers;
}

const START_DEADLINE_MS = 10_000;
const STOP_DEADLINE_MS = 2000;

export class AudioPool {
  readonly #options: AudioPoolOptions;
  readonly #slots: AudioSlot[];
  readonly #slotByTap = new Map<TapId, AudioSlot>();
  readonly #slotByLease = new Map<LeaseId, AudioSlot>();
  #tapSockets: readonly string[] = [];

  constructor(options: AudioPoolOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.workers }, (_, index) => this.#createSlot(index));
  }

  /** Resolves when every worker is ready. */
  async start(): Promise<void> {
    const ready = Promise.all(this.#slots.map((slot) => slot.start()));
    const isReady = await this.#within(START_DEADLINE_MS, ready);
    if (!isReady) throw new AudioPoolError('START_TIMEOUT', 'an audio worker did not become ready in time');
  }

  /** Closes every feed, then every worker; kills the ones that take too long. */
  async stop(): Promise<void> {
    await this.#within(STOP_DEADLINE_MS, Promise.all(this.#slots.map((slot) => slot.stop())));
    for (const slot of this.#slots) slot.kill();
  }

  /** Paths of the media workers' tap sockets, by media worker. Replaces what was said before. */
  setTapSockets(paths: readonly string[]): void {
    const former = this.#tapSockets;
    this.#tapSockets = paths;
    for (let mediaWorker = 0; mediaWorker < Math.max(paths.length, former.length); mediaWorker += 1) {
      const socketPath = paths[mediaWorker];
      if (socketPath === former[mediaWorker]) continue;
      const slot = this.#slotOf(mediaWorker);
      if (socketPath === undefined) slot?.post({ kind: 'tap.disconnect', mediaWorker });
      else slot?.post({ kind: 'tap.connect', mediaWorker, socketPath });
    }
  }

  /**
   * Prepares for a tap, before it is opened; again when its payload map changes. False when the worker that would
   * read it is dead: nothing can be heard before `onWorkerBack`.
   */
  expectStream(mediaWorker: number, expected: ExpectedStream): boolean {
    const slot = this.#slotOf(mediaWorker);
    if (!slot?.post({ kind: 'stream.expect', expected })) return false;
    this.#slotByTap.set(expected.tap, slot);
    return true;
  }

  /** The tap is over. Leases on it should be closed before. */
  forgetStream(tap: TapId): void {
    this.#slotByTap.get(tap)?.post({ kind: 'stream.forget', tap });
    this.#slotByTap.delete(tap);
  }

  /** Lets a processor hear a tap. The lease must be durable. False when no worker can take it: nothing was sent. */
  openFeed(order: FeedOrder): boolean {
    const slot = this.#slotByTap.get(order.tap);
    if (!slot?.post({ kind: 'feed.open', order })) return false;
    this.#slotByLease.set(order.window.lease, slot);
    return true;
  }

  /** Tells of a durable renewal. `maxBytes` is cumulative. */
  extendFeed(lease: LeaseId, throughMs: number, maxBytes: number): void {
    this.#slotByLease.get(lease)?.post({ kind: 'feed.extend', lease, throughMs, maxBytes });
  }

  /** Asks for the end of a lease; its account follows as `feed.closed`. False when the lease is not known here. */
  closeFeed(lease: LeaseId, reason: LeaseCloseReason): boolean {
    return this.#slotByLease.get(lease)?.post({ kind: 'feed.close', lease, reason }) ?? false;
  }

  metrics(): MetricSample[] {
    return this.#slots.flatMap((slot) => slot.metrics);
  }

  #slotOf(mediaWorker: number): AudioSlot | undefined {
    return this.#slots[mediaWorker % this.#slots.length];
  }

  #createSlot(index: number): AudioSlot {
    const { spawn, clock, log, handlers } = this.#options;
    return new AudioSlot({
      index,
      spawn,
      clock,
      log,
      onEvent: (event) => this.#onEvent(event),
      onDied: (slot) => this.#onDied(slot),
      onBack: (slot) => {
        this.#connectTaps(slot);
        handlers.onWorkerBack();
      },
    });
  }

  #onEvent(event: AudioEvent): void {
    if (event.kind === 'feed.closed') this.#slotByLease.delete(event.lease);
    this.#options.handlers.onEvent(event);
  }

  #onDied(slot: AudioSlot): void {
    const lost = { taps: takeKeys(this.#slotByTap, slot), leases: takeKeys(this.#slotByLease, slot) };
    this.#options.handlers.onWorkerDied(lost);
  }

  #connectTaps(slot: AudioSlot): void {
    for (const [mediaWorker, socketPath] of this.#tapSockets.entries()) {
      if (this.#slotOf(mediaWorker) === slot) slot.post({ kind: 'tap.connect', mediaWorker, socketPath });
    }
  }

  /** Whether `work` was done in time. */
  async #within(deadlineMs: number, work: Promise<unknown>): Promise<boolean> {
    let cancel: Cancel = () => undefined;
    const deadline = new Promise<false>((resolve) => {
      cancel = this.#options.clock.after(deadlineMs, () => resolve(false));
    });
    const isDone = await Promise.race([work.then(() => true), deadline]);
    cancel();
    return isDone;
  }
}

/** Removes every key that leads to `value`, and returns them. */
function takeKeys<Key, Value>(map: Map<Key, Value>, value: Value): Key[] {
  const keys = [...map].filter(([, other]) => other === value).map(([key]) => key);
  for (const key of keys) map.delete(key);
  return keys;
}
