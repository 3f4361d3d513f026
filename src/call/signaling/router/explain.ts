/**
 * Why a request is a tenant's, for people: what held, what decided, who else would have taken it, and what the others
 * lacked. It asks every tenant one by one, so it is no part of a call; a test holds it against the router.
 */

import type { RoutedTenant, RoutingSnapshot } from '../../../model/routing.ts';
import { canonicalHost, readIpAddress } from '../../../protocol/sip/ip-address.ts';
import { networkKey, readPrefix } from './prefix.ts';
import { headerCriteria } from './route-index.ts';
import type { RouteQuery } from './route-query.ts';

/** What of a tenant's criteria held: the closest of each kind. */
export interface Matched {
  readonly tenant: RoutedTenant;
  /** The network, as the document has it, and how many of its bits count. */
  readonly source: string;
  readonly sourceBits: number;
  /** Undefined where the tenant names none. */
  readonly did: string | undefined;
  readonly domain: string | undefined;
  readonly headers: readonly string[];
}

/** In the order in which they decide between tenants that match. */
export type Criterion = 'headers' | 'did' | 'domain' | 'source' | 'order';
export type Lack = 'interface' | 'source' | 'did' | 'domain' | `header ${string}`;

export interface Explanation {
  readonly winner: Matched | undefined;
  /** Tenants that match as well, the closest first, with what the winner had before them. At most 10. */
  readonly others: readonly (Matched & { readonly lostBy: Criterion })[];
  /** Tenants that do not match, those that lack least first. At most 10. */
  readonly near: readonly { readonly tenant: RoutedTenant; readonly lacks: readonly Lack[] }[];
}

const MAX_SHOWN = 10;

export function explainRoute(snapshot: RoutingSnapshot, query: RouteQuery): Explanation {
  const judged = snapshot.tenants.map((tenant) => judge(tenant, query));
  // A stable sort keeps the order of the document among equals.
  const matched = judged.flatMap((one) => ('source' in one ? [one] : [])).sort((a, b) => closer(a, b).by);
  const near = judged.flatMap((one) => ('lacks' in one ? [one] : [])).sort((a, b) => a.lacks.length - b.lacks.length);
  const [winner, ...others] = matched;
  return {
    winner,
    others:
      winner === undefined
        ? []
        : others.slice(0, MAX_SHOWN).map((other) => ({ ...other, lostBy: closer(winner, other).criterion })),
    near: near.slice(0, MAX_SHOWN),
  };
}

function judge(
  tenant: RoutedTenant,
  query: RouteQuery,
): Matched | { readonly tenant: RoutedTenant; readonly lacks: readonly Lack[] } {
  const { match } = tenant;
  const source = closestSource(match.sources, query.sourceAddress);
  const did = longest(match.dids.filter((prefix) => query.number?.startsWith(prefix) === true));
  const domain = match.domains.find((name) => canonicalHost(name) === query.domain);
  const criteria = headerCriteria(tenant);
  const missing = criteria.filter(([name, value]) => query.headers().get(name) !== value);
  const lacks: Lack[] = [];
  if (tenant.ingress !== query.interface) lacks.push('interface');
  if (source === undefined) lacks.push('source');
  if (match.dids.length > 0 && did === undefined) lacks.push('did');
  if (match.domains.length > 0 && domain === undefined) lacks.push('domain');
  for (const [name] of missing) lacks.push(`header ${name}`);
  if (source === undefined || lacks.length > 0) return { tenant, lacks };
  return { tenant, source: source.text, sourceBits: source.bits, did, domain, headers: criteria.map(([name]) => name) };
}

/** Negative when `a` says more than `b`, and the criterion that tells them apart. */
function closer(a: Matched, b: Matched): { readonly by: number; readonly criterion: Criterion } {
  const steps = [
    ['headers', b.headers.length - a.headers.length],
    ['did', (b.did?.length ?? 0) - (a.did?.length ?? 0)],
    ['domain', Number(b.domain !== undefined) - Number(a.domain !== undefined)],
    ['source', b.sourceBits - a.sourceBits],
  ] as const;
  const [criterion, by] = steps.find(([, difference]) => difference !== 0) ?? ['order', 0];
  return { by, criterion };
}

function closestSource(
  sources: readonly string[],
  sourceAddress: string,
): { readonly text: string; readonly bits: number } | undefined {
  const address = readIpAddress(sourceAddress);
  if (address === undefined) return undefined;
  const inside = sources.flatMap((text) => {
    const prefix = readPrefix(text);
    if (prefix?.address.length !== address.length) return [];
    const { bits } = prefix;
    return networkKey(prefix.address, bits) === networkKey(address, bits) ? [{ text, bits }] : [];
  });
  return inside.sort((a, b) => b.bits - a.bits)[0];
}

function longest(texts: readonly string[]): string | undefined {
  return [...texts].sort((a, b) => b.length - a.length)[0];
}
