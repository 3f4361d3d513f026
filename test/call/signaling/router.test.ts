import { expect, test } from 'vitest';
import { readPrefix, route } from '../../../src/call/signaling/router.ts';
import { asTenantId } from '../../../src/base/ids.ts';
import type { RoutingSnapshot } from '../../../src/model/routing.ts';
import { ROUTES } from './stage.ts';

function snapshot(...tenants: readonly (readonly [string, readonly string[], string?])[]): RoutingSnapshot {
  const [template] = ROUTES.tenants;
  if (!template) throw new Error('no template');
  return {
    ...ROUTES,
    tenants: tenants.map(([id, sources, ingress = 'outside']) => ({
      ...template,
      id: asTenantId(id),
      match: { sources: [...sources], domains: [], dids: [], headers: [] },
      labels: [],
      ingress,
    })),
  };
}

function tenantFor(routes: RoutingSnapshot, sourceAddress: string, at = 'outside'): string {
  const routed = route(routes, { sourceAddress, interface: at });
  return routed.kind === 'tenant' ? routed.tenant.id : routed.kind;
}

const NESTED = snapshot(
  ['wide', ['10.0.0.0/8', '2001:db8::/32']],
  ['narrow', ['10.1.0.0/16', '2001:db8:5::/48']],
  ['one', ['10.1.2.3', '2001:db8:5::7']],
  ['rest', ['0.0.0.0/0']],
);

test.each([
  ['10.1.2.3', 'one'],
  ['10.1.2.4', 'narrow'],
  ['10.2.0.1', 'wide'],
  ['192.0.2.1', 'rest'],
  ['2001:db8:5::7', 'one'],
  ['2001:db8:5::8', 'narrow'],
  ['2001:db8:6::1', 'wide'],
  ['2001:db9::1', 'unknown_source'],
  ['::ffff:10.1.2.3', 'one'],
  ['not an address', 'unknown_source'],
])('the longest prefix decides: %s is of %s', (address, tenant) => {
  expect(tenantFor(NESTED, address)).toBe(tenant);
});

test('a source is known only on the interface its tenant names', () => {
  const routes = snapshot(['outer', ['10.0.0.0/8'], 'outside'], ['inner', ['10.0.0.0/8'], 'inside']);

  expect(tenantFor(routes, '10.0.0.1', 'inside')).toBe('inner');
  expect(tenantFor(routes, '10.0.0.1', 'elsewhere')).toBe('unknown_source');
});

test('of equal prefixes the tenant named first wins', () => {
  expect(tenantFor(snapshot(['a', ['10.0.0.0/8']], ['b', ['10.0.0.0/8']]), '10.0.0.1')).toBe('a');
});

test('prefixes that are not on a byte boundary hold to the bit', () => {
  const routes = snapshot(['half', ['192.0.2.128/25']], ['nibble', ['2001:db8:8000::/33']]);

  expect(tenantFor(routes, '192.0.2.127')).toBe('unknown_source');
  expect(tenantFor(routes, '192.0.2.128')).toBe('half');
  expect(tenantFor(routes, '2001:db8:7fff::1')).toBe('unknown_source');
  expect(tenantFor(routes, '2001:db8:ffff::1')).toBe('nibble');
});

test.each([
  '',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/8/8',
  '10.0.0/8',
  '::/129',
  'host/8',
  '10.0.0.0/08',
  '::ffff:10.0.0.0/90',
])('%s is no prefix and matches nobody', (text) => {
  expect(readPrefix(text)).toBeUndefined();
  expect(tenantFor(snapshot(['a', [text]]), '10.0.0.1')).toBe('unknown_source');
});

test('an IPv4 prefix written as IPv6 counts its bits from the right place', () => {
  expect(tenantFor(snapshot(['mapped', ['::ffff:10.0.0.0/104']]), '10.9.9.9')).toBe('mapped');
});
