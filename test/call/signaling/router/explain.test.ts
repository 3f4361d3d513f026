import fc from 'fast-check';
import { expect, test } from 'vitest';
import { route } from '../../../../src/call/signaling/router.ts';
import { explainRoute } from '../../../../src/call/signaling/router/explain.ts';
import type { RoutingSnapshot } from '../../../../src/model/routing.ts';
import { matching, queryOf, type Asked } from './queries.ts';

/** Few words, so that most tenants have something in common with most requests. */
const sources = fc.subarray(['10.0.0.0/8', '10.0.0.0/16', '10.0.0.1', '10.1.0.0/16', '2001:db8::/32'], {
  minLength: 1,
});
const header = fc.record({ name: fc.constantFrom('X-A', 'X-B', 'x-a'), value: fc.constantFrom('1', '2') });
const match = fc.record({
  sources,
  domains: fc.subarray(['a.example', 'b.example']),
  dids: fc.subarray(['+4', '+49', '+4930', '0']),
  headers: fc.array(header, { maxLength: 3 }),
});
/** More than 32 at times, so that sets are kept both ways. */
const routes: fc.Arbitrary<RoutingSnapshot> = fc
  .array(match, { maxLength: 40 })
  .map((matches) => matching(Object.fromEntries(matches.map((one, at) => [`t${at}`, one]))));
const asked: fc.Arbitrary<Asked> = fc.record({
  sourceAddress: fc.constantFrom('10.0.0.1', '10.0.5.5', '10.1.1.1', '2001:db8::1', '192.0.2.1'),
  uri: fc.constantFrom(
    'sip:+49301@a.example',
    'sip:+491@b.example',
    'tel:+4930',
    'sip:0@c.example',
    'sip:bob@a.example',
  ),
  headers: fc.subarray(['X-A: 1', 'X-A: 2', 'X-B: 1', 'X-B: 2']),
});

test('whoever asks every tenant one by one comes to the same as the router', () => {
  fc.assert(
    fc.property(routes, asked, (snapshot, request) => {
      const query = queryOf(request);
      const routed = route(snapshot, query);
      const explained = explainRoute(snapshot, query);

      expect(explained.winner?.tenant.id).toBe(routed.kind === 'tenant' ? routed.tenant.id : undefined);
      // Only a stranger is told apart from a peer who asks for nobody.
      const isStranger = explained.near.every(({ lacks }) => lacks.includes('source') || lacks.includes('interface'));
      if (routed.kind !== 'tenant' && snapshot.tenants.length <= 10) {
        expect(routed.kind).toBe(isStranger ? 'unknown_source' : 'no_tenant');
      }
    }),
  );
});

test('it says what held, what decided between those that match, and what the others lack', () => {
  const snapshot = matching({
    wide: {},
    long: { dids: ['+49', '+4930'], sources: ['10.0.0.0/8', '10.0.0.0/24'] },
    short: { dids: ['+49'] },
    foreign: { sources: ['192.0.2.0/24'], domains: ['other.example'], headers: [{ name: 'X-A', value: '1' }] },
  });

  const { winner, others, near } = explainRoute(snapshot, queryOf({ uri: 'sip:+49301@a.example' }));

  expect(winner).toMatchObject({ tenant: { id: 'long' }, source: '10.0.0.0/24', did: '+4930', headers: [] });
  expect(others.map(({ tenant, lostBy }) => [tenant.id, lostBy])).toEqual([
    ['short', 'did'],
    ['wide', 'did'],
  ]);
  expect(near).toMatchObject([{ tenant: { id: 'foreign' }, lacks: ['source', 'domain', 'header x-a'] }]);
});

test('however many tenants there are, ten of each are shown', () => {
  const many = (prefix: string, sources: readonly string[]): [string, { sources: readonly string[] }][] =>
    Array.from({ length: 50 }, (_each, at) => [`${prefix}${at}`, { sources }]);
  const snapshot = matching(Object.fromEntries([...many('in', ['10.0.0.0/8']), ...many('out', ['192.0.2.0/24'])]));

  const { others, near } = explainRoute(snapshot, queryOf());

  expect([others.length, near.length]).toEqual([10, 10]);
  expect(others.every(({ lostBy }) => lostBy === 'order')).toBe(true);
});
