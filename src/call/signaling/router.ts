/**
 * Whose call it is: the tenant whose source network matches most closely on the interface it came in on.
 * Pure: a snapshot and an address in, a tenant out. It resolves nothing and remembers nothing but its own tables.
 */

import { readIpAddress } from '../../protocol/sip/ip-address.ts';
import type { RoutedTenant, RoutingSnapshot } from '../../model/routing.ts';

export type Routed = { readonly kind: 'tenant'; readonly tenant: RoutedTenant } | { readonly kind: 'unknown_source' };

export interface RouteQuery {
  readonly sourceAddress: string;
  readonly interface: string;
}

/** Prefix lengths of one family, longest first, each with its tenants by masked address. */
interface Table {
  readonly lengths: readonly number[];
  readonly byLength: ReadonlyMap<number, ReadonlyMap<string, RoutedTenant>>;
}

interface Prefix {
  readonly address: Buffer;
  readonly bits: number;
}

const compiled = new WeakMap<RoutingSnapshot, ReadonlyMap<string, Table>>();

/** Longest prefix wins; of equal prefixes on one interface, the tenant named first. */
export function route(snapshot: RoutingSnapshot, query: RouteQuery): Routed {
  const address = readIpAddress(query.sourceAddress);
  if (!address) return { kind: 'unknown_source' };
  const table = tablesOf(snapshot).get(tableKey(query.interface, address));
  for (const bits of table?.lengths ?? []) {
    const tenant = table?.byLength.get(bits)?.get(maskedKey(address, bits));
    if (tenant) return { kind: 'tenant', tenant };
  }
  return { kind: 'unknown_source' };
}

/** Reads `address` or `address/bits`; undefined when it is neither. Bits beyond the prefix are ignored. */
export function readPrefix(text: string): Prefix | undefined {
  const [literal = '', length, ...more] = text.split('/');
  const address = readIpAddress(literal);
  if (!address || more.length > 0) return undefined;
  if (length === undefined) return { address, bits: address.length * 8 };
  if (!/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  // An IPv4 address written as ::ffff:a.b.c.d/n counts its bits from the IPv6 side.
  const bits = literal.includes(':') && address.length === 4 ? Number(length) - 96 : Number(length);
  return bits >= 0 && bits <= address.length * 8 ? { address, bits } : undefined;
}

function tablesOf(snapshot: RoutingSnapshot): ReadonlyMap<string, Table> {
  const known = compiled.get(snapshot);
  if (known) return known;
  const tables = compile(snapshot);
  compiled.set(snapshot, tables);
  return tables;
}

function compile(snapshot: RoutingSnapshot): ReadonlyMap<string, Table> {
  const building = new Map<string, Map<number, Map<string, RoutedTenant>>>();
  for (const tenant of snapshot.tenants) {
    for (const source of tenant.match.sources) {
      const prefix = readPrefix(source);
      if (!prefix) continue;
      const byLength = obtain(building, tableKey(tenant.ingress, prefix.address), newTable);
      const byAddress = obtain(byLength, prefix.bits, () => new Map<string, RoutedTenant>());
      const key = maskedKey(prefix.address, prefix.bits);
      if (!byAddress.has(key)) byAddress.set(key, tenant);
    }
  }
  return new Map(
    [...building].map(([key, byLength]) => [key, { lengths: [...byLength.keys()].sort((a, b) => b - a), byLength }]),
  );
}

function newTable(): Map<number, Map<string, RoutedTenant>> {
  return new Map();
}

function obtain<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const fresh = create();
  map.set(key, fresh);
  return fresh;
}

function tableKey(interfaceName: string, address: Buffer): string {
  return `${address.length} ${interfaceName}`;
}

function maskedKey(address: Buffer, bits: number): string {
  const masked = Buffer.alloc(address.length);
  for (let index = 0; index < address.length; index += 1) {
    const keep = Math.min(8, Math.max(0, bits - index * 8));
    masked[index] = (address[index] ?? 0) & (0xff00 >> keep);
  }
  return masked.toString('latin1');
}
