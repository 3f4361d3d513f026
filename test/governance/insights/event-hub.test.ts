import { expect, expectTypeOf, test } from 'vitest';
import { ManualClock } from '../../../src/base/clock.ts';
import { EventHub } from '../../../src/governance/insights/event-hub.ts';
import type { Delivery, EarshotEvent } from '../../../src/governance/insights/events.ts';
import type { Subscription } from '../../../src/governance/insights/subscription.ts';

function event(name: string): EarshotEvent {
  return { kind: 'condition', name, state: 'raised' };
}

function publishMany(hub: EventHub, count: number): void {
  for (let index = 1; index <= count; index += 1) hub.publish(event(`c${index}`));
}

async function take(subscription: Subscription | undefined, count: number): Promise<(number | string)[]> {
  const taken: (Delivery | undefined)[] = [];
  for (let index = 0; index < count; index += 1) taken.push(await subscription?.next());
  return taken.map((delivery) => {
    if (delivery === undefined) return 'closed';
    return delivery.kind === 'missed' ? `missed ${delivery.count}` : delivery.seq;
  });
}

test('events are given a place and a time, and reach everybody who watches in order', async () => {
  const clock = new ManualClock({ wallMs: 5000 });
  const hub = new EventHub(clock);
  const one = hub.subscribe();
  const two = hub.subscribe();

  const first = hub.publish(event('a'));
  clock.advance(10);
  hub.publish(event('b'));

  expect(first).toEqual({ kind: 'condition', name: 'a', state: 'raised', seq: 1, atMs: 5000 });
  expect(await take(one, 2)).toEqual([1, 2]);
  expect(await two?.next()).toBe(first);
});

test('a subscriber waits for what comes, and is told when it is closed', async () => {
  const hub = new EventHub(new ManualClock());
  const subscription = hub.subscribe();

  const waiting = take(subscription, 2);
  hub.publish(event('a'));
  hub.publish(event('b'));
  const taken = await waiting;
  const afterwards = take(subscription, 1);
  hub.close();

  expect(taken).toEqual([1, 2]);
  expect(await afterwards).toEqual(['closed']);
  expect(await take(subscription, 1)).toEqual(['closed']);
});

test('a slow subscriber loses the oldest and is told how many; a quick one loses nothing', async () => {
  const hub = new EventHub(new ManualClock());
  const slow = hub.subscribe({ capacity: 3 });
  const quick = hub.subscribe({ capacity: 10 });

  publishMany(hub, 5);

  expect(await take(slow, 4)).toEqual(['missed 2', 3, 4, 5]);
  expect(await take(quick, 5)).toEqual([1, 2, 3, 4, 5]);
});

test('a late subscriber gets what is still kept after its number, and the count of what is not', async () => {
  const hub = new EventHub(new ManualClock());
  publishMany(hub, 1200);

  const some = hub.subscribe({ since: 1198 });
  const all = hub.subscribe({ since: 0 });
  const none = hub.subscribe();
  hub.publish(event('new'));

  expect(await take(some, 3)).toEqual([1199, 1200, 1201]);
  expect(await take(all, 2)).toEqual(['missed 200', 201]);
  expect(await take(none, 1)).toEqual([1201]);
});

test('a number from another life of the process is no reason to miss anything', async () => {
  const hub = new EventHub(new ManualClock());

  const ahead = hub.subscribe({ since: 5000 });
  hub.publish(event('a'));

  expect(await take(ahead, 1)).toEqual([1]);
});

test('leaving the loop ends the subscription, and subscriptions are bounded', async () => {
  const hub = new EventHub(new ManualClock());
  const subscriptions = Array.from({ length: 64 }, () => hub.subscribe());
  const refused = hub.subscribe();
  hub.publish(event('a'));

  for await (const delivery of subscriptions[0]!) {
    expect(delivery.kind).toBe('condition');
    break;
  }

  expect(refused).toBeUndefined();
  expect(hub.subscribe()).toBeDefined();
});

test('no event has room for raw text: a segment is told by its size', () => {
  type SegmentEvent = Extract<EarshotEvent, { kind: 'segment' }>;

  expectTypeOf<Exclude<keyof SegmentEvent, 'text'>>().toEqualTypeOf<keyof SegmentEvent>();
  expectTypeOf<Extract<EarshotEvent, { text: string }>['kind']>().toEqualTypeOf<'release' | 'partial' | 'insight'>();
});
