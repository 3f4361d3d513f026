/**
 * The tenants of one interface, indexed by each criterion on its own: a request is looked up once for each, and what
 * holds in every one is left. Built once for a snapshot; it decides nothing.
 */

import type { RoutedTenant, RoutingSnapshot } from '../../../model/routing.ts';
import { headerName } from '../../../protocol/sip/header-names.ts';
import { canonicalHost } from '../../../protocol/sip/ip-address.ts';
import { packPlaces, type Places } from './place-set.ts';
import { networkKey, readPrefix } from './prefix.ts';

/** Places of tenants by a key whose beginnings match too: lengths in descending order, each with its keys. */
export type ByLength = readonly { readonly length: number; readonly places: ReadonlyMap<string, Places> }[];

export interface RouteIndex {
  /** By place: in the order of the document. */
  readonly tenants: readonly RoutedTenant[];
  readonly sources: Readonly<Record<4 | 16, ByLength>>;
  readonly dids: ByLength;
  readonly domains: ReadonlyMap<string, Places>;
  /** By name, then value. */
  readonly headers: ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;
  /** How many headers must hold, by place. */
  readonly headerCounts: Uint8Array;
  /** Those that name so many headers, the most first and none left out. */
  readonly byHeaderCount: readonly Places[];
  /** Those to whom the criterion does not matter. */
  readonly anyNumber: Places;
  readonly anyDomain: Places;
  readonly anyHeader: Places;
}

/** By the name of the interface. */
export function indexRoutes(snapshot: RoutingSnapshot): ReadonlyMap<string, RouteIndex> {
  const byInterface = new Map<string, RoutedTenant[]>();
  for (const tenant of snapshot.tenants) obtain(byInterface, tenant.ingress, () => []).push(tenant);
  return new Map([...byInterface].map(([name, tenants]) => [name, indexTenants(tenants)]));
}

/** A tenant's header criteria under their one spelling, each once. One that wants two values of a header keeps both. */
export function headerCriteria({ match }: Pick<RoutedTenant, 'match'>): readonly (readonly [string, string])[] {
  const each = match.headers.map(({ name, value }) => [headerName(name), value] as const);
  return each.filter(([name, value], at) => each.findIndex(([n, v]) => n === name && v === value) === at);
}

function indexTenants(tenants: readonly RoutedTenant[]): RouteIndex {
  const size = tenants.length;
  const sources = { 4: new Keys(), 16: new Keys() };
  const dids = new Keys();
  const domains = new Keys();
  const headers = new Map<string, Map<string, number[]>>();
  const criteria = tenants.map(headerCriteria);
  tenants.forEach(({ match }, place) => {
    for (const source of match.sources) {
      const prefix = readPrefix(source);
      if (prefix === undefined) continue;
      const keys = prefix.address.length === 4 ? sources[4] : sources[16];
      keys.add(prefix.bits, networkKey(prefix.address, prefix.bits), place);
    }
    for (const did of match.dids) dids.add(did.length, did, place);
    for (const domain of match.domains) domains.add(0, canonicalHost(domain), place);
    for (const [name, value] of criteria[place] ?? []) {
      obtain(obtain(headers, name, newTable), value, newList).push(place);
    }
  });
  const placesWhere = (holds: (tenant: RoutedTenant, place: number) => boolean): Places =>
    packPlaces(
      tenants.flatMap((tenant, place) => (holds(tenant, place) ? [place] : [])),
      size,
    );
  const counts = [...new Set(criteria.map(({ length }) => length))].filter((count) => count > 0).sort((a, b) => b - a);
  return {
    tenants,
    sources: { 4: sources[4].pack(size), 16: sources[16].pack(size) },
    dids: dids.pack(size),
    domains: domains.pack(size)[0]?.places ?? new Map<string, Places>(),
    headers,
    headerCounts: Uint8Array.from(criteria, ({ length }) => length),
    byHeaderCount: counts.map((count) => placesWhere((_tenant, place) => criteria[place]?.length === count)),
    anyNumber: placesWhere(({ match }) => match.dids.length === 0),
    anyDomain: placesWhere(({ match }) => match.domains.length === 0),
    anyHeader: placesWhere(({ match }) => match.headers.length === 0),
  };
}

/** Places by length and key while they are gathered. A tenant that names a key twice is there once. */
class Keys {
  readonly #byLength = new Map<number, Map<string, number[]>>();

  add(length: number, key: string, place: number): void {
    const places = obtain(obtain(this.#byLength, length, newTable), key, newList);
    if (places.at(-1) !== place) places.push(place);
  }

  pack(size: number): ByLength {
    const lengths = [...this.#byLength].sort(([a], [b]) => b - a);
    return lengths.map(([length, keys]) => ({
      length,
      places: new Map([...keys].map(([key, places]) => [key, packPlaces(places, size)])),
    }));
  }
}

function newTable(): Map<string, number[]> {
  return new Map();
}

function newList(): number[] {
  return [];
}

function obtain<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const fresh = create();
  map.set(key, fresh);
  return fresh;
}
