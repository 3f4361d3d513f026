/**
 * Whose call it is: the tenant all of whose criteria hold for a request, and of several the one that says most.
 * Pure: a snapshot and a query in, a tenant out. It resolves nothing and remembers nothing but its own tables.
 */

import { readIpAddress } from '../../protocol/sip/ip-address.ts';
import type { RoutedTenant, RoutingSnapshot } from '../../model/routing.ts';
import {
  addPlace,
  addPlaces,
  commonPlaces,
  emptyPlaces,
  firstPlace,
  keepPlaces,
  type Places,
} from './router/place-set.ts';
import { networkKey } from './router/prefix.ts';
import { indexRoutes, type ByLength, type RouteIndex } from './router/route-index.ts';
import type { RouteQuery } from './router/route-query.ts';

export type Routed =
  | { readonly kind: 'tenant'; readonly tenant: RoutedTenant }
  /** Nobody's peer on that interface: it is told nothing. */
  | { readonly kind: 'unknown_source' }
  /** A peer, whose request is for nobody it may call. */
  | { readonly kind: 'no_tenant' };

type PlaceBits = Uint32Array<ArrayBuffer>;

const indexed = new WeakMap<RoutingSnapshot, ReadonlyMap<string, RouteIndex>>();

/**
 * Of several tenants that match, the most specific wins: more header criteria, then the longer prefix of the dialled
 * number, then a domain that is named, then the longer prefix of the source, then the order of the document.
 */
export function route(snapshot: RoutingSnapshot, query: RouteQuery): Routed {
  const address = readIpAddress(query.sourceAddress);
  const index = indexOf(snapshot).get(query.interface);
  if (address === undefined || index === undefined) return { kind: 'unknown_source' };
  const bySource = index.sources[address.length === 4 ? 4 : 16];
  const sources = lookUp(bySource, (bits) => networkKey(address, bits));
  if (sources.length === 0) return { kind: 'unknown_source' };
  const { number } = query;
  const numbers = lookUp(index.dids, (length) => (number === undefined ? '' : number.slice(0, length)));
  const domains = query.domain === undefined ? [] : present(index.domains.get(query.domain));

  let left = union(index, sources);
  keepPlaces(left, union(index, [index.anyNumber, ...numbers]));
  keepPlaces(left, union(index, [index.anyDomain, ...domains]));
  keepPlaces(left, headersHold(index, query));
  for (const closer of [index.byHeaderCount, numbers, domains, sources]) left = narrow(left, closer);
  const place = firstPlace(left);
  const tenant = place === undefined ? undefined : index.tenants[place];
  return tenant === undefined ? { kind: 'no_tenant' } : { kind: 'tenant', tenant };
}

function indexOf(snapshot: RoutingSnapshot): ReadonlyMap<string, RouteIndex> {
  const known = indexed.get(snapshot);
  if (known) return known;
  const index = indexRoutes(snapshot);
  indexed.set(snapshot, index);
  return index;
}

/** Who named a beginning of the key, the longest first. */
function lookUp(table: ByLength, keyOf: (length: number) => string): Places[] {
  return table.flatMap(({ length, places }) => present(places.get(keyOf(length))));
}

/** Those of whom every header they name stands there with that value. */
function headersHold(index: RouteIndex, query: RouteQuery): PlaceBits {
  const holds = union(index, [index.anyHeader]);
  if (index.headers.size === 0) return holds;
  const found = new Uint8Array(index.tenants.length);
  for (const [name, value] of query.headers()) {
    for (const place of index.headers.get(name)?.get(value) ?? []) {
      const count = (found[place] ?? 0) + 1;
      found[place] = count;
      if (count === index.headerCounts[place]) addPlace(holds, place);
    }
  }
  return holds;
}

/** Those left that are in the first of the sets that holds any; all of them when none does. */
function narrow(left: PlaceBits, closer: readonly Places[]): PlaceBits {
  for (const places of closer) {
    const common = commonPlaces(left, places);
    if (common !== undefined) return common;
  }
  return left;
}

function union(index: RouteIndex, sets: readonly Places[]): PlaceBits {
  const all = emptyPlaces(index.tenants.length);
  for (const places of sets) addPlaces(all, places);
  return all;
}

function present(places: Places | undefined): Places[] {
  return places === undefined ? [] : [places];
}
