/** Events as they happen, for somebody who watches: decisions, releases, insights, gaps; never raw text. */

import { CodedError } from '../../base/error.ts';
import type { EventHub } from '../insights/event-hub.ts';
import type { Delivery } from '../insights/events.ts';

export class WatchError extends CodedError<'TOO_MANY_WATCHERS'> {}

/** Deliveries after `since`, until `signal` aborts. */
export type WatchEvents = (options: {
  readonly since: number;
  readonly signal: AbortSignal;
}) => AsyncIterable<Delivery>;

export function watchEventsOf(hub: EventHub): WatchEvents {
  return ({ since, signal }) => {
    const subscription = hub.subscribe({ since });
    if (subscription === undefined) throw new WatchError('TOO_MANY_WATCHERS', 'too many watch the events already');
    signal.addEventListener('abort', () => subscription.close(), { once: true });
    return subscription;
  };
}
