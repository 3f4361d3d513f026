import { expect, test } from 'vitest';
import { route } from '../../../src/call/signaling/router.ts';
import { asTenantId } from '../../../src/base/ids.ts';
import type { RoutingSnapshot } from '../../../src/model/routing.ts';
import { queryOf, tenantFor } from './router/queries.ts';
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
])('the longest prefix decides: %s is of %s', (sourceAddress, tenant) => {
  expect(tenantFor(NESTED, { sourceAddress })).toBe(tenant);
});

test('a source is known only on the interface its tenant names', () => {
  const routes = snapshot(['outer', ['10.0.0.0/8'], 'outside'], ['inner', ['10.0.0.0/8'], 'inside']);

  expect(tenantFor(routes, { interface: 'inside' })).toBe('inner');
  expect(tenantFor(routes, { interface: 'elsewhere' })).toBe('unknown_source');
});

test('of equal prefixes the tenant named first wins', () => {
  expect(tenantFor(snapshot(['a', ['10.0.0.0/8']], ['b', ['10.0.0.0/8']]))).toBe('a');
});

test('prefixes that are not on a byte boundary hold to the bit', () => {
  const routes = snapshot(['half', ['192.0.2.128/25']], ['nibble', ['2001:db8:8000::/33']]);

  const found = ['192.0.2.127', '192.0.2.128', '2001:db8:7fff::1', '2001:db8:ffff::1'].map((sourceAddress) =>
    tenantFor(routes, { sourceAddress }),
  );

  expect(found).toEqual(['unknown_source', 'half', 'unknown_source', 'nibble']);
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
])('%s is no network and matches nobody', (text) => {
  expect(tenantFor(snapshot(['a', [text]]))).toBe('unknown_source');
});

test('an IPv4 prefix written as IPv6 counts its bits from the right place', () => {
  const routes = snapshot(['mapped', ['::ffff:10.0.0.0/104']]);

  expect(tenantFor(routes, { sourceAddress: '10.9.9.9' })).toBe('mapped');
});

test('a snapshot without tenants knows nobody', () => {
  expect(route({ ...ROUTES, tenants: [] }, queryOf())).toEqual({ kind: 'unknown_source' });
});
