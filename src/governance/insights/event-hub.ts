/**
 * Where events are published and watched, inside this process. It keeps the newest few and never waits for a
 * subscriber: one that is slow loses the oldest, and is told how many.
 */

import type { Clock } from '../../base/clock.ts';
import { BoundedQueue } from '../../base/queue.ts';
import type { EarshotEvent, StampedEvent } from './events.ts';
import { Subscription } from './subscription.ts';

const RECENT_EVENTS = 1000;
const MAX_SUBSCRIBERS = 64;
const SUBSCRIBER_CAPACITY = 1024;

export interface SubscribeOptions {
  /** Events after this number are wanted, as far back as they are kept; only new ones when absent. */
  readonly since?: number | undefined;
  /** Events it may be behind. Default 1024. */
  readonly capacity?: number | undefined;
  /** Events it is for; what others do takes no room of its own. Default: all. */
  readonly accepts?: ((event: StampedEvent) => boolean) | undefined;
}

export class EventHub {
  readonly #clock: Clock;
  readonly #recent = new BoundedQueue<StampedEvent>({ capacity: RECENT_EVENTS, onFull: 'drop-oldest' });
  readonly #subscriptions = new Set<Subscription>();
  #seq = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Gives the event its place and hands it to everybody who watches. Nobody is waited for. */
  publish(event: EarshotEvent): StampedEvent {
    this.#seq += 1;
    const stamped: StampedEvent = { ...event, seq: this.#seq, atMs: this.#clock.wallMs() };
    this.#recent.push(stamped);
    for (const subscription of this.#subscriptions) subscription.offer(stamped);
    return stamped;
  }

  /** Begins to watch; undefined when too many do already. */
  subscribe(options: SubscribeOptions = {}): Subscription | undefined {
    if (this.#subscriptions.size >= MAX_SUBSCRIBERS) return undefined;
    const capacity = options.capacity ?? SUBSCRIBER_CAPACITY;
    const subscription = new Subscription({
      capacity,
      accepts: options.accepts ?? (() => true),
      onClose: () => this.#subscriptions.delete(subscription),
    });
    if (options.since !== undefined) this.#replay(subscription, options.since);
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** Ends every subscription. */
  close(): void {
    for (const subscription of this.#subscriptions) subscription.close();
  }

  #replay(subscription: Subscription, since: number): void {
    const recent = this.#recent.drain();
    for (const event of recent) this.#recent.push(event);
    const oldest = recent[0]?.seq ?? this.#seq + 1;
    subscription.miss(Math.max(0, oldest - since - 1));
    for (const event of recent) if (event.seq > since) subscription.offer(event);
  }
}
