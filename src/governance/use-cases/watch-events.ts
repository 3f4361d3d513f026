/**
 * Events as they happen, for somebody who watches: decisions, releases, insights, gaps of his own tenants; never raw text,
 * and redacted text only for who may open transcripts. Watching is a read: no record of it, no event.
 */

import { CodedError } from '../../base/error.ts';
import type { RandomBytes, TenantId } from '../../base/ids.ts';
import type { Principal } from '../../model/access.ts';
import { can } from '../access/ability.ts';
import type { EventHub } from '../insights/event-hub.ts';
import type { Delivery, StampedEvent } from '../insights/events.ts';
import type { Subscription } from '../insights/subscription.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { AskError, type QuestionVerbs } from './administration.ts';
import { recordRead, type ReadRecord } from './record-read.ts';

export class WatchError extends CodedError<'TOO_MANY_WATCHERS'> {}

export interface WatchDeps {
  readonly hub: EventHub;
  readonly ledger: Ledger;
  readonly random: RandomBytes;
}

const ROUTE = '/v1/events';

/**
 * The verb of the API. Rejects with FORBIDDEN, TOO_MANY_WATCHERS, or the ledger's own error; the iterable throws the
 * latter when the record of a further tenant cannot be made.
 */
export function eventWatchOf(deps: WatchDeps): QuestionVerbs['watchEvents'] {
  return async (principal, { since, signal }) => {
    if (!can(principal, 'read', 'Event')) throw new AskError('FORBIDDEN', 'this token may not watch events');
    const maySee = (event: StampedEvent): boolean => can(principal, 'read', 'Event', { tenant: tenantOf(event) });
    const subscription = subscribe(deps.hub, { since, signal, accepts: maySee });
    const reads = new Reads(deps, principal);
    try {
      await reads.begin();
    } catch (error) {
      subscription.close();
      throw error;
    }
    signal.addEventListener('abort', () => reads.end('complete'), { once: true });
    return show(subscription, principal, reads);
  };
}

async function* show(
  subscription: Subscription,
  principal: Principal,
  reads: Reads,
): AsyncGenerator<Delivery, void, undefined> {
  let outcome: 'complete' | 'broken' = 'broken';
  try {
    for await (const delivery of subscription) {
      await reads.count(delivery);
      yield readableBy(principal, delivery);
    }
    outcome = 'complete';
  } finally {
    subscription.close();
    reads.end(outcome);
  }
}

/**
 * The reads that one watching is. A token of some tenants is recorded with all of them before it begins; one of every
 * tenant with the system log first, and with each tenant before anything of it is shown.
 */
class Reads {
  readonly #deps: WatchDeps;
  readonly #principal: Principal;
  /** By tenant; the first one made counts what is of no tenant as well. */
  readonly #byTenant = new Map<TenantId, { readonly record: ReadRecord; rows: number }>();
  #own: { readonly record: ReadRecord; rows: number } | undefined;
  #isOver = false;

  constructor(deps: WatchDeps, principal: Principal) {
    this.#deps = deps;
    this.#principal = principal;
  }

  async begin(): Promise<void> {
    const { tenants } = this.#principal;
    this.#own = await this.#record(tenants === 'all' ? [] : tenants);
    if (tenants !== 'all') for (const tenant of tenants) this.#byTenant.set(tenant, this.#own);
  }

  /** Counts what is about to be shown, when it is on record by then. */
  async count(delivery: Delivery): Promise<void> {
    const tenant = delivery.kind === 'missed' ? undefined : tenantOf(delivery);
    const read = tenant === undefined ? this.#own : await this.#readOf(tenant);
    if (read !== undefined) read.rows += 1;
  }

  end(outcome: 'complete' | 'broken'): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const read of new Set([this.#own, ...this.#byTenant.values()])) read?.record.done(read.rows, outcome);
  }

  async #readOf(tenant: TenantId): Promise<{ readonly record: ReadRecord; rows: number }> {
    const known = this.#byTenant.get(tenant);
    if (known !== undefined) return known;
    const made = await this.#record([tenant]);
    this.#byTenant.set(tenant, made);
    return made;
  }

  async #record(tenants: readonly TenantId[]): Promise<{ readonly record: ReadRecord; rows: number }> {
    return { record: await recordRead(this.#deps, this.#principal, { route: ROUTE, tenants }), rows: 0 };
  }
}

function subscribe(
  hub: EventHub,
  options: {
    readonly since: number;
    readonly signal: AbortSignal;
    readonly accepts: (event: StampedEvent) => boolean;
  },
): Subscription {
  const { since, signal, accepts } = options;
  const subscription = hub.subscribe({ since, accepts });
  if (subscription === undefined) throw new WatchError('TOO_MANY_WATCHERS', 'too many watch the events already');
  if (signal.aborted) subscription.close();
  signal.addEventListener('abort', () => subscription.close(), { once: true });
  return subscription;
}

/** Whose event it is; what is of no tenant is for those who see all of them. */
function tenantOf(event: StampedEvent | Exclude<Delivery, { kind: 'missed' }>): TenantId | undefined {
  return 'tenant' in event ? event.tenant : undefined;
}

/** The same, without its text for those who may not open transcripts. */
function readableBy(principal: Principal, delivery: Delivery): Delivery {
  if (!('text' in delivery) || delivery.text === undefined) return delivery;
  if (can(principal, 'open', 'Transcript', { tenant: delivery.tenant })) return delivery;
  const textless = { ...delivery, text: undefined };
  return textless;
}
